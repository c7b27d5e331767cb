"""The rules of teams."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from tianji.domain.snapshot import TEAM
from tianji.errors import BadRequest, NotFound, PermissionDenied
from tianji.store.rows import Connection
from tianji_control.access import targets
from tianji_control.access.permits import ANYTHING, everywhere
from tianji_control.access.roles import Role
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.limits import raises_budget
from tianji_control.resources.keys import service as keys
from tianji_control.resources.keys import store as key_store
from tianji_control.resources.keys.store import KeyRow
from tianji_control.resources.organizations import store as organizations
from tianji_control.resources.organizations.bounds import check_bounds
from tianji_control.resources.projects import service as projects
from tianji_control.resources.projects import store as project_store
from tianji_control.resources.settings import defaults
from tianji_control.resources.teams import store
from tianji_control.resources.teams.fields import LIMITS, Member, NewTeam, TeamFields, columns
from tianji_control.resources.teams.store import MemberRow, TeamRow
from tianji_control.resources.users.ensured import ensure_all
from tianji_control.spent import figures, resets
from tianji_control.written import Written


class Team(Struct, frozen=True):
    """A team with what belongs to it."""

    row: TeamRow
    members: list[MemberRow]
    spend: Decimal
    keys: list[tuple[KeyRow, Decimal]]


async def create(call: Call, ask: NewTeam) -> Team:
    """Make a team with its members; who makes it is its admin, unless a proxy admin does."""
    ask = await defaults.applied(call, defaults.TEAM, ask)
    organization_id = ask.organization_id or ask.org_id
    call.require(
        "team:create",
        targets.of_organization(organization_id) if organization_id else ANYTHING,
    )
    said = {name: getattr(ask, name) for name in TeamFields.__struct_fields__}
    said |= {"organization_id": organization_id, "team_alias": ask.team_alias or ask.name}
    now = datetime.now(UTC)
    async with call.change() as change:
        row = TeamRow(
            team_id=ask.team_id or ask.slug or str(uuid.uuid4()),
            created_at=now,
            created_by=call.actor.name,
            updated_at=now,
            updated_by=call.actor.name,
            **await resets.begun(change.db, said, now),
            **columns(said, {}, {}),
        )
        await check_bounds(change.db, row)
        await store.insert(change.db, row)
        await change.note(TEAM, row.team_id, "team:new", after=row)
        members = _members(call, ask)
        users = await ensure_all(change, [(member.user_id, member.user_email) for member in members])
        roles = {user.user_id: member.role for user, member in zip(users, members, strict=True)}
        await store.save_members(
            change.db, [MemberRow(team_id=row.team_id, user_id=id, role=role) for id, role in roles.items()]
        )
        return await _whole(change.db, row)


async def update(call: Call, team_id: str, said: dict[str, Any]) -> Team:
    """Change what a request names of a team."""
    async with call.change() as change:
        before = await locked(call, change, team_id, "team:update")
        named = any(said[name] != getattr(before, name, None) for name in LIMITS if name in said)
        if named or raises_budget(said, before.metadata):
            call.require("team:limit", await targets.of_team(change.db, team_id))
        moved = said.get("organization_id", before.organization_id)
        if moved != before.organization_id:
            call.require("team:create", targets.of_organization(moved) if moved else ANYTHING)
            await _check_members(call, change, team_id, moved)
        row = msgspec.structs.replace(
            before,
            **await resets.begun(change.db, said, before.created_at),
            **columns(said, before.metadata, before.extra),
        )
        await check_bounds(change.db, row)
        return await _whole(change.db, await saved(change, before, row, "team:update"))


async def _check_members(call: Call, change: Change, team_id: str, organization_id: str | None) -> None:
    """Refuse to bring people into an organization with their team, unless a proxy admin does."""
    if organization_id is None or everywhere(call.actor, "team:create"):
        return
    inside = {row.user_id for row in await organizations.members_of(change.db, [organization_id])}
    if strangers := [
        row.user_id for row in await store.members(change.db, team_id) if row.user_id not in inside
    ]:
        raise PermissionDenied(
            f"Cannot move team to organization. These members of the team are not in it: {strangers}",
            type="auth_error",
            param="organization_id",
        )


async def set_models(call: Call, team_id: str, models: list[str], *, add: bool) -> Team:
    """Add models to what a team may use, or take them away."""
    async with call.change() as change:
        before = await locked(call, change, team_id, "team:update")
        if add:
            now = [*before.models, *(name for name in dict.fromkeys(models) if name not in before.models)]
        else:
            now = [name for name in before.models if name not in models]
            if before.models and not now:
                raise BadRequest(
                    "A team without a list may use all models; let at least one stay, or block the team",
                    type="bad_request_error",
                    param="models",
                )
        row = msgspec.structs.replace(before, models=now)
        await check_bounds(change.db, row)
        action = "team:model_add" if add else "team:model_delete"
        return await _whole(change.db, await saved(change, before, row, action))


async def set_blocked(call: Call, team_id: str, blocked: bool) -> Team:
    """Block a team with all its keys, or let it in again."""
    async with call.change() as change:
        before = await locked(call, change, team_id, "team:limit")
        row = msgspec.structs.replace(before, blocked=blocked)
        action = "team:block" if blocked else "team:unblock"
        return await _whole(change.db, await saved(change, before, row, action))


async def delete(call: Call, team_ids: list[str]) -> None:
    """Delete all these teams with their keys or, when one of them is not there, none."""
    async with call.change() as change:
        for team_id in sorted(set(team_ids)):
            await remove(change, await locked(call, change, team_id, "team:delete"))


async def remove(change: Change, row: TeamRow) -> None:
    """Delete a team with its keys and projects within a change; the caller has checked who may."""
    await keys.remove(change, await key_store.of_team(change.db, row.team_id))
    for project in await project_store.of_team(change.db, row.team_id):
        await projects.remove(change, project)
    await change.keep(TEAM, row.team_id, row)
    await change.record(TEAM, row.team_id, "team:delete", before=row)
    await store.delete(change.db, row.team_id)
    await change.tell(TEAM, row.team_id)


async def drop_keys(change: Change, team_id: str, user_id: str) -> None:
    """Delete the keys that one user has in a team."""
    held = await key_store.of_team(change.db, team_id)
    await keys.remove(change, [key for key in held if key.user_id == user_id])


async def find(call: Call, team_id: str, key_limit: int | None) -> Team:
    """Return a team with its members and keys."""
    async with call.runtime.store.connection() as db:
        row = await store.by_id(db, team_id)
        if row is None:
            raise missing(team_id)
        call.require("team:read", await targets.of_team(db, team_id))
        held = await key_store.newest_of_teams(db, [team_id], key_limit)
        return await _whole(db, row, await keys.with_spend(db, held))


async def locked(call: Call, change: Change, team_id: str, permission: str) -> TeamRow:
    """Return a team that nobody else writes until the change ends; require what the caller wants to do."""
    row = await store.by_id_for_update(change.db, team_id)
    if row is None:
        raise missing(team_id)
    call.require(permission, await targets.of_team(change.db, team_id))
    return row


async def locked_all(call: Call, change: Change, ids: list[str], permission: str) -> list[TeamRow]:
    """Do the same for several teams, in this order; all are refused with one of them."""
    rows = {row.team_id: row for row in await store.by_ids_for_update(change.db, ids)}
    for id in ids:
        if id not in rows:
            raise missing(id)
        call.require(permission, targets.of_team_in(id, rows[id].organization_id))
    return [rows[id] for id in ids]


async def saved(change: Change, before: TeamRow, row: TeamRow, action: str) -> TeamRow:
    """Write a changed team; return it as it is now."""
    row = _touched(change, row)
    await store.update(change.db, row)
    await change.note(TEAM, row.team_id, action, before=before, after=row)
    return row


async def save_all(change: Change, changed: Sequence[tuple[TeamRow, TeamRow]], action: str) -> None:
    """Write changed teams, each as it was before and as it is to be; none gets another organization."""
    written = [Written(TEAM, row.team_id, action, before, _touched(change, row)) for before, row in changed]
    await store.update_all(change.db, [row for one in written if isinstance(row := one.after, TeamRow)])
    await change.note_all(written)


def _touched(change: Change, row: TeamRow) -> TeamRow:
    return msgspec.structs.replace(row, updated_at=datetime.now(UTC), updated_by=change.actor.name)


def missing(team_id: str) -> NotFound:
    """Say that there is no such team."""
    return NotFound(f"There is no team {team_id}", param="team_id")


async def _whole(db: Connection, row: TeamRow, held: list[tuple[KeyRow, Decimal]] | None = None) -> Team:
    id = row.team_id
    spent, now = await figures.of(db, TEAM, [id])
    members = await store.members(db, id)
    [row] = await resets.with_ends(db, [row])
    return Team(figures.as_of(row, now.get(id)), members, spent.get(id, Decimal(0)), held or [])


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
