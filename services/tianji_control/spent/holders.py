"""Holders of budgets, as the ledger and the gateways name them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from tianji.domain.limits import Limits
from tianji.domain.snapshot import CUSTOMER, KEY, ORGANIZATION, PROJECT, TAG, TEAM, USER
from tianji.limits.calendar import Calendar, calendar_of
from tianji.store.queries import Queries
from tianji.store.rows import Connection, many
from tianji_control.publish.compile import SOURCES
from tianji_control.publish.limited import limits_in, limits_of
from tianji_control.publish.rows import Limited
from tianji_control.resources.settings import store as settings

Q = Queries.beside(__file__)

KINDS = (KEY, TEAM, USER, ORGANIZATION, CUSTOMER, TAG, PROJECT)
MEMBER = "member"
"""Of a team; the id is `<team>:<user>`."""
ORGANIZATION_MEMBER = "orgmember"
"""The id is `<organization>:<user>`."""
_TERMS = {MEMBER: Q.member_terms, ORGANIZATION_MEMBER: Q.organization_member_terms}


class Terms(Struct, frozen=True):
    """What a member is held to."""

    id: str
    terms: dict[str, Any]


class Generation(Struct, frozen=True):
    """When a holder's budgets were begun anew by hand, and with how much."""

    holder: str
    generation: int = 0
    since: float = 0.0
    base_usd: Decimal = Decimal(0)


NEVER = Generation("")


class Origin(Struct, frozen=True):
    """A value that a key with more than one has had, and the first of them."""

    hash: str
    origin: str


def named(kind: str, id: str) -> str:
    """Name a holder as bounds do."""
    return f"{kind}:{id}"


async def counted_as(db: Connection, kind: str, ids: Iterable[str]) -> dict[str, str]:
    """Return what the counters of these holders go by: of a key the first value that it had."""
    own = {id: id for id in ids}
    if kind != KEY or not own:
        return own
    return own | {row.hash: row.origin for row in await many(db, Q.origins, Origin, ids=list(own))}


async def limits(db: Connection, kind: str, ids: Sequence[str]) -> dict[str, Limits]:
    """Return what limits each of these holders, as gateways are told; who is not limited is left out."""
    if kind in _TERMS:
        groups, users = _parts(ids)
        rows = await many(db, _TERMS[kind], Terms, ids=list(ids), groups=groups, users=users)
        found = {row.id: limits_in(row.terms) for row in rows}
    else:
        source = SOURCES[kind]
        there = await many(db, source.rows, source.row, ids=sorted(set(ids)))
        found = {getattr(row, source.id): limits_of(row) for row in there if isinstance(row, Limited)}
    return {id: one for id, one in found.items() if one is not None}


async def limits_of_one(db: Connection, kind: str, id: str) -> Limits | None:
    """Return what limits a holder or a member."""
    return (await limits(db, kind, [id])).get(id)


def _parts(ids: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return what the two parts of members' ids may be."""
    groups: dict[str, None] = {}
    users: dict[str, None] = {}
    for id in ids:
        before, after = parted(id)
        groups |= dict.fromkeys(before)
        users |= dict.fromkeys(after)
    return list(groups), list(users)


def parted(id: str) -> tuple[list[str], list[str]]:
    """Return what the two parts of a member's id may be: either may hold a colon."""
    places = [at for at, sign in enumerate(id) if sign == ":"]
    return [id[:at] for at in places], [id[at + 1 :] for at in places]


async def generations(db: Connection, holders: Iterable[str]) -> dict[str, Generation]:
    """Return when budgets were last begun anew by hand; those that never were are left out."""
    rows = await many(db, Q.generations, Generation, holders=list(holders))
    return {row.holder: row for row in rows}


async def calendar(db: Connection) -> Calendar:
    """Return when days begin."""
    return calendar_of((await settings.in_force(db)).calls)
