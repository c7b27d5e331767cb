"""Drops the ledger's rows when they are as old as the settings allow; what they sum up to stays."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import Struct
from psycopg import sql
from psycopg.errors import LockNotAvailable

from tianji.limits import windows
from tianji.store.locks import Lock
from tianji.store.pool import Store
from tianji.store.rows import many, run, value
from tianji_worker.ledger.partitions import Partitions, day_of
from tianji_worker.ledger.write import Q

log = logging.getLogger(__name__)

EVERY_S = 3600.0
SOON_S = 60.0
PERIODS = ("maximum_spend_logs_retention_period",)
DAYS = ("maximum_spend_logs_retention_days", "spend_log_retention_days")
HISTORY = timedelta(days=400)
"""How long windows that are over, and processes that have ended, are remembered."""
_UNIT_DAYS = {"s": 1 / 86_400, "m": 1 / 1440, "h": 1 / 24, "d": 1, "mo": 30}


class Partition(Struct, frozen=True):
    """One day of a table."""

    name: str


class Retention:
    """Keeps watch over what is old; one worker at a time does."""

    def __init__(self, store: Store, partitions: Partitions) -> None:
        self._store = store
        self._partitions = partitions

    async def run(self) -> None:
        """Look every hour, for ever."""
        while True:
            try:
                await self.look(datetime.now(UTC).date())
            except LockNotAvailable:
                await asyncio.sleep(SOON_S)  # somebody reads all of the ledger
            else:
                await asyncio.sleep(EVERY_S)

    async def look(self, today: date) -> None:
        """Drop what is older than the settings allow. Raises LockNotAvailable, then some of it stays.

        Days are closed with their rows: what comes late of them, or again, is not counted by itself.
        """
        async with self._store.transaction() as db:
            day = await value(db, Q.try_retention, date, today=today, lock=Lock.RETENTION)
            if day is None:
                return
            today = day
            await run(db, Q.forget_history, before=today - HISTORY)
            kept = days_kept(await value(db, Q.general_settings, dict[str, Any]) or {})
        if kept is not None:
            await self._drop_before(today - timedelta(days=kept))

    async def _drop_before(self, first: date) -> None:
        async with self._store.connection() as db:
            days = [(day_of(one.name), one.name) for one in await many(db, Q.partitions, Partition)]
        for day, name in sorted((day, name) for day, name in days if day is not None and day < first):
            async with self._store.transaction() as db:
                await run(db, Q.wait_little)
                await db.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name)))
                await run(db, Q.close_day, day=day)
                await run(db, Q.forget_counts, before=day + timedelta(days=1))
            self._partitions.forget()
            log.info("ledger partition dropped", extra={"partition": name})


def days_kept(general: dict[str, Any]) -> int | None:
    """Return how many days before today are kept, at least one; None: all. The shortest of what is said."""
    said = [_days(general.get(name)) for name in PERIODS] + [_number(general.get(name)) for name in DAYS]
    days = [one for one in said if one is not None]
    return max(1, min(days)) if days else None


def _days(period: Any) -> int | None:
    """Read a duration, in days begun; None for what is none."""
    if not isinstance(period, str):
        return None
    try:
        rule = windows.rule(period)
    except ValueError:
        log.warning("spend logs are kept: a retention period cannot be read", extra={"period": period})
        return None
    return -int(-rule.count * _UNIT_DAYS[rule.unit] // 1)


def _number(days: Any) -> int | None:
    return days if isinstance(days, int) and not isinstance(days, bool) and days > 0 else None
