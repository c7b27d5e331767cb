"""Which models a caller may use, in OpenAI's shape or in Anthropic's."""

from __future__ import annotations

from typing import Any

from tianji.errors import NotFound
from tianji_gateway.caller import Caller
from tianji_gateway.endpoints.answers import send_json
from tianji_gateway.endpoints.contract import Asked
from tianji_gateway.flow.admit import admit_route, visible_models
from tianji_gateway.flow.identify import identify
from tianji_gateway.flow.receive import opened
from tianji_gateway.runtime import Runtime

_CREATED = 1677610602
_CREATED_AT = "2023-02-28T18:56:42Z"


async def listed(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """GET /v1/models"""
    names = await _visible(asked, rt)
    if _wants_anthropic(asked):
        await send_json(caller, _anthropic_list(names))
    else:
        await send_json(caller, {"data": [_openai(name) for name in names], "object": "list"})


async def one(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """GET /v1/models/{model}"""
    name = asked.params["model"]
    if name not in await _visible(asked, rt):
        raise NotFound(f"The model '{name}' does not exist or your key may not use it", param="model")
    await send_json(caller, _anthropic(name) if _wants_anthropic(asked) else _openai(name))


async def _visible(asked: Asked, rt: Runtime) -> list[str]:
    call = opened(asked.scope, asked.template)
    snapshot = rt.snapshots.current
    principal = await identify(call, snapshot, rt.keys, rt.master_hash, rt.guesses)
    admit_route(call, principal)
    return visible_models(principal, snapshot)


def _wants_anthropic(asked: Asked) -> bool:
    return any(name == b"anthropic-version" for name, _ in asked.scope["headers"])


def _openai(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "openai"}


def _anthropic(name: str) -> dict[str, Any]:
    return {"type": "model", "id": name, "display_name": name, "created_at": _CREATED_AT}


def _anthropic_list(names: list[str]) -> dict[str, Any]:
    return {
        "data": [_anthropic(name) for name in names],
        "has_more": False,
        "first_id": names[0] if names else None,
        "last_id": names[-1] if names else None,
    }
