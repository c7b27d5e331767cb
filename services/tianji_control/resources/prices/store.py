"""The loaded price table and its schedule, as rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from tianji.store.queries import Queries
from tianji.store.rows import Connection, one, run

Q = Queries.beside(__file__)


class TableRow(Struct, frozen=True, kw_only=True):
    """The one row of the table `price_tables`."""

    version: str
    source: str
    models: int
    packed: bytes
    loaded_at: datetime
    loaded_by: str | None


class Schedule(Struct, frozen=True):
    """The one row of the table `price_schedules`."""

    interval_hours: int
    last_run: datetime | None

    @property
    def next_run(self) -> datetime | None:
        """When the table is loaded next; None for at once."""
        return None if self.last_run is None else self.last_run + timedelta(hours=self.interval_hours)


async def table(db: Connection) -> TableRow | None:
    """Return the table that was loaded."""
    return await one(db, Q.table, TableRow)


async def about(db: Connection) -> TableRow | None:
    """Return the same without its bytes."""
    return await one(db, Q.table_about, TableRow)


async def save(
    db: Connection, *, version: str, source: str, models: int, packed: bytes, loaded_by: str
) -> None:
    """Write a table in the place of the one before."""
    await run(
        db, Q.save_table, version=version, source=source, models=models, packed=packed, loaded_by=loaded_by
    )


async def schedule(db: Connection) -> Schedule | None:
    """Return when the table is loaded anew; None for never."""
    return await one(db, Q.schedule, Schedule)


async def save_schedule(db: Connection, interval_hours: int) -> None:
    """Have the table loaded anew each so many hours."""
    await run(db, Q.save_schedule, interval_hours=interval_hours)


async def delete_schedule(db: Connection) -> None:
    """Have the table loaded anew no more."""
    await run(db, Q.delete_schedule)


async def take_turn(db: Connection) -> bool:
    """Say whether a load is due; only one of many processes that ask is told so."""
    return await run(db, Q.take_turn) > 0


async def ran(db: Connection) -> None:
    """Note that the table has just been loaded."""
    await run(db, Q.ran)
