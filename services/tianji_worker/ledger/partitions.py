"""The ledger's partitions, one a day: made ahead of time, and on demand for what comes late."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from psycopg import sql

from tianji.store.locks import Lock
from tianji.store.pool import Store
from tianji.store.rows import Connection

log = logging.getLogger(__name__)

DAYS_AHEAD = 3
TABLES = ("spend_logs", "spend_bodies")


class Partitions:
    """Knows which days have a partition, as far as this process has seen."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: set[date] = set()

    async def ensure(self, days: Iterable[date]) -> None:
        """Make the partitions that are missing."""
        missing = sorted(set(days) - self._known)
        for day in missing:
            async with self._store.transaction() as db:
                await db.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.PARTITIONS])
                for table in TABLES:
                    await _make(db, table, day)
            self._known.add(day)

    async def ensure_ahead(self, today: date) -> None:
        """Make the partitions of the next days, so that midnight costs nothing."""
        await self.ensure(today + timedelta(days=ahead) for ahead in range(-1, DAYS_AHEAD + 1))

    def forget(self) -> None:
        """Look again: someone has dropped a partition."""
        self._known.clear()


def name_of(table: str, day: date) -> str:
    """Return the name of a day's partition."""
    return f"{table}_{day:%Y%m%d}"


def day_of(name: str) -> date:
    """Return the day of a partition, by its name."""
    return datetime.strptime(name[-8:], "%Y%m%d").replace(tzinfo=UTC).date()


async def _make(db: Connection, parent: str, day: date) -> None:
    """Make one partition beside the table and attach it, which blocks neither readers nor writers."""
    name = name_of(parent, day)
    found = await db.execute("SELECT to_regclass(%s)", [name])
    row = await found.fetchone()
    if row is not None and row[0] is not None:
        return
    table, whole = sql.Identifier(name), sql.Identifier(parent)
    first, end = sql.Literal(day), sql.Literal(day + timedelta(days=1))
    await db.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(table, whole))
    await db.execute(
        sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
            whole, table, first, end
        )
    )
    log.info("ledger partition made", extra={"partition": name})
