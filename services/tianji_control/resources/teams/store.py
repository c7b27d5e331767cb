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


class MemberRow(Struct, frozen=True):
    """A member of a team, with the e-mail address of the user."""

    user_id: str
    user_email: str | None
    role: str


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
            await run(db, Q.insert_team, **parameters(row))
    except UniqueViolation:
        message = f"There is a team with the id {row.team_id!r} already; choose another"
        raise BadRequest(message, type="bad_request_error", param="team_id") from None
    except ForeignKeyViolation:
        message = f"There is no organization {row.organization_id!r}"
        raise BadRequest(message, type="bad_request_error", param="organization_id") from None


async def add_member(db: Connection, team_id: str, user_id: str, role: str) -> None:
    """Add a member, or give one another role; the user must be there."""
    await run(db, Q.add_member, team_id=team_id, user_id=user_id, role=role)


async def members(db: Connection, team_id: str) -> list[MemberRow]:
    """List a team's members in the order they came."""
    return await many(db, Q.members, MemberRow, team_id=team_id)


async def of_user(db: Connection, user_id: str) -> list[str]:
    """List the ids of the teams that a user belongs to."""
    return [row["team_id"] for row in await many(db, Q.teams_of_user, dict[str, str], user_id=user_id)]


async def key_hashes(db: Connection, team_id: str, limit: int | None) -> list[str]:
    """List the hashes of a team's keys, newest first."""
    rows = await many(db, Q.keys_of_team, dict[str, str], team_id=team_id, limit=limit)
    return [row["hash"] for row in rows]


async def spend(db: Connection, team_id: str) -> Decimal:
    """Return what the ledger says a team has spent."""
    return await value(db, Q.spend_of_team, Decimal, team_id=team_id) or Decimal(0)
