"""Compares the ledger's sums with its rows. Nothing differs, unless somebody wrote beside the worker."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from msgspec import Struct

from tianji.store.pool import Store
from tianji.store.rows import Connection, many, run
from tianji_control.spent.holders import Q

MOST = 200


class Wrong(Struct, frozen=True, kw_only=True):
    """A sum that is not that of its rows."""

    scope: str
    id: str
    rows_usd: Decimal
    rows: int
    summed_usd: Decimal
    summed: int
    day: date | None = None
    """Of a sum by day; None of one over all days, and of windows."""


async def wrong_sums(store: Store, days: Iterable[date]) -> list[Wrong]:
    """Return sums by day, sums of all days and windows of budgets that differ; the first of them only.

    A window is compared when it began in these days.
    """
    wanted = sorted(days)
    found: list[Wrong] = []
    async with store.transaction() as db:
        await run(db, Q.take_time)
        for day in await _kept(db, wanted):
            given = {"day": day, "limit": MOST - len(found)}
            found += [_of_day(one, day) for one in await many(db, Q.sums_that_differ, Wrong, **given)]
        for query in (Q.totals_that_differ, Q.windows_that_differ):
            found += await many(db, query, Wrong, since=wanted[0], limit=MOST - len(found))
    return found


async def _kept(db: Connection, days: list[date]) -> list[date]:
    """Return the days whose rows are there."""
    names = [f"spend_logs_{day:%Y%m%d}" for day in days]
    there = {row["name"] for row in await many(db, Q.tables_there, dict[str, str], names=names)}
    return [day for day, name in zip(days, names, strict=True) if name in there]


def _of_day(one: Wrong, day: date) -> Wrong:
    return Wrong(
        scope=one.scope, id=one.id, rows_usd=one.rows_usd, rows=one.rows, summed_usd=one.summed_usd,
        summed=one.summed, day=day,
    )  # fmt: skip
