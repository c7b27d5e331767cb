"""A new value for a key: all else of it stays, and the old value may serve on for a while."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from tianji.domain.keys import hash_of, mask_of
from tianji.domain.snapshot import KEY
from tianji_control import durations
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.resources.jwt_mappings.store import follow
from tianji_control.resources.keys import service, store
from tianji_control.resources.keys.fields import SUCCESSOR
from tianji_control.resources.keys.places import check_places
from tianji_control.resources.keys.store import KeyRow
from tianji_control.resources.settings import store as settings


async def regenerate(
    call: Call, key: str, said: dict[str, Any], wanted: str | None, grace: str | None
) -> tuple[str, KeyRow, Decimal]:
    """Replace a key's value; return the new one, this once, its row and all that the key has spent.

    With a grace time the old value serves until then, under no alias and as another name of the new one;
    without one it is gone at once.
    """
    value = service.fresh_key(wanted)
    async with call.change() as change:
        before = await service.locked(call, change, key, "key:update")
        service.check_in_force(before)
        await service.check_new(call, change, before, said, (await settings.in_force(change.db)).calls)
        row = await service.changed(change, before, said)
        if said:  # a leaked key gets a new value even where its place has since been narrowed
            await check_places(change.db, before, row)
        row = msgspec.structs.replace(
            service.rotation_planned(row, row.updated_at),
            hash=hash_of(value),
            name=mask_of(value),
            last_rotation_at=row.updated_at,
            rotation_count=before.rotation_count + 1,
        )
        await store.update(change.db, _retired(change, before, grace, row.hash))
        await store.insert(change.db, row)
        await store.give_value(change.db, before, row.hash)
        await follow(change.db, before.hash, row.hash)
        if grace:
            await change.note(KEY, before.hash, "key:regenerate", before=before)
        else:
            await service.remove(change, [before], "key:regenerate")
        await change.note(KEY, row.hash, "key:regenerate", before=before, after=row)
        [(row, spent)] = await service.with_spend(change.db, [row])
    return value, row, spent


def _retired(change: Change, row: KeyRow, grace: str | None, successor: str) -> KeyRow:
    """Return the old value's row: it gives up its alias, stands for the new one, and ends with its grace."""
    now = datetime.now(UTC)
    end = durations.after(now, grace, "grace_period") if grace else now
    return msgspec.structs.replace(
        row,
        alias=None,
        extra=row.extra | {SUCCESSOR: successor},
        expires=min(end, row.expires or end),
        auto_rotate=False,
        key_rotation_at=None,
        updated_at=now,
        updated_by=change.actor.name,
    )
