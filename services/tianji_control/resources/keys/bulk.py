"""`/key/bulk_update`: many keys in one transaction; one that cannot be changed is told, the others are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from tianji.errors import TianjiError
from tianji_control.call import Call
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.keys import service, shown
from tianji_control.resources.keys.fields import given

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
    done: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    async with call.change() as change:
        for item in items:
            said = given(item)
            key = said.pop("key")
            try:
                async with change.part():
                    row = await service.rewrite(call, change, key, said)
            except TianjiError as fault:
                failed.append({"key": key, "key_info": None, "failed_reason": fault.message})
            else:
                done.append({"key": key, "key_info": shown.full(row, Decimal(0))})
        call.checked_each()
    return call.answer({"total_requested": len(items), "successful_updates": done, "failed_updates": failed})
