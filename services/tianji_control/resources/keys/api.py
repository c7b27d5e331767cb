"""`/key/…`: virtual keys."""

from __future__ import annotations

import math

from msgspec import UNSET, Struct
from starlette.responses import Response
from starlette.routing import Route

from tianji_control.access.permits import Target
from tianji_control.call import Call, endpoint
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.keys import service, shown, store
from tianji_control.resources.keys.fields import KeyFields, given
from tianji_control.resources.keys.store import Wanted

LONGEST_PAGE = 100


class OneKey(Struct):
    """A key, or its hash."""

    key: str


class Keys(Struct):
    """Keys by themselves or their hashes, or by their aliases."""

    keys: list[str] | None = None
    key_aliases: list[str] | None = None


class WhichKey(Struct):
    """The key to show; without one the caller's own."""

    key: str | None = None


class KeyList(Struct, kw_only=True):
    """The query of `/key/list`."""

    page: int = 1
    size: int = 10
    user_id: str | None = None
    team_id: str | None = None
    organization_id: str | None = None
    project_id: str | None = None
    key_hash: str | None = None
    key_alias: str | None = None
    search: str | None = None
    return_full_object: bool = False
    include_team_keys: bool = False
    include_created_by_keys: bool = False
    sort_by: str | None = None
    sort_order: str = "desc"


async def generate(call: Call) -> Response:
    """POST /key/generate"""
    said = given(await call.body(KeyFields))
    key, row = await service.generate(call, said)
    return call.answer(shown.generated(key, row, said))


async def info(call: Call) -> Response:
    """GET /key/info"""
    key = call.query(WhichKey).key
    row, spent = await service.find(call, key)
    return call.answer({"key": key or row.hash, "info": shown.info(row, spent)})


async def infos(call: Call) -> Response:
    """POST /v2/key/info"""
    keys = (await call.body(Keys)).keys
    if not keys:
        raise WrongFields([Fault(["body", "keys"], "name at least one key", "missing")])
    found = [await service.find(call, key) for key in keys]
    return call.answer({"key": keys, "info": [shown.info(row, spent) for row, spent in found]})


async def update(call: Call) -> Response:
    """POST /key/update"""
    fields = await call.body(KeyFields)
    if not fields.key:
        raise WrongFields([Fault(["body", "key"], "the field key is required", "missing")])
    key, fields.key = fields.key, UNSET
    said = given(fields)
    row = await service.update(call, key, said)
    times = {name: getattr(row, name) for name in ("expires", "budget_reset_at")}
    return call.answer({"key": key, **shown.echoed(said), **times, "updated_at": row.updated_at})


async def delete(call: Call) -> Response:
    """POST /key/delete"""
    wanted = await call.body(Keys)
    if not wanted.keys and not wanted.key_aliases:
        raise WrongFields([Fault(["body", "keys"], "name the keys or key_aliases to delete", "missing")])
    await service.delete(call, wanted.keys or [], wanted.key_aliases or [])
    return call.answer({"deleted_keys": wanted.keys or wanted.key_aliases})


async def block(call: Call) -> Response:
    """POST /key/block"""
    return await _set_blocked(call, True)


async def unblock(call: Call) -> Response:
    """POST /key/unblock"""
    return await _set_blocked(call, False)


async def listed(call: Call) -> Response:
    """GET /key/list"""
    ask = call.query(KeyList)
    if ask.page < 1 or not 1 <= ask.size <= LONGEST_PAGE:
        raise WrongFields(
            [Fault(["query", "size"], f"pages begin at 1 and hold 1 to {LONGEST_PAGE}", "value_error")]
        )
    call.require("key:read", Target(user_id=call.actor.user_id, key_hash=call.actor.key_hash))
    wanted = Wanted(
        user_id=ask.user_id,
        team_id=ask.team_id,
        organization_id=ask.organization_id,
        project_id=ask.project_id,
        key_hash=service.hash_given(ask.key_hash) if ask.key_hash else None,
        key_alias=ask.key_alias,
        search=ask.search,
    )
    wanted = service.seen_by(call, wanted, team_keys=ask.include_team_keys)
    async with call.runtime.store.connection() as db:
        total = await store.count(db, wanted)
        hashes = await store.page(
            db,
            wanted,
            sort_by=ask.sort_by or "created_at",
            descending=ask.sort_order.lower() != "asc",
            limit=ask.size,
            offset=(ask.page - 1) * ask.size,
        )
        rows = await service.rows_with_spend(db, hashes) if ask.return_full_object else []
    return call.answer(
        {
            "keys": [shown.full(row, spent) for row, spent in rows] if ask.return_full_object else hashes,
            "total_count": total,
            "current_page": ask.page,
            "total_pages": math.ceil(total / ask.size),
        }
    )


async def _set_blocked(call: Call, blocked: bool) -> Response:
    row = await service.set_blocked(call, (await call.body(OneKey)).key, blocked)
    async with call.runtime.store.connection() as db:
        [(row, spent)] = await service.rows_with_spend(db, [row.hash])
    return call.answer(shown.full(row, spent))


routes = [
    Route("/key/generate", endpoint(generate), methods=["POST"]),
    Route("/key/info", endpoint(info), methods=["GET"]),
    Route("/v2/key/info", endpoint(infos), methods=["POST"]),
    Route("/key/update", endpoint(update), methods=["POST"]),
    Route("/key/delete", endpoint(delete), methods=["POST"]),
    Route("/key/block", endpoint(block), methods=["POST"]),
    Route("/key/unblock", endpoint(unblock), methods=["POST"]),
    Route("/key/list", endpoint(listed), methods=["GET"]),
]
