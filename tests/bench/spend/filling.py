"""Makes a ledger of many synthetic calls, by the worker's own statements for rows and sums."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.scale.figures import Table
from msgspec import Struct
from psycopg import sql

from tianji.store.pool import Store
from tianji.store.queries import Queries
from tianji.store.rows import many, one, run
from tianji_worker.ledger import write
from tianji_worker.ledger.partitions import Partitions

Q = Queries(Path(__file__).with_name("rows.sql"))


ROUNDS = 12
"""How often a key must call on a day, so that it does all that the keys of this world do."""


class World(Struct, frozen=True, kw_only=True):
    """Who calls, and how often."""

    rows: int
    days: int
    keys: int
    users: int = 500
    teams: int = 200
    organizations: int = 20
    models: int = 12
    tags: int = 40
    agents: int = 25

    @property
    def calls(self) -> int:
        """Calls of one day: each key as many as the others."""
        return max(ROUNDS, self.rows // self.days // self.keys) * self.keys


def worlds(rows: int, days: int) -> tuple[World, World]:
    """Return a world of so many rows, and one of a quarter of them: the same do the same, less often."""
    keys = max(8, min(1_000, rows // 4 // days // ROUNDS))
    return World(rows=rows, days=days, keys=keys), World(rows=rows // 4, days=days, keys=keys)


class Index(Struct, frozen=True):
    """An index and how it is made."""

    name: str
    made: str


async def fill(store: Store, world: World, last: date, table: Table) -> list[Index]:
    """Write one day as the worker does and copy it to all up to the last; return the indexes to be made."""
    first = last - timedelta(days=world.days - 1)
    await Partitions(store).ensure(first + timedelta(days=ahead) for ahead in range(world.days))
    async with store.connection() as db:
        indexes = await many(db, Q.indexes, Index)
        for index in indexes:
            await db.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index.name)))
        who = {name: getattr(world, name) for name in ("keys", "users", "teams", "agents")}
        await run(db, Q.teams, teams=world.teams)
        await run(db, Q.keys, **who)
    table.row("partitions, keys and teams", f"{world.days} days, {world.keys} keys")
    await _write(store, world, first)
    table.row("a day written by the worker's statements", f"{world.calls:,} calls")
    async with store.connection() as db:
        for query in (Q.copied_days, Q.copied_scopes, Q.copied_cells, Q.copied_failures, Q.copied_totals):
            await run(db, query, **({"day": first} if query != Q.copied_totals else {}), days=world.days)
        await db.execute("VACUUM ANALYZE spend_daily, spend_days, spend_cells, spend_failures, spend_totals")
    table.row("its sums copied to all days", "")
    for shift in range(1, world.days):
        async with store.connection() as db:
            await run(db, Q.copied_rows, day=first, shift=shift)
        if shift % 10 == 9:
            table.row("calls written", f"{(shift + 1) * world.calls:,}")
    async with store.connection() as db:
        found = await one(db, Q.checked, dict[str, Decimal])
    assert found is not None
    if len(set(found.values())) != 1:
        raise SystemExit(f"the sums differ: {found}")
    table.row("sums of rows and roll-ups agree", f"{found['rows']:.2f} USD")
    return indexes


async def index(store: Store, indexes: list[Index], table: Table) -> None:
    """Make the indexes of the rows."""
    async with store.connection() as db:
        for one_index in indexes:
            await db.execute(one_index.made.replace(" ON ONLY ", " ON "))  # type: ignore[arg-type]
        table.row("indexes made", str(len(indexes)))
        await db.execute("VACUUM ANALYZE spend_logs, keys, teams")
        table.row("statistics made", "")


async def _write(store: Store, world: World, day: date) -> None:
    given: dict[str, Any] = {name: getattr(world, name) for name in world.__struct_fields__}
    async with store.transaction() as db:
        await db.execute("SET LOCAL work_mem = '256MB'")
        await write.prepare(db)
        await run(db, Q.incoming, **(given | {"day": day, "calls": world.calls}))
        written = await write.insert_new(db)
        assert written == world.calls, (written, world.calls)
        await write.sum_up(db)
