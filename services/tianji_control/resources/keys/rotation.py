"""A new value for a key: all else of it stays, and the old value may serve on for a while."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from tianji.domain.keys import hash_of, mask_of
from tianji.domain.snapshot import KEY
from tianji_control import durations
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.resources.keys import service, store
from tianji_control.resources.keys.store import KeyRow


async def regenerate(
    call: Call, key: str, said: dict[str, Any], wanted: str | None, grace: str | None
) -> tuple[str, KeyRow]:
    """Replace a key; return the new one, this once, and its row.

    The new key carries on with what the old one has spent. With a grace time the old one serves until
    then, under no alias; without one it is gone at once.
    """
    value = service.fresh_key(wanted)
    async with call.change() as change:
        before = await service.locked(call, change, key, "key:update")
        await service.check_new(call, change, before, said)
        row = await service.changed(change, before, said)
        if said.get("spend") is None:
            spent = before.spend_adjustment + await store.spent(change.db, before.hash)
        else:
            spent = said["spend"]
        row = msgspec.structs.replace(
            row, hash=hash_of(value), name=mask_of(value), spend_adjustment=spent, created_at=row.updated_at
        )
        await _retire(change, before, grace)
        await store.insert(change.db, row)
        await change.note(KEY, row.hash, "key:regenerate", before=before, after=row)
    return value, row


async def _retire(change: Change, row: KeyRow, grace: str | None) -> None:
    if not grace:
        await service.remove(change, row, "key:regenerate")
        return
    now = datetime.now(UTC)
    end = durations.after(now, grace, "grace_period")
    old = msgspec.structs.replace(
        row,
        alias=None,
        expires=min(end, row.expires or end),
        updated_at=now,
        updated_by=change.actor.name,
    )
    await store.update(change.db, old)
    await change.note(KEY, row.hash, "key:regenerate", before=row, after=old)
