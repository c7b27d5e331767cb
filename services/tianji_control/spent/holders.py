"""Holders of budgets, as the ledger and the gateways name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from tianji.domain.limits import Limits
from tianji.domain.snapshot import CUSTOMER, KEY, ORGANIZATION, TAG, TEAM, USER
from tianji.limits.calendar import Calendar, calendar_of
from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, value
from tianji_control.publish.compile import SOURCES
from tianji_control.publish.limited import limits_in, limits_of
from tianji_control.publish.rows import Limited
from tianji_control.resources.settings import store as settings

Q = Queries.beside(__file__)

KINDS = (KEY, TEAM, USER, ORGANIZATION, CUSTOMER, TAG)
MEMBER = "member"


class Generation(Struct, frozen=True):
    """When a holder's budgets were begun anew by hand, and with how much."""

    holder: str
    generation: int = 0
    since: float = 0.0
    base_usd: Decimal = Decimal(0)


NEVER = Generation("")


def named(kind: str, id: str) -> str:
    """Name a holder as bounds do."""
    return f"{kind}:{id}"


async def limits(db: Connection, kind: str, ids: Sequence[str]) -> dict[str, Limits]:
    """Return what limits each of these holders, as gateways are told; who is not limited is left out."""
    source = SOURCES[kind]
    rows = await many(db, source.rows, source.row, ids=sorted(set(ids)))
    found = {getattr(row, source.id): limits_of(row) for row in rows if isinstance(row, Limited)}
    return {id: one for id, one in found.items() if one is not None}


async def limits_of_one(db: Connection, kind: str, id: str) -> Limits | None:
    """Return what limits a holder or a member; the id of a member is `<team>:<user>`."""
    if kind != MEMBER:
        return (await limits(db, kind, [id])).get(id)
    team_id, _, user_id = id.rpartition(":")
    return limits_in(await value(db, Q.member_terms, dict[str, Any], team_id=team_id, user_id=user_id))


async def generations(db: Connection, holders: Iterable[str]) -> dict[str, Generation]:
    """Return when budgets were last begun anew by hand; those that never were are left out."""
    rows = await many(db, Q.generations, Generation, holders=list(holders))
    return {row.holder: row for row in rows}


async def calendar(db: Connection) -> Calendar:
    """Return when days begin."""
    return calendar_of((await settings.in_force(db)).calls)
