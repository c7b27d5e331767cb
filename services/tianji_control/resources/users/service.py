"""The rules of users."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal

from msgspec import Struct

from tianji.domain.snapshot import USER
from tianji.errors import BadRequest, NotFound
from tianji_control import durations
from tianji_control.access.permits import Target
from tianji_control.access.roles import ASSIGNABLE
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.resources.keys import service as keys
from tianji_control.resources.keys.store import KeyRow
from tianji_control.resources.teams import store as teams
from tianji_control.resources.users import store
from tianji_control.resources.users.fields import NewUser, columns, key_fields, teams_of
from tianji_control.resources.users.store import UserRow


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
    call.require("user:write")
    if ask.user_role is not None and ask.user_role not in ASSIGNABLE:
        message = f"user_role is {ask.user_role!r}; it must be one of {', '.join(ASSIGNABLE)}"
        raise BadRequest(message, type="bad_request_error", param="user_role")
    now = datetime.now(UTC)
    period = ask.budget_duration
    row = UserRow(
        user_id=ask.user_id or str(uuid.uuid4()),
        budget_reset_at=durations.next_reset(now, period) if period else None,
        created_at=now,
        created_by=call.actor.name,
        updated_at=now,
        updated_by=call.actor.name,
        **columns(ask),
    )
    memberships = teams_of(ask)
    async with call.change() as change:
        await store.insert(change.db, row)
        await change.note(USER, row.user_id, "user:new", after=row)
        for team_id, role in memberships.items():
            if await teams.by_id(change.db, team_id) is None:
                raise NotFound(f"There is no team {team_id}", param="teams")
            await teams.add_member(change.db, team_id, row.user_id, role)
        key = await keys.make(change, key_fields(ask, row.user_id)) if ask.auto_create_key else None
    return Made(row, list(memberships), key)


async def ensure(change: Change, user_id: str | None, email: str | None) -> UserRow:
    """Return the user with this id or e-mail address; make one when there is none yet."""
    found = None
    if user_id:
        found = await store.by_id(change.db, user_id)
    elif email:
        found = await store.by_email(change.db, email)
    else:
        raise BadRequest("A member needs a user_id or a user_email", param="members_with_roles")
    if found is not None:
        return found
    now = datetime.now(UTC)
    by = change.actor.name
    row = UserRow(
        user_id=user_id or str(uuid.uuid4()),
        email=email,
        created_at=now,
        created_by=by,
        updated_at=now,
        updated_by=by,
    )
    await store.insert(change.db, row)
    await change.note(USER, row.user_id, "user:new", after=row)
    return row


async def find(call: Call, user_id: str | None) -> User:
    """Return a user, the caller's own when none is named, with keys and teams."""
    wanted = user_id or call.actor.user_id
    if not wanted:
        raise NotFound("Name a user: this key belongs to none", param="user_id")
    call.require("user:read", Target(user_id=wanted))
    async with call.runtime.store.connection() as db:
        row = await store.by_id(db, wanted)
        if row is None:
            raise NotFound(f"There is no user {wanted}", param="user_id")
        hashes = await store.key_hashes(db, wanted)
        return User(
            row,
            await store.spend(db, wanted),
            await keys.rows_with_spend(db, hashes),
            await teams.of_user(db, wanted),
        )
