"""`/key/bulk_update`, and what all changes of many keys share: read, decided and written together."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from tianji.domain.snapshot import KEY
from tianji.errors import NotFound, TianjiError
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.keys import service, shown, store
from tianji_control.resources.keys.fields import given
from tianji_control.resources.keys.service import hash_given, missing
from tianji_control.resources.keys.store import KeyRow
from tianji_control.resources.settings import store as settings
from tianji_control.written import Written

MOST_AT_ONCE = 500


class Item(Struct, kw_only=True):
    """What is to change of one key."""

    key: str
    budget_id: str | UnsetType | None = UNSET
    max_budget: Decimal | UnsetType | None = UNSET
    team_id: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType | None = UNSET
    object_permission: dict[str, Any] | UnsetType | None = UNSET


class Items(Struct):
    """The body of `/key/bulk_update`."""

    keys: list[Item]


async def bulk_update(call: Call) -> Response:
    """POST /key/bulk_update: change many keys at once"""
    items = (await call.body(Items)).keys
    if not 1 <= len(items) <= MOST_AT_ONCE:
        words = f"name 1 to {MOST_AT_ONCE} keys"
        raise WrongFields([Fault(["body", "keys"], words, "value_error")])
    asked = []
    for item in items:
        said = given(item)
        asked.append((said.pop("key"), said))
    async with call.change() as change:
        results = await rewrite_all(call, change, asked)
        call.checked_each()
    return call.answer(told([item.key for item in items], results))


async def rewrite_all(
    call: Call,
    change: Change,
    asked: Sequence[tuple[str, dict[str, Any]]],
    *,
    of_team: str | None = None,
) -> list[KeyRow | TianjiError]:
    """Change keys within a change; say of each what it is now, or why it stays as it is.

    What is asked must leave alias and organization alone. `of_team` keeps the keys of others as they are.
    """
    hashes = [hash_given(key) for key, _ in asked]
    rows = {row.hash: row for row in await store.by_hashes_for_update(change.db, hashes)}
    rules = (await settings.in_force(change.db)).calls
    results: list[KeyRow | TianjiError] = []
    written: list[Written] = []
    for hash, (key, said) in zip(hashes, asked, strict=True):
        try:
            before = rows.get(hash)
            if of_team is not None and (before is None or before.team_id != of_team):
                raise NotFound(f"There is no such key in the team {of_team}", param="key_ids")
            if before is None:
                raise missing(key)
            await service.require(call, change.db, "key:update", before)
            row = await service.decided(call, change, before, said, rules)
            change.compare(KEY, before)
        except TianjiError as fault:
            results.append(fault)
        else:
            written.append(Written(KEY, hash, "key:update", before, row))
            results.append(row)
            rows[hash] = row
    if written:
        await store.update_all(change.db, [rows[hash] for hash in {one.id for one in written}])
        await change.note_all(written)
    return results


def told(keys: Sequence[str], results: Sequence[KeyRow | TianjiError]) -> dict[str, Any]:
    """Return what became of many keys."""
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for key, result in zip(keys, results, strict=True):
        if isinstance(result, TianjiError):
            failed.append({"key": key, "key_info": None, "failed_reason": result.message})
        else:
            done.append({"key": key, "key_info": shown.full(result, Decimal(0))})
    return {"total_requested": len(keys), "successful_updates": done, "failed_updates": failed}
