"""Unified access groups, as rows, and the teams and keys that belong to them."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tianji.domain.snapshot import KEY, TEAM
from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, one, run, value

Q = Queries.beside(__file__)

HOLDERS = (TEAM, KEY)
"""Kinds of what belongs to groups."""

_HOLDING = {TEAM: Q.holding_teams, KEY: Q.holding_keys}
_KNOWN = {TEAM: Q.known_teams, KEY: Q.known_keys}
_GIVE = {TEAM: Q.give_teams, KEY: Q.give_keys}
_TAKE = {TEAM: Q.take_teams, KEY: Q.take_keys}


class GroupRow(Struct, frozen=True, kw_only=True):
    """One row of the table `unified_access_groups`."""

    access_group_id: str
    name: str
    description: str | None
    models: list[str]
    created_at: datetime | None = None
    created_by: str | None = None
    updated_at: datetime | None = None
    updated_by: str | None = None


class Holder(Struct, frozen=True):
    """A team or key that belongs to a group."""

    id: str
    name: str | None


async def listed(db: Connection) -> list[GroupRow]:
    """List the groups by name."""
    return await many(db, Q.groups, GroupRow)


async def by_id(db: Connection, id: str, *, for_update: bool = False) -> GroupRow | None:
    """Return a group; `for_update` keeps others from writing it."""
    return await one(db, Q.group_for_update if for_update else Q.group_by_id, GroupRow, id=id)


async def name_taken(db: Connection, name: str, id: str) -> bool:
    """Say whether another group has a name."""
    return bool(await value(db, Q.name_taken, bool, name=name, id=id))


async def save(db: Connection, row: GroupRow) -> None:
    """Write a group, new or changed."""
    await run(
        db,
        Q.save_group,
        access_group_id=row.access_group_id,
        name=row.name,
        description=row.description,
        models=row.models,
        created_by=row.created_by,
        updated_by=row.updated_by,
    )


async def delete(db: Connection, id: str) -> None:
    """Remove a group."""
    await run(db, Q.delete_group, id=id)


async def holders(db: Connection, kind: str, id: str) -> list[Holder]:
    """List the teams or keys that belong to a group."""
    return await many(db, _HOLDING[kind], Holder, id=id)


async def known(db: Connection, kind: str, ids: list[str]) -> set[str]:
    """Tell which of these ids there are."""
    return {row["id"] for row in await many(db, _KNOWN[kind], dict[str, str], ids=ids)}


async def give(db: Connection, kind: str, id: str, to: list[str]) -> None:
    """Put teams or keys into a group."""
    await run(db, _GIVE[kind], id=id, ids=to)


async def take(db: Connection, kind: str, id: str, from_: list[str]) -> None:
    """Take teams or keys out of a group."""
    await run(db, _TAKE[kind], id=id, ids=from_)
