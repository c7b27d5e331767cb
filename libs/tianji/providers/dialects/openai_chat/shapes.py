"""Answers of a JSON schema from vendors that keep to none: JSON mode, and the schema in words."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from msgspec import Raw

from tianji.providers._params import Params
from tianji.providers.dialects.instructed import in_words
from tianji.providers.dialects.openai_chat.upstream import plain
from tianji.wire import values
from tianji.wire.chat.read import read_shape


def schema_in_words(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Ask for JSON and tell the schema in a system message.

    JSON mode itself is only asked for without tools: vendors that lack schemas refuse both together,
    or never call a tool then.
    """
    if not _tell(body, "json_schema"):
        return []
    if plain(body.get("tools")):
        del body["response_format"]
    else:
        body["response_format"] = {"type": "json_object"}
    return ["json_schema as instructions"]


def object_in_words(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Ask for a JSON object in a system message, of vendors that keep to schemas and have no JSON mode."""
    if not _tell(body, "json_object"):
        return []
    del body["response_format"]
    return ["json_object as instructions"]


def _tell(body: MutableMapping[str, Any], kind: str) -> bool:
    """Tell the form of the answer in words, where it is of this kind."""
    said = plain(body.get("response_format"))
    if not isinstance(said, dict) or said.get("type") != kind:
        return False
    shape = read_shape(said)
    messages = body.get("messages")
    if isinstance(messages, Raw):
        messages = values.decode(messages, "messages")
    if not isinstance(messages, list) or shape is None:
        return False
    body["messages"] = _told(messages, in_words(shape))
    return True


def _told(messages: list[Any], words: str) -> list[Any]:
    """Add words to the instructions: many vendors take one system message only, and only as the first."""
    first = messages[0] if messages else None
    if isinstance(first, dict) and first.get("role") in ("system", "developer"):
        content = first.get("content")
        if isinstance(content, str):
            return [{**first, "content": f"{content}\n\n{words}"}, *messages[1:]]
        if isinstance(content, list):
            return [{**first, "content": [*content, {"type": "text", "text": words}]}, *messages[1:]]
    return [{"role": "system", "content": words}, *messages]
