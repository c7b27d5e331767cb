"""`/fallback`: which models take over for another, by the kind of failure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from starlette.responses import Response

from tianji.errors import BadRequest, NotFound
from tianji_control.call import Call, Guarded
from tianji_control.resources.models import store as models
from tianji_control.resources.settings import service, store
from tianji_control.resources.settings.store import ROUTER

Kind = Literal["general", "context_window", "content_policy"]
FIELDS = {
    "general": "fallbacks",
    "context_window": "context_window_fallbacks",
    "content_policy": "content_policy_fallbacks",
}
"""The setting that holds each kind: a list of mappings from a model to those that take over."""

Chains = list[dict[str, Any]]


class NewFallback(Struct, kw_only=True):
    """The body of `POST /fallback`."""

    model: Annotated[str, Meta(min_length=1)]
    fallback_models: Annotated[list[str], Meta(min_length=1)]
    fallback_type: Kind = "general"


class WhichFallback(Struct, kw_only=True):
    """The query of `/fallback/{model}`."""

    fallback_type: Kind = "general"


class Fallback(Struct, frozen=True, kw_only=True):
    """Which models take over for one."""

    model: str
    fallback_models: list[str]
    fallback_type: str


class FallbackMade(Fallback, frozen=True, kw_only=True):
    """The same, with what was done."""

    message: str


class FallbackGone(Struct, frozen=True, kw_only=True):
    """Which fallback was taken away."""

    model: str
    fallback_type: str
    message: str


async def create(call: Call) -> Response:
    """POST /fallback: say which models take over, or others than before"""
    ask = await call.body(NewFallback)
    if len(set(ask.fallback_models)) < len(ask.fallback_models):
        raise _wrong("fallback_models must not contain duplicates")
    if ask.model in ask.fallback_models:
        raise _wrong(f"Model '{ask.model}' cannot be its own fallback")
    async with call.runtime.store.connection() as db:
        names = {row.model_name for row in await models.listed(db)}
    if ask.model not in names:
        raise NotFound(f"There is no model {ask.model!r} here", param="model")
    if missing := [name for name in ask.fallback_models if name not in names]:
        raise _wrong(f"There are no models {missing} here")
    there = False

    def with_it(before: Any) -> Chains:
        nonlocal there
        there = any(ask.model in chain for chain in _chains(before))
        left = [chain for chain in _chains(before) if ask.model not in chain]
        return [*left, {ask.model: ask.fallback_models}]

    await service.alter(call, ROUTER, FIELDS[ask.fallback_type], with_it, "router:fallback")
    return call.answer(
        FallbackMade(
            model=ask.model,
            fallback_models=ask.fallback_models,
            fallback_type=ask.fallback_type,
            message=f"Fallback configuration {'updated' if there else 'created'} successfully",
        )
    )


async def find(call: Call) -> Response:
    """GET /fallback/{model}"""
    model, kind = _asked(call)
    async with call.runtime.store.connection() as db:
        chains = _chains((await store.in_force(db)).router.get(FIELDS[kind]))
    for chain in chains:
        if isinstance(taking := chain.get(model), list):
            return call.answer(Fallback(model=model, fallback_models=taking, fallback_type=kind))
    raise _missing(model, kind)


async def delete(call: Call) -> Response:
    """DELETE /fallback/{model}"""
    model, kind = _asked(call)

    def without_it(before: Any) -> Chains | None:
        left = [chain for chain in _chains(before) if model not in chain]
        if len(left) == len(_chains(before)):
            raise _missing(model, kind)
        return left or None

    await service.alter(call, ROUTER, FIELDS[kind], without_it, "router:fallback")
    message = "Fallback configuration deleted successfully"
    return call.answer(FallbackGone(model=model, fallback_type=kind, message=message))


def _chains(found: Any) -> Chains:
    return [chain for chain in found if isinstance(chain, dict)] if isinstance(found, list) else []


def _asked(call: Call) -> tuple[str, str]:
    return call.request.path_params["model"], call.query(WhichFallback).fallback_type


def _wrong(message: str) -> BadRequest:
    return BadRequest(message, type="bad_request_error", param="fallback_models")


def _missing(model: str, kind: str) -> NotFound:
    return NotFound(f"No {kind} fallbacks configured for model '{model}'", param="model")


routes = [
    Guarded("POST", "/fallback", create, "config:update", body=NewFallback, gives=FallbackMade),
    Guarded("GET", "/fallback/{model}", find, "config:read", query=WhichFallback, gives=Fallback),
    Guarded("DELETE", "/fallback/{model}", delete, "config:update", query=WhichFallback, gives=FallbackGone),
]
