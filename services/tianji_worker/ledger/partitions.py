"""The ledger's partitions, one a day: made ahead of time, and on demand for what comes late."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta

from psycopg import sql

from tianji.store.locks import Lock
from tianji.store.pool import Store
from tianji.store.queries import Queries
from tianji.store.rows import Connection, value

log = logging.getLogger(__name__)

DAYS_AHEAD = 3
TABLES = ("spend_logs", "spend_bodies")

Q = Queries.beside(__file__)
_NAME = re.compile(f"(?:{'|'.join(TABLES)})_([0-9]{{8}})")


class DayClosed(Exception):
    """Days whose rows were dropped: an event of them may have been counted already."""

    def __init__(self, days: Collection[date]) -> None:
        """Name the days."""
        super().__init__(", ".join(map(str, sorted(days))))
        self.days = days


class Partitions:
    """Knows which days have a partition, as far as this process has seen."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: set[date] = set()

    async def ensure(self, days: Iterable[date], anew: Collection[date] = ()) -> None:
        """Make the partitions that are missing, also those of `anew`, closed or not.

        Raises DayClosed, then the partitions of the other days are there.
        """
        days, closed = set(days), set()
        for day in sorted((days | set(anew)) - self._known):
            async with self._store.transaction() as db:
                await value(db, Q.own_partitions, object, lock=Lock.PARTITIONS)
                shut = await value(db, Q.is_closed, bool, day=day)
                if shut:
                    closed.add(day)
                if shut and day not in anew:
                    continue
                for table in TABLES:
                    await _make(db, table, day)
            if not shut:
                self._known.add(day)
        if closed & days:
            raise DayClosed(closed)

    async def ensure_ahead(self, today: date) -> None:
        """Make the partitions of the next days, so that midnight costs nothing."""
        await self.ensure(today + timedelta(days=ahead) for ahead in range(-1, DAYS_AHEAD + 1))

    def forget(self) -> None:
        """Look again: someone has dropped a partition."""
        self._known.clear()


def name_of(table: str, day: date) -> str:
    """Return the name of a day's partition."""
    return f"{table}_{day:%Y%m%d}"


def day_of(name: str) -> date | None:
    """Return the day of a partition, by its name; None where somebody else has made and named it."""
    found = _NAME.fullmatch(name)
    try:
        return datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC).date() if found else None
    except ValueError:
        return None


async def _make(db: Connection, parent: str, day: date) -> None:
    """Make one partition beside the table and attach it, which blocks neither readers nor writers.

    One that somebody has detached is attached again: its rows say which events are known.
    """
    name = name_of(parent, day)
    if await value(db, Q.is_attached, bool, name=name, parent=parent):
        return
    table, whole = sql.Identifier(name), sql.Identifier(parent)
    first, end = sql.Literal(day), sql.Literal(day + timedelta(days=1))
    await db.execute(sql.SQL("CREATE TABLE IF NOT EXISTS {} (LIKE {} INCLUDING ALL)").format(table, whole))
    await db.execute(
        sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            whole, table, first, end
        )
    )
    log.info("ledger partition made", extra={"partition": name})
