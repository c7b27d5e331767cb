"""What tools gave back: to `functionResponse` parts that fit the calls before them."""

from __future__ import annotations

from typing import Any

import msgspec

from tianji.errors import BadRequest
from tianji.providers.dialects.gemini.media import write_media
from tianji.providers.dialects.gemini.model import Model
from tianji.wire.neutral import Audio, Block, Document, Image, Refusal, Text, ToolResult, Video
from tianji.wire.values import Object

_MISSING = "There is no result: the call was not carried out."


def write_result(result: ToolResult, name: str, model: Model) -> list[Object]:
    """Write a result, and the media in it: inside where the model takes them there, else behind."""
    said = "\n".join(text for block in result.content if (text := _text(block)) is not None)
    media = [
        write_media(block, model)
        for block in result.content
        if isinstance(block, Image | Audio | Video | Document)
    ]
    response = {"error": said} if result.failed else _object(said)
    named: Object = {"id": result.call_id} if result.call_id else {}
    written: Object = {**named, "name": name, "response": response}
    if media and model.media_in_results:
        written["parts"] = media
        media = []
    return [{"functionResponse": written}, *media]


def _text(block: Block) -> str | None:
    match block:
        case Text(text=text) | Refusal(text=text):
            return text
        case Image() | Audio() | Video() | Document():
            return None
    raise BadRequest(f"a block '{type(block).__name__}' cannot stand in the result of a tool")


def _object(said: str) -> Any:
    """Return a result as the object that Gemini wants."""
    try:
        found = msgspec.json.decode(said)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return {"result": said}
    if isinstance(found, dict):
        return found
    return {"result": found if isinstance(found, list) else said}


def answered(before: list[Object], parts: list[Object]) -> list[Object]:
    """Return a user's parts with one result per call of the turn before, in the calls' order, first.

    A call without a result gets one that says so; a result without a call becomes plain text.
    """
    results = [part["functionResponse"] for part in parts if "functionResponse" in part]
    rest = [part for part in parts if "functionResponse" not in part]
    found: list[Object] = []
    for call in [part["functionCall"] for part in before if "functionCall" in part]:
        at = _place(call, results)
        if at is None:
            found.append({**_identity(call), "name": call["name"], "response": {"error": _MISSING}})
        else:
            found.append({**results.pop(at), "name": call["name"]})
    orphans = [{"text": _told(result)} for result in results]
    return [{"functionResponse": result} for result in found] + orphans + rest


def _place(call: Object, results: list[Object]) -> int | None:
    """Find a call's result: by its id, or by its name where ids say nothing."""
    identity = call.get("id")
    for at, result in enumerate(results):
        if identity is not None and result.get("id") == identity:
            return at
    if identity is not None:
        return None
    return next((at for at, one in enumerate(results) if one.get("name") == call["name"]), None)


def _identity(call: Object) -> Object:
    return {"id": call["id"]} if "id" in call else {}


def _told(result: Object) -> str:
    return f"Result of {result['name']}: {msgspec.json.encode(result['response']).decode()}"
