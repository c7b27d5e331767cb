"""The rules of teams."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct

from tianji.domain.snapshot import TEAM
from tianji.errors import NotFound
from tianji_control import durations
from tianji_control.access.permits import Target
from tianji_control.access.roles import Role
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.resources.keys import service as keys
from tianji_control.resources.keys.store import KeyRow
from tianji_control.resources.teams import store
from tianji_control.resources.teams.fields import Member, NewTeam, columns
from tianji_control.resources.teams.store import MemberRow, TeamRow
from tianji_control.resources.users import service as users


class Team(Struct, frozen=True):
    """A team with what belongs to it."""

    row: TeamRow
    members: list[MemberRow]
    spend: Decimal
    keys: list[tuple[KeyRow, Decimal]]


async def create(call: Call, ask: NewTeam) -> Team:
    """Make a team with its members; who makes it is its admin, unless a proxy admin does."""
    call.require("team:write", Target(team_id=ask.team_id))
    now = datetime.now(UTC)
    period = ask.budget_duration
    row = TeamRow(
        team_id=ask.team_id or str(uuid.uuid4()),
        budget_reset_at=durations.next_reset(now, period) if period else None,
        created_at=now,
        created_by=call.actor.name,
        updated_at=now,
        updated_by=call.actor.name,
        **columns(ask),
    )
    async with call.change() as change:
        await store.insert(change.db, row)
        await change.note(TEAM, row.team_id, "team:new", after=row)
        for member in _members(call, ask):
            user = await users.ensure(change, member.user_id, member.user_email)
            await store.add_member(change.db, row.team_id, user.user_id, member.role)
        return Team(row, await store.members(change.db, row.team_id), Decimal(0), [])


async def find(call: Call, team_id: str, key_limit: int | None) -> Team:
    """Return a team with its members and keys."""
    async with call.runtime.store.connection() as db:
        row = await store.by_id(db, team_id)
        if row is None:
            raise NotFound(f"There is no team {team_id}", param="team_id")
        call.require("team:read", Target(team_id=team_id))
        hashes = await store.key_hashes(db, team_id, key_limit)
        return Team(
            row,
            await store.members(db, team_id),
            await store.spend(db, team_id),
            await keys.rows_with_spend(db, hashes),
        )


async def join(change: Change, team_id: str, user_id: str, role: str) -> None:
    """Add a user to a team. Raises NotFound when there is no such team."""
    if await store.by_id(change.db, team_id) is None:
        raise NotFound(f"There is no team {team_id}", param="teams")
    await store.add_member(change.db, team_id, user_id, role)


def _members(call: Call, ask: NewTeam) -> list[Member]:
    """Gather the members from all the ways to name them; a later mention does not lower a role."""
    members = list(ask.members_with_roles)
    named = {member.user_id for member in members}
    members += [Member("admin", id) for id in ask.admins if id not in named]
    members += [Member("user", id) for id in ask.members if id not in (*named, *ask.admins)]
    maker = call.actor.user_id
    if call.actor.role is not Role.PROXY_ADMIN and maker and maker not in named:
        members.append(Member("admin", maker))
    return members
