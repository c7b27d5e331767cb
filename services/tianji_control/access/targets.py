"""Objects as permissions see them: who owns them, up to the organization."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tianji.store.rows import Connection, many
from tianji_control.access.authenticate import Q
from tianji_control.access.permits import Target


class Power(Struct, frozen=True):
    """Where somebody may do more than a plain member: in a team, or in all of an organization."""

    team_id: str | None
    organization_id: str | None


async def of_key(
    db: Connection, *, user_id: str | None, team_id: str | None, organization_id: str | None, hash: str | None
) -> Target:
    """Return a key, or one that is to be made, as an object of permissions."""
    query = Q.organizations_of_key
    rows = await many(db, query, dict[str, str], team_id=team_id, organization_id=organization_id)
    return Target(user_id=user_id, team_id=team_id, key_hash=hash, organizations=_ids(rows))


async def of_team(db: Connection, team_id: str) -> Target:
    """Return a team as an object of permissions."""
    return await of_key(db, user_id=None, team_id=team_id, organization_id=None, hash=None)


def of_team_in(team_id: str, organization_id: str | None) -> Target:
    """Return a team whose organization is known as an object of permissions."""
    return Target(team_id=team_id, organizations=frozenset({organization_id} if organization_id else ()))


async def of_user(db: Connection, user_id: str) -> Target:
    """Return a user as an object of permissions."""
    return (await of_users(db, [user_id]))[user_id]


async def of_users(db: Connection, user_ids: Sequence[str]) -> dict[str, Target]:
    """Return users as objects of permissions."""
    places: dict[str, set[str]] = {id: set() for id in user_ids}
    for row in await many(db, Q.organizations_of_users, dict[str, str], user_ids=list(places)):
        places[row["user_id"]].add(row["organization_id"])
    return {id: Target(user_id=id, organizations=frozenset(held)) for id, held in places.items()}


async def powers_of(db: Connection, user_id: str) -> list[Power]:
    """List where a user may do more than a plain member."""
    return await many(db, Q.powers_of_user, Power, user_id=user_id)


def of_organization(organization_id: str) -> Target:
    """Return an organization, or what is directly in it, as an object of permissions."""
    return Target(organizations=frozenset({organization_id}))


def _ids(rows: list[dict[str, str]]) -> frozenset[str]:
    return frozenset(row["organization_id"] for row in rows)
