"""The sums by day, as rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tianji.store.queries import Queries
from tianji.store.rows import Connection, many
from tianji_control.resources.activity.metrics import Metrics
from tianji_control.resources.spend.sights import values
from tianji_control.resources.spend.store import like

Q = Queries.beside(__file__)

OWNERS = frozenset({"user", "team", "organization"})
"""Scopes whose keys the cells say; those of the others stand in the sums by day."""


class Wanted(Struct, frozen=True, kw_only=True):
    """Which sums are asked for; None where it does not matter."""

    scope: str
    since: date
    until: date
    ids: list[str] | None = None
    without: list[str] | None = None
    model: str | None = None
    keys: list[str] | None = None

    @property
    def everything(self) -> bool:
        """Whether this is about all users: then also about calls that are nobody's."""
        return self.scope == "user" and self.ids is None


class Day(Metrics, kw_only=True):
    """One day."""

    day: date


class Part(Metrics, kw_only=True):
    """One day of one entity, model, ..."""

    day: date
    kind: str
    name: str


class Cell(Metrics, kw_only=True):
    """One day of one entity and key, as fine as sums are kept."""

    day: date
    scope_id: str
    key_hash: str
    model: str
    upstream_model: str
    provider: str
    call_type: str


class KeySum(Metrics, kw_only=True):
    """One key over all days; `total` is the number of keys."""

    key_hash: str
    total: int


class UserSum(Metrics, kw_only=True):
    """One user over all days; `total` is the number of users."""

    user_id: str
    total: int


class Exported(Metrics, kw_only=True):
    """One row of an export."""

    scope_id: str
    key_hash: str | None
    user_id: str | None
    model: str | None


class KeyFacts(Struct, frozen=True):
    """Whose key it is, and whether it is still there."""

    hash: str
    name: str | None
    alias: str | None
    user_id: str | None
    team_id: str | None
    email: str | None
    there: bool


class Id(Struct, frozen=True):
    """An object's id."""

    id: str


class Name(Struct, frozen=True):
    """What an entity is called."""

    id: str
    alias: str | None
    email: str | None


async def teams_of(db: Connection, organizations: list[str]) -> list[str]:
    """Return the ids of the teams of some organizations."""
    return [row.id for row in await many(db, Q.organization_teams, Id, organizations=organizations)]


async def days(db: Connection, wanted: Wanted) -> list[Day]:
    """Return sums by day, the latest first."""
    return await many(db, Q.days, Day, **values(_summed(wanted)))


async def parts(db: Connection, wanted: Wanted) -> list[Part]:
    """Return sums by day and entity, by day and model, and so on."""
    found = await many(db, Q.parts, Part, **values(_summed(wanted)))
    return found + await many(db, Q.entities, Part, **values(wanted))


async def cells(db: Connection, wanted: Wanted) -> list[Cell]:
    """Return the cells themselves."""
    query = Q.owned_cells if wanted.scope in OWNERS else Q.cells
    return await many(db, query, Cell, **values(wanted))


async def keys(
    db: Connection,
    wanted: Wanted,
    *,
    limit: int,
    offset: int = 0,
    group: str | None = None,
    upstream: str | None = None,
) -> list[KeySum]:
    """Return sums by key, the dearest first."""
    query = Q.owned_keys if wanted.scope in OWNERS else Q.keys
    more = {"limit": limit, "offset": offset, "group": group, "upstream": upstream}
    return await many(db, query, KeySum, **values(wanted), **more)


async def users(db: Connection, wanted: Wanted, *, limit: int, offset: int) -> list[UserSum]:
    """Return sums by user, the dearest first."""
    given = values(wanted)
    return await many(db, Q.users, UserSum, **given, limit=limit, offset=offset)


async def keys_like(db: Connection, search: str, limit: int) -> list[str]:
    """Return keys whose alias has a text in it or whose hash begins with it."""
    found = await many(db, Q.keys_like, Id, search=search, search_part=like(search), limit=limit)
    return [row.id for row in found]


async def facts_of_keys(db: Connection, hashes: set[str]) -> dict[str, KeyFacts]:
    """Return whose some keys are, by their hashes."""
    rows = await many(db, Q.key_facts, KeyFacts, hashes=sorted(hashes)) if hashes else []
    return {row.hash: row for row in rows}


async def names(db: Connection, scope: str, ids: set[str]) -> dict[str, Name]:
    """Return what some entities are called, by their ids."""
    rows = await many(db, Q.names, Name, scope=scope, ids=sorted(ids)) if ids else []
    return {row.id: row for row in rows}


async def exported(db: Connection, wanted: Wanted, day: date, fine: dict[str, Any]) -> list[Exported]:
    """Return one day for an export."""
    query = Q.exported if wanted.scope in OWNERS else Q.exported_parts
    return await many(db, query, Exported, **values(wanted), day=day, **fine)


def _summed(wanted: Wanted) -> Wanted:
    """Say where the sums over everything are kept."""
    return replace(wanted, scope="total") if wanted.everything else wanted
