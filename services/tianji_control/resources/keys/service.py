"""The rules of virtual keys."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from tianji.domain.keys import hash_of, mask_of
from tianji.domain.snapshot import KEY
from tianji.errors import BadRequest, NotFound
from tianji.store.rows import Connection
from tianji_control import durations
from tianji_control.access.permits import ANYTHING, everywhere
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.limits import raises_budget
from tianji_control.resources.budgets import service as budgets
from tianji_control.resources.keys import policy, store
from tianji_control.resources.keys.fields import SUCCESSOR, columns
from tianji_control.resources.keys.ownership import check_claim, claimed, target_of
from tianji_control.resources.keys.places import check_places, check_project
from tianji_control.resources.keys.promised import check_promised
from tianji_control.resources.keys.store import KeyRow
from tianji_control.resources.settings import store as settings
from tianji_control.spent import figures, resets
from tianji_control.spent.figures import Now
from tianji_control.spent.totals import total, totals
from tianji_control.written import Written

KEY_BYTES = 16
LIMITS = (
    "max_budget",
    "soft_budget",
    "budget_duration",
    "budget_limits",
    "model_max_budget",
    "end_user_budget_id",
    "spend",
    "blocked",
    "allowed_ips",
    "budget_id",
    "temp_budget_increase",
    "temp_budget_expiry",
)
"""What an update may name only with the permission to limit the key."""
OWNERS = ("user_id", "team_id", "organization_id")
NOBODYS = "key:unowned"
"""The permission to have a key of a team that is held to no member's budget and limits."""
NEVER = "-1"
"""As the duration of an update: the key no longer expires."""


def hash_given(key: str) -> str:
    """Return the hash that a request means: it may name a key by itself or by its hash."""
    return hash_of(key) if key.startswith("sk-") else key


async def generate(call: Call, said: dict[str, Any]) -> tuple[str, KeyRow]:
    """Make a key; return it, this once, and its row."""
    async with call.change() as change:
        rules = (await settings.in_force(change.db)).calls
        said = policy.with_defaults(said, rules)
        policy.check_may_generate(call.actor, said, rules)
        return await make(change, await claimed(call, change, policy.bounded(said, rules)))


async def generate_for_nobody(call: Call, said: dict[str, Any]) -> tuple[str, KeyRow]:
    """Make a key of a team that is no user's; return it, this once, and its row."""
    async with call.change() as change:
        rules = (await settings.in_force(change.db)).calls
        said = policy.with_defaults(said, rules) | {"user_id": None}
        policy.check_may_generate(call.actor, said, rules)
        await check_claim(call, change, NOBODYS, said)
        return await make(change, policy.bounded(said, rules))


async def make(change: Change, said: dict[str, Any]) -> tuple[str, KeyRow]:
    """Make a key within a change; the caller has checked who may."""
    key = fresh_key(said.get("key"))
    await budgets.check_named(change.db, said)
    now = datetime.now(UTC)
    row = KeyRow(
        hash=hash_of(key),
        name=mask_of(key),
        created_at=now,
        created_by=change.actor.name,
        updated_at=now,
        updated_by=change.actor.name,
        spend_adjustment=said.get("spend") or Decimal(0),
        **await timed(change.db, said, now, now),
        **columns(said, {}, {}),
    )
    row = rotation_planned(row, now)
    await check_project(change.db, None, row)
    await check_promised(change.db, None, row)
    await store.check_value(change.db, row.hash)
    await store.insert(change.db, row)
    await change.note(KEY, row.hash, "key:generate", after=row)
    return key, row


async def update(call: Call, key: str, said: dict[str, Any]) -> KeyRow:
    """Change what a request names of a key."""
    async with call.change() as change:
        before = await locked(call, change, key, "key:update")
        row = await decided(call, change, before, said, (await settings.in_force(change.db)).calls)
        await store.update(change.db, row)
        await change.note(KEY, row.hash, "key:update", before=before, after=row)
        return row


async def decided(
    call: Call, change: Change, before: KeyRow, said: dict[str, Any], rules: dict[str, Any]
) -> KeyRow:
    """Return what a key becomes by a request; refuse what the caller may not, or the key in its place."""
    await check_new(call, change, before, said, rules)
    row = await changed(change, before, said)
    await check_places(change.db, before, row)
    return row


async def check_new(
    call: Call, change: Change, before: KeyRow, said: dict[str, Any], rules: dict[str, Any]
) -> None:
    """Require that the caller may limit the key, and give it to whom the request names."""
    policy.bounded(said, rules, fill=False)
    if any(name in said for name in LIMITS) or raises_budget(said, before.metadata):
        await require(call, change.db, "key:limit", before)
    owners = {name: getattr(before, name) for name in OWNERS}
    wanted = owners | {name: said[name] for name in OWNERS if name in said}
    if wanted != owners:
        released = wanted["user_id"] is None and wanted["team_id"] is not None
        await check_claim(call, change, NOBODYS if released else "key:update", wanted)


async def changed(change: Change, before: KeyRow, said: dict[str, Any]) -> KeyRow:
    """Return a key's row with what a request names of it."""
    await budgets.check_named(change.db, said, {"budget_id": before.budget_id, **before.extra})
    now = datetime.now(UTC)
    row = msgspec.structs.replace(
        before,
        updated_at=now,
        updated_by=change.actor.name,
        **await timed(change.db, said, now, before.created_at),
        **columns(said, before.metadata, before.extra),
    )
    if "auto_rotate" in said or "rotation_interval" in said:
        row = rotation_planned(row, now)
    if said.get("spend") is None:
        return row
    check_in_force(before)
    return msgspec.structs.replace(
        row, spend_adjustment=said["spend"] - await total(change.db, KEY, before.hash)
    )


async def reset_spend(call: Call, key: str, reset_to: Decimal) -> tuple[KeyRow, Decimal]:
    """Set what a key counts as having spent; return it as it is now, and the figure of before."""
    async with call.change() as change:
        before = await locked(call, change, key, "key:limit")
        check_in_force(before)
        [(shown, spent)] = await with_spend(change.db, [before])
        previous = shown.spend_adjustment + spent
        if not 0 <= reset_to <= previous:
            message = f"reset_to must be between 0 and what the key has spent: {previous:f}"
            raise BadRequest(message, type="bad_request_error", param="reset_to")
        row = msgspec.structs.replace(
            before,
            spend_adjustment=reset_to - spent,
            updated_at=datetime.now(UTC),
            updated_by=call.actor.name,
        )
        await store.update(change.db, row)
        await change.note(KEY, row.hash, "key:reset_spend", before=before, after=row)
    return row, previous


async def set_blocked(call: Call, key: str, blocked: bool) -> KeyRow:
    """Block a key, or let it in again."""
    async with call.change() as change:
        before = await locked(call, change, key, "key:limit")
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
        named = await store.hashes_of_aliases(change.db, aliases)
        if len(named) < len(set(aliases)):
            raise NotFound("Not all of these key aliases are there; nothing was deleted", param="key_aliases")
        wanted = {*hashes, *named}
        rows = await store.by_hashes_for_update(change.db, sorted(wanted))
        for hash in sorted(wanted - {row.hash for row in rows}):
            raise missing(hash)
        for row in rows:
            await require(call, change.db, "key:delete", row)
        await remove(change, rows)


async def remove(change: Change, rows: list[KeyRow], action: str = "key:delete") -> None:
    """Delete keys within a change; the caller has checked who may."""
    if not rows:
        return
    await change.keep_all(KEY, {row.hash: row for row in rows})
    await store.delete(change.db, [row.hash for row in rows])
    await change.note_all([Written(KEY, row.hash, action, before=row) for row in rows])


async def find(call: Call, key: str | None) -> tuple[KeyRow, Decimal]:
    """Return a key, the caller's own when none is named, and what it has spent in the ledger."""
    hash = key or call.actor.key_hash
    if hash is None:
        raise NotFound("Name a key: the master key has no record of its own", param="key")
    return (await find_all(call, [hash]))[0]


async def find_all(call: Call, keys: list[str]) -> list[tuple[KeyRow, Decimal]]:
    """Return these keys, each with what it has spent in the ledger."""
    hashes = [hash_given(key) for key in keys]
    async with call.runtime.store.connection() as db:
        rows = {row.hash: row for row in await store.by_hashes(db, hashes)}
        for key, hash in zip(keys, hashes, strict=True):
            if hash not in rows:
                raise missing(key)
            await require(call, db, "key:read", rows[hash])
        return await with_spend(db, [rows[hash] for hash in hashes])


async def rows_with_spend(db: Connection, hashes: list[str]) -> list[tuple[KeyRow, Decimal]]:
    """Return these keys in this order, each with all that it has spent in the ledger."""
    rows = {row.hash: row for row in await store.by_hashes(db, hashes)}
    return await with_spend(db, [rows[hash] for hash in hashes if hash in rows])


async def with_spend(db: Connection, rows: list[KeyRow]) -> list[tuple[KeyRow, Decimal]]:
    """Return keys, each with all that it has spent in the ledger.

    The adjustment of a key whose budget begins anew is one to the spend of its window of now.
    """
    spent = await totals(db, KEY, [row.hash for row in rows])
    # Only a budget has a window, which the key has itself or shares.
    now = await figures.current(db, KEY, [row.hash for row in rows if row.budget_duration or row.budget_id])
    return [
        (_as_of(row, spent.get(row.hash, Decimal(0)), now.get(row.hash)), spent.get(row.hash, Decimal(0)))
        for row in await resets.with_ends(db, rows)
    ]


def _as_of(row: KeyRow, spent: Decimal, now: Now | None) -> KeyRow:
    if now is None:
        return row
    return msgspec.structs.replace(figures.as_of(row, now), spend_adjustment=now.spend_usd - spent)


async def locked(call: Call, change: Change, key: str, permission: str) -> KeyRow:
    """Return a key that nobody else writes until the change ends; require what the caller wants to do."""
    row = await store.by_hash_for_update(change.db, hash_given(key))
    if row is None:
        raise missing(key)
    await require(call, change.db, permission, row)
    return row


async def require(call: Call, db: Connection, permission: str, row: KeyRow) -> None:
    """Require that the caller may do this to a key."""
    # Whose it is need not be looked up for who may do it to every key.
    call.require(permission, ANYTHING if everywhere(call.actor, permission) else await target_of(db, row))


def check_in_force(row: KeyRow) -> None:
    """Refuse a value that was replaced: what the key has spent, and its next value, are the new one's."""
    if SUCCESSOR in row.extra:
        message = "This value was replaced and serves until its grace is over; name the key by the new one"
        raise BadRequest(message, type="bad_request_error", param="key")


def rotation_planned(row: KeyRow, now: datetime) -> KeyRow:
    """Return a key with the time of its next rotation. Raises BadRequest for one without an interval."""
    if not row.auto_rotate:
        return msgspec.structs.replace(row, key_rotation_at=None)
    if not row.rotation_interval:
        message = "auto_rotate needs a rotation_interval, such as 30d"
        raise BadRequest(message, type="bad_request_error", param="rotation_interval")
    due = durations.after(now, row.rotation_interval, "rotation_interval")
    return msgspec.structs.replace(row, key_rotation_at=due)


async def timed(db: Connection, said: dict[str, Any], now: datetime, made: datetime) -> dict[str, Any]:
    """Work out the points in time that follow from durations; `made` is when the key was made."""
    times = await resets.begun(db, said, made)
    if "duration" in said:
        duration = said["duration"]
        forever = duration is None or duration == NEVER
        times["expires"] = None if forever else durations.after(now, duration, "duration")
    return times


def fresh_key(wanted: str | None) -> str:
    """Return the key that a request asks for, or a new one. Raises BadRequest for a bad form."""
    key = wanted or f"sk-{secrets.token_urlsafe(KEY_BYTES)}"
    if not key.startswith("sk-") or len(key) == len("sk-"):
        message = "A key must begin with 'sk-' and go on after it"
        raise BadRequest(message, type="bad_request_error", param="key")
    return key


def missing(key: str) -> NotFound:
    """Say that there is no such key."""
    shown = mask_of(key) if key.startswith("sk-") else key
    return NotFound(f"There is no key {shown}", param="key")
