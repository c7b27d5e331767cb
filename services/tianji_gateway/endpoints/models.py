"""Which models a caller may use, in OpenAI's shape, Anthropic's or Google's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from tianji.errors import BadRequest, NotFound
from tianji_gateway.caller import Caller
from tianji_gateway.endpoints.answers import send_json
from tianji_gateway.endpoints.contract import Asked
from tianji_gateway.flow.admit import admit_route, visible_models
from tianji_gateway.flow.identify import identify
from tianji_gateway.flow.receive import opened
from tianji_gateway.runtime import Runtime

_CREATED = 1677610602
_CREATED_AT = "2023-02-28T18:56:42Z"
_ANTHROPICS = frozenset((b"anthropic-version",))
_GOOGLES = frozenset((b"x-goog-api-key", b"x-goog-api-client"))
"""Headers by which the clients of these vendors are known: both have a path that is OpenAI's too."""
_CODEX = "client_version"
"""The parameter that Codex sends, which reads a list of its own kind beside OpenAI's."""
_COLLECTION = "models/"


async def listed(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """GET /v1/models"""
    if _sends(asked, _GOOGLES):
        await listed_for_google(asked, caller, rt)
        return
    names = await _visible(asked, rt)
    if _sends(asked, _ANTHROPICS):
        await send_json(caller, _anthropic_list(names, _query(asked)))
    else:
        found: dict[str, Any] = {"data": [_openai(name) for name in names], "object": "list"}
        if _CODEX in _query(asked):
            found["models"] = []  # it fails without; an empty list leaves it with what it knows itself
        await send_json(caller, found)


async def one(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """GET /v1/models/{model}"""
    if _sends(asked, _GOOGLES):
        await one_for_google(asked, caller, rt)
        return
    name = await _known(asked.params["model"], asked, rt)
    await send_json(caller, _anthropic(name) if _sends(asked, _ANTHROPICS) else _openai(name))


async def listed_for_google(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """GET /v1beta/models"""
    names, query = await _visible(asked, rt), _query(asked)
    start = _place(names, query.get("pageToken"), "pageToken")
    page, more = _page(names, start, query.get("pageSize"), "pageSize")
    body: dict[str, Any] = {"models": [_google(name) for name in page]}
    if more:
        body["nextPageToken"] = page[-1]
    await send_json(caller, body)


async def one_for_google(asked: Asked, caller: Caller, rt: Runtime) -> None:
    """GET /v1beta/models/{model}"""
    await send_json(caller, _google(await _known(asked.params["model"], asked, rt)))


async def _known(name: str, asked: Asked, rt: Runtime) -> str:
    if name not in await _visible(asked, rt):
        raise NotFound(f"The model '{name}' does not exist or your key may not use it", param="model")
    return name


async def _visible(asked: Asked, rt: Runtime) -> list[str]:
    call = opened(asked.scope, asked.template)
    snapshot = rt.snapshots.current
    principal = await identify(call, snapshot, rt.keys, rt.master_hash, rt.guesses)
    admit_route(call, principal, snapshot)
    return visible_models(principal, snapshot)


def _sends(asked: Asked, names: frozenset[bytes]) -> bool:
    return any(name in names for name, _ in asked.scope["headers"])


def _query(asked: Asked) -> Mapping[str, str]:
    said = parse_qs(asked.scope["query_string"].decode("latin-1"))
    return {name: values[0] for name, values in said.items()}


def _place(names: list[str], after: str | None, param: str) -> int:
    """Return where the page begins that follows a name."""
    if after is None:
        return 0
    if after not in names:
        raise BadRequest(f"`{param}` names no model of this list", param=param)
    return names.index(after) + 1


def _page(names: list[str], start: int, said: str | None, param: str) -> tuple[list[str], bool]:
    """Return a page, and whether more follow; without a size it is all that is left."""
    if said is None:
        return names[start:], False
    if not said.isdecimal() or int(said) < 1:
        raise BadRequest(f"`{param}` must be a whole number above 0", param=param)
    end = start + int(said)
    return names[start:end], end < len(names)


def _openai(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _CREATED, "owned_by": "openai"}


def _anthropic(name: str) -> dict[str, Any]:
    return {"type": "model", "id": name, "display_name": name, "created_at": _CREATED_AT}


def _google(name: str) -> dict[str, Any]:
    return {
        "name": _COLLECTION + name,
        "baseModelId": name,
        "version": "1",
        "displayName": name,
        "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
    }


def _anthropic_list(names: list[str], query: Mapping[str, str]) -> dict[str, Any]:
    before = query.get("before_id")
    if before is not None:
        names = names[: _place(names, before, "before_id") - 1][::-1]
    start = 0 if before is not None else _place(names, query.get("after_id"), "after_id")
    page, more = _page(names, start, query.get("limit"), "limit")
    if before is not None:
        page = page[::-1]
    return {
        "data": [_anthropic(name) for name in page],
        "has_more": more,
        "first_id": page[0] if page else None,
        "last_id": page[-1] if page else None,
    }
