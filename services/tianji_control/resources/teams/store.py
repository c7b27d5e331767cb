"""Teams and their members, as rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from psycopg.errors import ForeignKeyViolation, UniqueViolation

from tianji.errors import BadRequest
from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, one, parameters, run, value
from tianji_control import paging
from tianji_control.paging import Order

Q = Queries.beside(__file__)


class TeamRow(Struct, frozen=True, kw_only=True):
    """One row of the table `teams`."""

    team_id: str
    alias: str | None = None
    organization_id: str | None = None
    models: list[str] = []
    aliases: dict[str, str] = {}
    blocked: bool = False
    max_budget: Decimal | None = None
    soft_budget: Decimal | None = None
    budget_duration: str | None = None
    budget_reset_at: datetime | None = None
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    tpd_limit: int | None = None
    max_parallel_requests: int | None = None
    metadata: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    created_at: datetime
    created_by: str | None = None
    updated_at: datetime
    updated_by: str | None = None


class MemberRow(Struct, frozen=True, kw_only=True):
    """A member of a team, with the e-mail address of the user."""

    team_id: str
    user_id: str
    user_email: str | None = None
    role: str = "user"
    max_budget: Decimal | None = None
    budget_duration: str | None = None
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    models: list[str] = []
    extra: dict[str, Any] = {}


class Wanted(Struct, frozen=True, kw_only=True):
    """Which teams a list is about; None where it does not matter."""

    user_id: str | None = None
    organization_id: str | None = None
    team_id: str | None = None
    team_id_part: str | None = None
    team_alias: str | None = None
    search: str | None = None
    prefix: bool = False
    """Whether `search` may be the beginning of a team's id."""
    sees_all: bool = False
    teams: list[str] = []
    organizations: list[str] = []


async def by_ids(db: Connection, ids: list[str]) -> list[TeamRow]:
    """Return these teams, by alias."""
    return await many(db, Q.teams_by_id, TeamRow, ids=ids)


async def by_id(db: Connection, id: str) -> TeamRow | None:
    """Return a team."""
    return await one(db, Q.teams_by_id, TeamRow, ids=[id])


async def insert(db: Connection, row: TeamRow) -> None:
    """Add a team. Raises BadRequest when its id is taken or its organization is not there."""
    try:
        async with db.transaction():
            await run(db, Q.insert_team, row=row)
    except UniqueViolation:
        message = f"There is a team with the id {row.team_id!r} already; choose another"
        raise BadRequest(message, type="bad_request_error", param="team_id") from None
    except ForeignKeyViolation:
        raise _no_organization(row) from None


async def by_id_for_update(db: Connection, id: str) -> TeamRow | None:
    """Return a team and keep others from writing it until the transaction ends."""
    return await one(db, Q.teams_for_update, TeamRow, ids=[id])


async def by_ids_for_update(db: Connection, ids: list[str]) -> list[TeamRow]:
    """Return these teams and keep others from writing them until the transaction ends."""
    return await many(db, Q.teams_for_update, TeamRow, ids=ids)


async def by_id_to_join(db: Connection, id: str) -> TeamRow | None:
    """Return a team and keep others from changing or deleting it until the transaction ends."""
    return await one(db, Q.team_for_share, TeamRow, id=id)


async def of_organization(db: Connection, organization_id: str) -> list[TeamRow]:
    """List an organization's teams and keep others from writing them until the transaction ends."""
    return await many(db, Q.teams_of_organization, TeamRow, organization_id=organization_id)


async def of_organizations(db: Connection, ids: list[str]) -> dict[str, list[TeamRow]]:
    """List the teams of several organizations."""
    found: dict[str, list[TeamRow]] = {id: [] for id in ids}
    for row in await many(db, Q.teams_of_organizations, TeamRow, ids=ids):
        found[row.organization_id or ""].append(row)
    return found


async def update(db: Connection, row: TeamRow) -> None:
    """Write a changed team. Raises BadRequest when its new organization is not there."""
    try:
        async with db.transaction():
            await run(db, Q.update_teams, rows=[row])
    except ForeignKeyViolation:
        raise _no_organization(row) from None


async def update_all(db: Connection, rows: list[TeamRow]) -> None:
    """Write changed teams whose organization is that of before."""
    if rows:
        await run(db, Q.update_teams, rows=rows)


async def delete(db: Connection, id: str) -> None:
    """Remove a team with its memberships."""
    await run(db, Q.delete_team, id=id)


async def all_ids(db: Connection) -> list[str]:
    """List the ids of all teams."""
    return [row["team_id"] for row in await many(db, Q.all_team_ids, dict[str, str])]


async def page(db: Connection, wanted: Wanted, order: Order) -> list[TeamRow]:
    """List the teams of one page."""
    return await paging.page(db, Q, "team_page", TeamRow, _filters(wanted), order)


async def count(db: Connection, wanted: Wanted) -> int:
    """Count the teams of a list."""
    return await value(db, Q.team_count, int, **_filters(wanted)) or 0


async def add_member(db: Connection, team_id: str, user_id: str, role: str) -> None:
    """Add a member, or give one another role; the user must be there."""
    await save_member(db, MemberRow(team_id=team_id, user_id=user_id, role=role))


async def save_member(db: Connection, row: MemberRow) -> None:
    """Write a member, new or changed; the user must be there."""
    await save_members(db, [row])


async def save_members(db: Connection, rows: list[MemberRow]) -> None:
    """Write members, new or changed, each once; the users must be there."""
    if rows:
        await run(db, Q.save_members, rows=rows)


async def member(db: Connection, team_id: str, user_id: str) -> MemberRow | None:
    """Return one member and keep others from writing it until the transaction ends."""
    return await one(db, Q.members_for_update, MemberRow, team_id=team_id, user_ids=[user_id])


async def members_among(db: Connection, team_id: str, user_ids: list[str]) -> dict[str, MemberRow]:
    """Return those of these users who are members and keep others from writing them."""
    rows = await many(db, Q.members_for_update, MemberRow, team_id=team_id, user_ids=user_ids)
    return {row.user_id: row for row in rows}


async def remove_member(db: Connection, team_id: str, user_id: str) -> None:
    """Take a member out of a team."""
    await run(db, Q.remove_member, team_id=team_id, user_id=user_id)


async def members_of(db: Connection, team_ids: list[str]) -> dict[str, list[MemberRow]]:
    """List the members of several teams."""
    found: dict[str, list[MemberRow]] = {id: [] for id in team_ids}
    for row in await many(db, Q.members_of_teams, MemberRow, team_ids=team_ids):
        found[row.team_id].append(row)
    return found


async def members(db: Connection, team_id: str) -> list[MemberRow]:
    """List a team's members in the order they came."""
    return (await members_of(db, [team_id]))[team_id]


async def of_user(db: Connection, user_id: str) -> list[str]:
    """List the ids of the teams that a user belongs to."""
    return [row["team_id"] for row in await many(db, Q.teams_of_user, dict[str, str], user_id=user_id)]


async def hashes_of_members(db: Connection, team_id: str, user_ids: list[str]) -> list[str]:
    """List the hashes of the keys that these users have in a team."""
    rows = await many(db, Q.keys_of_members, dict[str, str], team_id=team_id, user_ids=user_ids)
    return [row["hash"] for row in rows]


def _filters(wanted: Wanted) -> dict[str, Any]:
    filters = parameters(wanted)
    filters["search_part"] = f"%{wanted.search}%" if wanted.search else None
    filters["team_id_part"] = f"%{wanted.team_id_part}%" if wanted.team_id_part else None
    filters["team_alias"] = f"%{wanted.team_alias}%" if wanted.team_alias else None
    return filters


def _no_organization(row: TeamRow) -> BadRequest:
    message = f"There is no organization {row.organization_id!r}"
    return BadRequest(message, type="bad_request_error", param="organization_id")
