"""`/user/bulk_update`: many users in one transaction; one who cannot be changed is told, the others are."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji.errors import TianjiError
from tianji_control.call import Call
from tianji_control.decode import parts_of
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.users import store
from tianji_control.resources.users.fields import UserFields
from tianji_control.resources.users.rewriting import Asked, rewrite_all
from tianji_control.resources.users.shown import shown

MOST_AT_ONCE = 500


class Users(Struct, kw_only=True):
    """The body of `/user/bulk_update`."""

    users: list[dict[str, Any]] | None = None
    all_users: bool = False
    user_updates: dict[str, Any] | None = None


async def bulk_update(call: Call) -> Response:
    """POST /user/bulk_update: change many users at once"""
    ask = await call.body(Users)
    results: list[dict[str, Any]] = []
    async with call.change() as change:
        wanted = ask.users or []
        if ask.all_users:
            call.require("user:update")
            wanted = [(ask.user_updates or {}) | {"user_id": id} for id in await store.all_ids(change.db)]
        if not wanted or (len(wanted) > MOST_AT_ONCE and not ask.all_users):
            words = f"name 1 to {MOST_AT_ONCE} users, or set all_users"
            raise WrongFields([Fault(["body", "users"], words, "value_error")])
        rows = await rewrite_all(call, change, [_asked(one, call.request.url.path) for one in wanted])
        for one, row in zip(wanted, rows, strict=True):
            result: dict[str, Any] = {"user_id": one.get("user_id"), "user_email": one.get("user_email")}
            if isinstance(row, TianjiError):
                results.append(result | {"success": False, "error": row.message, "updated_user": None})
            else:
                results.append(result | {"success": True, "error": None, "updated_user": shown(row, 0, [])})
        call.checked_each()
    done = sum(result["success"] for result in results)
    return call.answer(
        {
            "results": results,
            "total_requested": len(results),
            "successful_updates": done,
            "failed_updates": len(results) - done,
        }
    )


def _asked(one: dict[str, Any], path: str) -> Asked | TianjiError:
    try:
        fields, said = parts_of(one, UserFields, path)
    except TianjiError as fault:
        return fault
    return Asked(fields.user_id, fields.user_email, said)
