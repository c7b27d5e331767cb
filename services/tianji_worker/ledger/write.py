"""Writes a batch of events: new rows and their sums in one transaction, known ones not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from psycopg import sql
from psycopg.errors import CheckViolation

from tianji.errors import Unavailable
from tianji.store.locks import Lock
from tianji.store.pool import Store
from tianji.store.queries import Queries, literal
from tianji.store.rows import Connection, run, value
from tianji_worker.alerts.noted import note_refusals
from tianji_worker.ledger import rollups
from tianji_worker.ledger.counts import CountRow, newest
from tianji_worker.ledger.partitions import Partitions
from tianji_worker.ledger.rows import COLUMNS, Row

Q = Queries.beside(__file__)

_COPY = sql.SQL("COPY spend_incoming ({}) FROM STDIN").format(
    sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
)

_SUMS = rollups.statements()

_COPY_BODIES = "COPY spend_bodies_incoming (day, id, asked, answered, cut) FROM STDIN"


class Ledger:
    """The tables of the ledger."""

    def __init__(self, store: Store, on_written: Callable[[Sequence[Row]], None] | None = None) -> None:
        """`on_written` is called with rows that have been written, in no transaction; it must be quick."""
        self._store = store
        self._on_written = on_written
        self.partitions = Partitions(store)

    async def write(
        self, rows: Sequence[Row], counts: Sequence[CountRow] = (), closed: Sequence[str] = ()
    ) -> int:
        """Write what has no row yet and return how many that were; sums change by these only.

        Counts of a file replace earlier ones that cover less of it. `closed` are processes that have
        ended.

        Raises psycopg.Error, or DayClosed where a row that is not `anew` is of such a day; then nothing
        was written.
        """
        await self.partitions.ensure(
            {row.day for row in rows if not row.anew}, {row.day for row in rows if row.anew}
        )
        try:
            async with self._store.transaction() as db:
                await value(db, Q.share_windows, object, lock=Lock.SPEND_WINDOWS)
                await _put_counts(db, counts)
                written = await _write(db, rows) if rows else 0
                await note_refusals(db, [row.refused for row in rows])
                if closed:
                    await run(db, Q.close_processes, processes=sorted(set(closed)))
            if self._on_written is not None:
                self._on_written(rows)
            return written
        except CheckViolation as fault:
            if fault.diag.constraint_name is not None:
                raise
            self.partitions.forget()
            raise Unavailable("a partition of the ledger was dropped meanwhile") from fault


async def _put_counts(db: Connection, counts: Sequence[CountRow]) -> None:
    if counts:
        async with db.cursor() as cursor:
            await cursor.executemany(literal(Q.put_count), [row._asdict() for row in newest(counts)])


async def prepare(db: Connection) -> None:
    """Make the tables that a batch comes into, for this transaction."""
    for preparing in (Q.take_memory, Q.make_incoming, Q.make_fresh, Q.make_charged):
        await run(db, preparing)


async def insert_new(db: Connection) -> int:
    """Turn what has come in and has no row yet into rows; return how many."""
    return await value(db, Q.insert_new, int) or 0


async def sum_up(db: Connection) -> None:
    """Add the new rows to all sums."""
    for sums in _SUMS:
        await run(db, sums)
    await run(db, Q.roll_up_windows)


async def _write(db: Connection, rows: Sequence[Row]) -> int:
    await prepare(db)
    async with db.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in rows:
            await copy.write_row(row.values)
    written = await insert_new(db)
    await _keep_bodies(db, [row.bodies for row in rows if row.bodies is not None])
    if written:
        await sum_up(db)
    return written


async def _keep_bodies(db: Connection, bodies: Sequence[tuple[str, str, str, str, bool]]) -> None:
    if not bodies:
        return
    await run(db, Q.make_bodies)
    async with db.cursor() as cursor, cursor.copy(_COPY_BODIES) as copy:
        for values in bodies:
            await copy.write_row(values)
    await run(db, Q.insert_bodies)
