"""The rules of virtual keys."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from tianji.domain.keys import hash_of, mask_of
from tianji.domain.snapshot import KEY
from tianji.errors import BadRequest, NotFound, PermissionDenied
from tianji.store.rows import Connection
from tianji_control import durations
from tianji_control.access.permits import Scope, Target, reach
from tianji_control.access.roles import ADMINS, Role, role_of
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.resources.keys import store
from tianji_control.resources.keys.fields import columns
from tianji_control.resources.keys.store import KeyRow, Wanted
from tianji_control.resources.teams import store as teams
from tianji_control.resources.users import store as users

KEY_BYTES = 16
LIMITS = (
    "max_budget",
    "soft_budget",
    "spend",
    "blocked",
    "budget_id",
    "temp_budget_increase",
    "temp_budget_expiry",
)
"""What an update may name only with the permission to limit the key."""
NEVER = "-1"
"""As the duration of an update: the key no longer expires."""


def hash_given(key: str) -> str:
    """Return the hash that a request means: it may name a key by itself or by its hash."""
    return hash_of(key) if key.startswith("sk-") else key


def target_of(row: KeyRow) -> Target:
    """Return a key as an object of permissions."""
    return Target(user_id=row.user_id, team_id=row.team_id, key_hash=row.hash)


async def generate(call: Call, said: dict[str, Any]) -> tuple[str, KeyRow]:
    """Make a key; return it, this once, and its row."""
    said = _owned(call, said)
    async with call.change() as change:
        await _check_owner(change, said.get("user_id"), said.get("team_id"))
        return await make(change, said)


async def make(change: Change, said: dict[str, Any]) -> tuple[str, KeyRow]:
    """Make a key within a change; the caller has checked who may."""
    key = said.get("key") or f"sk-{secrets.token_urlsafe(KEY_BYTES)}"
    _check_form(key)
    await _check_team(change, said.get("team_id"))
    now = datetime.now(UTC)
    row = KeyRow(
        hash=hash_of(key),
        name=mask_of(key),
        created_at=now,
        created_by=change.actor.name,
        updated_at=now,
        updated_by=change.actor.name,
        spend_adjustment=said.get("spend") or Decimal(0),
        **_timed(said, now),
        **columns(said, {}, {}),
    )
    await store.insert(change.db, row)
    await change.note(KEY, row.hash, "key:generate", after=row)
    return key, row


async def update(call: Call, key: str, said: dict[str, Any]) -> KeyRow:
    """Change what a request names of a key."""
    async with call.change() as change:
        before = await _locked(call, change, key)
        if any(name in said for name in LIMITS):
            call.require("key:limit", target_of(before))
        if "user_id" in said or "team_id" in said:
            call.require(
                "key:write",
                Target(
                    user_id=said.get("user_id", before.user_id), team_id=said.get("team_id", before.team_id)
                ),
            )
            await _check_owner(change, said.get("user_id"), said.get("team_id", before.team_id))
        if said.get("team_id") != before.team_id:
            await _check_team(change, said.get("team_id"))
        now = datetime.now(UTC)
        row = msgspec.structs.replace(
            before,
            updated_at=now,
            updated_by=call.actor.name,
            **_timed(said, now),
            **columns(said, before.metadata, before.extra),
        )
        if said.get("spend") is not None:
            spent = (await store.spend(change.db, [row.hash])).get(row.hash, Decimal(0))
            row = msgspec.structs.replace(row, spend_adjustment=said["spend"] - spent)
        await store.update(change.db, row)
        await change.note(KEY, row.hash, "key:update", before=before, after=row)
    return row


async def set_blocked(call: Call, key: str, blocked: bool) -> KeyRow:
    """Block a key, or let it in again."""
    async with call.change() as change:
        before = await _locked(call, change, key)
        call.require("key:limit", target_of(before))
        row = msgspec.structs.replace(
            before, blocked=blocked, updated_at=datetime.now(UTC), updated_by=call.actor.name
        )
        await store.update(change.db, row)
        action = "key:block" if blocked else "key:unblock"
        await change.note(KEY, row.hash, action, before=before, after=row)
    return row


async def delete(call: Call, keys: list[str], aliases: list[str]) -> None:
    """Delete all these keys or, when one of them is not there, none."""
    async with call.change() as change:
        hashes = [hash_given(key) for key in keys]
        hashes += await store.hashes_of_aliases(change.db, aliases)
        found = [await _locked(call, change, hash) for hash in sorted(set(hashes))]
        if len(found) < len(set(aliases)):
            raise NotFound("Not all of these key aliases are there; nothing was deleted", param="key_aliases")
        for row in found:
            await store.delete(change.db, row.hash)
            await change.note(KEY, row.hash, "key:delete", before=row)


async def find(call: Call, key: str | None) -> tuple[KeyRow, Decimal]:
    """Return a key, the caller's own when none is named, and what it has spent in the ledger."""
    hash = hash_given(key) if key else call.actor.key_hash
    if hash is None:
        raise NotFound("Name a key: the master key has no record of its own", param="key")
    async with call.runtime.store.connection() as db:
        rows = await store.by_hashes(db, [hash])
        if not rows:
            raise _missing(key or hash)
        call.require("key:read", target_of(rows[0]))
        return rows[0], (await store.spend(db, [hash])).get(hash, Decimal(0))


async def rows_with_spend(db: Connection, hashes: list[str]) -> list[tuple[KeyRow, Decimal]]:
    """Return these keys in this order, each with what it has spent in the ledger."""
    rows = {row.hash: row for row in await store.by_hashes(db, hashes)}
    spent = await store.spend(db, hashes)
    return [(rows[hash], spent.get(hash, Decimal(0))) for hash in hashes if hash in rows]


def seen_by(call: Call, wanted: Wanted, *, team_keys: bool) -> Wanted:
    """Cut a list down to what the caller may see."""
    if reach(call.actor, "key:read") is Scope.ALL:
        return wanted
    teams = call.actor.admin_of if team_keys or wanted.team_id else frozenset()
    return msgspec.structs.replace(wanted, seen_by=call.actor.user_id or "", seen_teams=sorted(teams))


def _owned(call: Call, said: dict[str, Any]) -> dict[str, Any]:
    """Say whose a new key is, and require that the caller may make it."""
    if call.actor.role is not Role.PROXY_ADMIN and not said.get("user_id") and not said.get("team_id"):
        said = said | {"user_id": call.actor.user_id}
    team_id = said.get("team_id")
    owner = None if team_id else said.get("user_id")
    call.require("key:write", Target(user_id=owner, team_id=team_id))
    return said


async def _locked(call: Call, change: Change, key: str) -> KeyRow:
    row = await store.by_hash_for_update(change.db, hash_given(key))
    if row is None:
        raise _missing(key)
    call.require("key:write", target_of(row))
    return row


def _timed(said: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Work out the points in time that follow from durations."""
    times: dict[str, Any] = {}
    if "duration" in said:
        duration = said["duration"]
        forever = duration is None or duration == NEVER
        times["expires"] = None if forever else durations.after(now, duration, "duration")
    if "budget_duration" in said:
        period = said["budget_duration"]
        times["budget_reset_at"] = durations.next_reset(now, period) if period else None
    return times


def _check_form(key: str) -> None:
    if not key.startswith("sk-") or len(key) == len("sk-"):
        message = "A key must begin with 'sk-' and go on after it"
        raise BadRequest(message, type="bad_request_error", param="key")


async def _check_owner(change: Change, user_id: str | None, team_id: str | None) -> None:
    """Refuse a key for somebody else, unless a team's admin makes it for a plain member of the team.

    A key may do what its user's role permits: whoever made one for an admin would be one.
    """
    actor = change.actor
    if actor.role is Role.PROXY_ADMIN or user_id is None or user_id == actor.user_id:
        return
    user = await users.by_id(change.db, user_id)
    member = user is not None and team_id in await teams.of_user(change.db, user_id)
    if user is None or not member or role_of(user.role) in ADMINS:
        raise PermissionDenied(
            f"Only a proxy admin may give a key to the user {user_id}; "
            "a team's admin may, to members of the team who are no proxy admins",
            type="auth_error",
            param="user_id",
        )


async def _check_team(change: Change, team_id: str | None) -> None:
    """Refuse a team that is not there: gateways would refuse each call with the key."""
    if team_id is not None and await teams.by_id(change.db, team_id) is None:
        message = f"There is no team {team_id}; make it first, with /team/new"
        raise BadRequest(message, type="bad_request_error", param="team_id")


def _missing(key: str) -> NotFound:
    shown = mask_of(key) if key.startswith("sk-") else key
    return NotFound(f"There is no key {shown}", param="key")
