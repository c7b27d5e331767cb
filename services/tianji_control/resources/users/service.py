"""The rules of users."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from tianji.domain.snapshot import USER
from tianji.errors import NotFound
from tianji.limits.calendar import calendar_of
from tianji.store.rows import Connection
from tianji_control.access import targets
from tianji_control.access.authenticate import MASTER_USER
from tianji_control.access.permits import Target
from tianji_control.access.roles import ADMINS, SYSTEM, Role, role_of
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.limits import raises_budget
from tianji_control.resources.keys import service as keys
from tianji_control.resources.keys import store as key_store
from tianji_control.resources.keys.ownership import check_team
from tianji_control.resources.keys.store import KeyRow
from tianji_control.resources.organizations import store as organizations
from tianji_control.resources.organizations.store import MemberRow
from tianji_control.resources.settings import defaults
from tianji_control.resources.settings import store as settings
from tianji_control.resources.teams import store as teams
from tianji_control.resources.users import store
from tianji_control.resources.users.fields import (
    LIMITS,
    NewUser,
    UserFields,
    columns,
    key_fields,
    teams_of,
)
from tianji_control.resources.users.internal import with_limits
from tianji_control.resources.users.store import UserRow
from tianji_control.spent import bases, figures, resets


class User(Struct, frozen=True):
    """A user with what belongs to it."""

    row: UserRow
    spend: Decimal
    keys: list[tuple[KeyRow, Decimal]]
    teams: list[str]


class Made(Struct, frozen=True):
    """A new user, with the key that was made along, if one was."""

    row: UserRow
    teams: list[str]
    key: tuple[str, KeyRow] | None


async def create(call: Call, ask: NewUser) -> Made:
    """Make a user, with a key unless the request declines it."""
    async with call.change() as change:
        return await make(call, change, ask)


async def make(call: Call, change: Change, ask: NewUser) -> Made:
    """Make a user within a change."""
    places = frozenset(ask.organizations or ())
    call.require("user:create", Target(organizations=places))
    _check_role(call, ask.user_role)
    rules = (await settings.in_force(change.db)).calls
    if ask.user_role in (None, Role.INTERNAL_USER):
        ask = defaults.filled(rules, defaults.USER, ask)
    said = with_limits({name: getattr(ask, name) for name in UserFields.__struct_fields__}, rules)
    now = datetime.now(UTC)
    row = UserRow(
        user_id=ask.user_id or str(uuid.uuid4()),
        created_at=now,
        created_by=call.actor.name,
        updated_at=now,
        updated_by=call.actor.name,
        **resets.told(calendar_of(rules), said, now),
        **columns(said, {}),
    )
    memberships = teams_of(ask)
    await store.insert(change.db, row)
    for id in sorted(places):
        await _enter(change, id, row, now)
    for team_id, role in memberships.items():
        await _join(call, change, team_id, row.user_id, role)
    await change.note(USER, row.user_id, "user:new", after=row)
    key = None
    if ask.auto_create_key:
        await check_team(change, ask.team_id)
        key = await keys.make(change, key_fields(ask, row.user_id))
    return Made(row, list(memberships), key)


async def update(call: Call, user_id: str | None, email: str | None, said: dict[str, Any]) -> User:
    """Change what a request names of a user, whom it names by id or e-mail address."""
    async with call.change() as change:
        row = await rewrite(call, change, user_id, email, said)
        return await _whole(change.db, row, with_keys=False)


async def rewrite(
    call: Call, change: Change, user_id: str | None, email: str | None, said: dict[str, Any]
) -> UserRow:
    """Change a user within a change."""
    if not user_id and email:
        found = await store.by_email(change.db, email)
        user_id = found.user_id if found is not None else None
    before = await store.by_id_for_update(change.db, user_id or email or "")
    if before is None:
        raise missing(user_id or email or "")
    target = await targets.of_user(change.db, before.user_id)
    row = decided(call, before, target, said, (await settings.in_force(change.db)).calls)
    await store.update(change.db, row)
    await change.note(USER, row.user_id, "user:update", before=before, after=row)
    if said.get("spend") is not None:
        await bases.begin_anew(change.db, USER, {row.user_id: said["spend"]})
    return row


def decided(
    call: Call, before: UserRow, target: Target, said: dict[str, Any], rules: dict[str, Any]
) -> UserRow:
    """Return what a user becomes by a request; refuse what the caller may not."""
    check_may(call, before, target, "user:update")
    if any(name in said for name in LIMITS) or raises_budget(said, before.metadata):
        call.require("user:limit", target)
    said = with_limits(said, rules)
    now = datetime.now(UTC)
    return msgspec.structs.replace(
        before,
        updated_at=now,
        updated_by=call.actor.name,
        **resets.told(calendar_of(rules), said, before.created_at),
        **columns({name: value for name, value in said.items() if name != "user_id"}, before.extra),
    )


async def delete(call: Call, user_ids: list[str]) -> int:
    """Delete all these users with their keys or, when one of them is not there, none."""
    async with call.change() as change:
        for user_id in sorted(set(user_ids)):
            await remove(call, change, user_id)
    return len(set(user_ids))


async def remove(call: Call, change: Change, user_id: str) -> UserRow:
    """Delete a user with all keys within a change."""
    row = await locked(call, change, user_id, "user:delete")
    await keys.remove(change, await key_store.of_user(change.db, user_id))
    await change.keep(USER, user_id, row)
    await change.record(USER, user_id, "user:delete", before=row)
    await store.delete(change.db, user_id)
    await change.tell(USER, user_id)
    return row


async def locked(call: Call, change: Change, user_id: str, permission: str) -> UserRow:
    """Return a user whom nobody else writes until the change ends; require what the caller wants to do."""
    row = await store.by_id_for_update(change.db, user_id)
    if row is None:
        raise missing(user_id)
    check_may(call, row, await targets.of_user(change.db, user_id), permission)
    return row


def check_may(call: Call, row: UserRow, target: Target, permission: str) -> None:
    """Require that the caller may do this to a user, who is `target` to permissions."""
    call.require(permission, target)
    if role_of(row.role) in ADMINS:
        call.require(permission)  # who administers one organization does not change who sees all


async def find(call: Call, user_id: str | None) -> User:
    """Return a user, the caller's own when none is named, with keys and teams."""
    wanted = user_id or call.actor.user_id
    if not wanted:
        raise NotFound("Name a user: this key belongs to none", param="user_id")
    async with call.runtime.store.connection() as db:
        call.require("user:read", await targets.of_user(db, wanted))
        row = await store.by_id(db, wanted)
        if row is None and wanted == MASTER_USER:
            row = _master()
        if row is None:
            raise missing(wanted)
        return await _whole(db, row)


async def _whole(db: Connection, row: UserRow, *, with_keys: bool = True) -> User:
    hashes = await store.key_hashes(db, row.user_id) if with_keys else []
    spent, now = await figures.of(db, USER, [row.user_id])
    return User(
        figures.as_of(row, now.get(row.user_id)),
        spent.get(row.user_id, Decimal(0)),
        await keys.rows_with_spend(db, hashes),
        await teams.of_user(db, row.user_id),
    )


async def _enter(change: Change, organization_id: str, user: UserRow, now: datetime) -> None:
    """Make a new user a member of an organization."""
    if await organizations.by_id(change.db, organization_id) is None:
        raise NotFound(f"There is no organization {organization_id}", param="organizations")
    await organizations.save_member(
        change.db,
        MemberRow(
            organization_id=organization_id,
            user_id=user.user_id,
            role="internal_user",
            created_at=now,
            updated_at=now,
        ),
    )


async def _join(call: Call, change: Change, team_id: str, user_id: str, role: str) -> None:
    """Make a new user a member of a team."""
    if await teams.by_id(change.db, team_id) is None:
        raise NotFound(f"There is no team {team_id}", param="teams")
    call.require("team:members", await targets.of_team(change.db, team_id))
    await teams.add_member(change.db, team_id, user_id, role)


def _check_role(call: Call, name: str | None) -> None:
    """Refuse a role that only a proxy admin gives."""
    if name is not None and SYSTEM.get(name, Role.INTERNAL_USER) in ADMINS:
        call.require("user:limit")


def _master() -> UserRow:
    """Return the user that the master key acts for, who has no row until somebody makes one."""
    epoch = datetime.fromtimestamp(0, UTC)
    return UserRow(user_id=MASTER_USER, role=Role.PROXY_ADMIN.value, created_at=epoch, updated_at=epoch)


def missing(user_id: str) -> NotFound:
    """Say that there is no such user."""
    return NotFound(f"There is no user {user_id}", param="user_id")
