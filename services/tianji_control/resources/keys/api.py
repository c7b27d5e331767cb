"""`/key/…`: virtual keys."""

from __future__ import annotations

import uuid
from decimal import Decimal

from msgspec import UNSET, Struct
from starlette.responses import Response

from tianji.errors import BadRequest
from tianji_control.call import Call, Guarded
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.keys import rotation, service, shown
from tianji_control.resources.keys.answers import (
    AliasPage,
    KeyChanged,
    KeyHealth,
    KeyInfo,
    KeyInfos,
    KeyMade,
    KeyPage,
    KeysChanged,
    KeysDeleted,
    KeyWithHash,
    SpendNow,
)
from tianji_control.resources.keys.bulk import Items, bulk_update
from tianji_control.resources.keys.fields import KeyFields, given
from tianji_control.resources.keys.listing import AliasList, KeyList, aliases, listed


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


class Regeneration(KeyFields, kw_only=True):
    """The body of `/key/regenerate`."""

    new_key: str | None = None
    new_master_key: str | None = None
    grace_period: str | None = None


class SpendReset(Struct):
    """The body of `/key/…/reset_spend`."""

    reset_to: Decimal


async def generate(call: Call) -> Response:
    """POST /key/generate: make a virtual key, which is told this once"""
    said = given(await call.body(KeyFields))
    key, row = await service.generate(call, said)
    return call.answer(shown.generated(key, row, said))


async def info(call: Call) -> Response:
    """GET /key/info: show a key, the caller's own when none is named"""
    key = call.query(WhichKey).key
    row, spent = await service.find(call, key)
    return call.answer({"key": key or row.hash, "info": shown.info(row, spent)}, version=row)


async def infos(call: Call) -> Response:
    """POST /v2/key/info: show several keys"""
    keys = (await call.body(Keys)).keys
    if not keys:
        raise WrongFields([Fault(["body", "keys"], "name at least one key", "missing")])
    found = await service.find_all(call, keys)
    return call.answer({"key": keys, "info": [shown.info(row, spent) for row, spent in found]})


async def update(call: Call) -> Response:
    """POST /key/update: change what is named of a key"""
    fields = await call.body(KeyFields)
    if not fields.key:
        raise WrongFields([Fault(["body", "key"], "the field key is required", "missing")])
    key, fields.key = fields.key, UNSET
    said = given(fields)
    row = await service.update(call, key, said)
    times = {name: getattr(row, name) for name in ("expires", "budget_reset_at")}
    return call.answer({"key": key, **shown.echoed(said), **times, "updated_at": row.updated_at})


async def delete(call: Call) -> Response:
    """POST /key/delete: delete keys, all or none of them"""
    wanted = await call.body(Keys)
    if not wanted.keys and not wanted.key_aliases:
        raise WrongFields([Fault(["body", "keys"], "name the keys or key_aliases to delete", "missing")])
    await service.delete(call, wanted.keys or [], wanted.key_aliases or [])
    return call.answer({"deleted_keys": wanted.keys or wanted.key_aliases})


async def block(call: Call) -> Response:
    """POST /key/block: refuse a key from now on"""
    return await _set_blocked(call, True)


async def unblock(call: Call) -> Response:
    """POST /key/unblock: let a key in again"""
    return await _set_blocked(call, False)


async def service_account(call: Call) -> Response:
    """POST /key/service-account/generate: a key of a team, of no user."""
    said = given(await call.body(KeyFields))
    if not said.get("team_id"):
        message = "A service account belongs to a team; name its team_id"
        raise BadRequest(message, type="bad_request_error", param="team_id")
    name = said.get("key_alias") or f"service-account-{uuid.uuid4()}"
    said["metadata"] = {"service_account_id": name} | (said.get("metadata") or {})
    said["user_id"] = None
    key, row = await service.generate_for_nobody(call, said)
    return call.answer(shown.generated(key, row, said))


async def regenerate(call: Call) -> Response:
    """POST /key/regenerate, POST /key/{key}/regenerate: a new value for a key; without one the caller's"""
    fields = await call.body(Regeneration)
    if fields.new_master_key:
        message = "The master key is set by TIANJI_MASTER_KEY or the config file, and changed there"
        raise BadRequest(message, type="bad_request_error", param="new_master_key")
    said = given(fields)
    named = said.pop("key", None)
    wanted, grace = (said.pop(name, None) for name in ("new_key", "grace_period"))
    said.pop("new_master_key", None)
    old = call.request.path_params.get("key") or call.query(WhichKey).key or named or call.actor.key_hash
    if not old:
        raise WrongFields([Fault(["body", "key"], "name the key to regenerate", "missing")])
    key, row, spent = await rotation.regenerate(call, old, said, wanted, grace)
    return call.answer(shown.generated(key, row, said) | {"spend": float(row.spend_adjustment + spent)})


async def reset_spend(call: Call) -> Response:
    """POST /key/{key}/reset_spend: set what a key counts as having spent"""
    reset_to = (await call.body(SpendReset)).reset_to
    row, previous = await service.reset_spend(call, call.request.path_params["key"], reset_to)
    return call.answer(
        {
            "key_hash": row.hash,
            "spend": float(reset_to),
            "previous_spend": float(previous),
            "max_budget": shown.number(row.max_budget),
            "budget_reset_at": row.budget_reset_at,
        }
    )


async def health(call: Call) -> Response:
    """POST /key/health: whether the caller's key works; that it got here says so."""
    call.sight("key:read")
    return call.answer({"key": "healthy", "logging_callbacks": None})


async def _set_blocked(call: Call, blocked: bool) -> Response:
    row = await service.set_blocked(call, (await call.body(OneKey)).key, blocked)
    async with call.runtime.store.connection() as db:
        [(row, spent)] = await service.with_spend(db, [row])
    return call.answer(shown.full(row, spent))


routes = [
    Guarded("POST", "/key/generate", generate, "key:create", body=KeyFields, gives=KeyMade),
    Guarded(
        *("POST", "/key/service-account/generate", service_account, "key:unowned"),
        body=KeyFields,
        gives=KeyMade,
    ),
    Guarded("GET", "/key/info", info, "key:read", query=WhichKey, gives=KeyInfo),
    Guarded("POST", "/v2/key/info", infos, "key:read", body=Keys, gives=KeyInfos),
    Guarded("GET", "/key/list", listed, "key:read", query=KeyList, gives=KeyPage),
    Guarded("GET", "/key/aliases", aliases, "key:read", query=AliasList, gives=AliasPage),
    Guarded("POST", "/key/health", health, "key:read", gives=KeyHealth),
    Guarded("GET", "/key/health", health, "key:read", gives=KeyHealth),
    Guarded("POST", "/key/update", update, "key:update", body=KeyFields, gives=KeyChanged),
    Guarded("POST", "/key/bulk_update", bulk_update, "key:update", body=Items, gives=KeysChanged),
    Guarded(
        "POST",
        "/key/regenerate",
        regenerate,
        "key:update",
        body=Regeneration,
        query=WhichKey,
        gives=KeyMade,
        once=True,
    ),
    Guarded(
        "POST",
        "/key/{key:path}/regenerate",
        regenerate,
        "key:update",
        body=Regeneration,
        query=WhichKey,
        gives=KeyMade,
        once=True,
    ),
    Guarded("POST", "/key/{key:path}/reset_spend", reset_spend, "key:limit", body=SpendReset, gives=SpendNow),
    Guarded("POST", "/key/delete", delete, "key:delete", body=Keys, gives=KeysDeleted),
    Guarded("POST", "/key/block", block, "key:limit", body=OneKey, gives=KeyWithHash),
    Guarded("POST", "/key/unblock", unblock, "key:limit", body=OneKey, gives=KeyWithHash),
]
