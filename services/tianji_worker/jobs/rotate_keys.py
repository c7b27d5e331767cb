"""Gives keys with `auto_rotate` a new value when their interval is over.

Nobody is told the new value here: as with LiteLLM it is for a secret manager to hand out. That is why
the job only runs where `LITELLM_KEY_ROTATION_ENABLED` is set.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from msgspec import Struct

from tianji.domain.keys import hash_of, mask_of
from tianji.store.rows import Connection, many, run, value
from tianji_worker.jobs.schedule import Q

MOST_AT_ONCE = 500
KEY_BYTES = 16
BY = "system"
AT_ONCE = "0s"


class DueKey(Struct, frozen=True):
    """A key whose interval is over."""

    hash: str
    name: str
    alias: str | None
    expires: datetime | None


async def rotate(db: Connection, now: datetime, *, grace: str) -> int:
    """Rotate all keys that are due; without a grace time the old values end at once. Returns how many."""
    await run(db, Q.plan_rotations, now=now)
    rotated = 0
    while due := await many(db, Q.due_keys, DueKey, now=now, limit=MOST_AT_ONCE):
        for key in due:
            await _replace(db, key, now, grace)
        rotated += len(due)
    return rotated


async def _replace(db: Connection, key: DueKey, now: datetime, grace: str) -> None:
    new = f"sk-{secrets.token_urlsafe(KEY_BYTES)}"
    named = {"hash": key.hash, "new_hash": hash_of(new)}
    await run(db, Q.retire_key, **named, now=now, by=BY, grace=grace or AT_ONCE)
    await run(
        db,
        Q.succeed_key,
        **named,
        new_name=mask_of(new),
        alias=key.alias,
        expires=key.expires,
        now=now,
        by=BY,
    )
    await value(db, Q.give_value, bool, **named)
    await run(db, Q.follow_key, **named)
    if not grace:
        await run(db, Q.keep_deleted, hash=key.hash, by=BY)
        await run(db, Q.delete_key, hash=key.hash)
    await run(db, Q.audit, **named, by=BY)
    await value(db, Q.tell_gateways, int, hashes=list(named.values()))
