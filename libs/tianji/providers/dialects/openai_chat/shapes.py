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
    said = plain(body.get("response_format"))
    if not isinstance(said, dict) or said.get("type") != "json_schema":
        return []
    shape = read_shape(said)
    messages = body.get("messages")
    if isinstance(messages, Raw):
        messages = values.decode(messages, "messages")
    if not isinstance(messages, list) or shape is None:
        return []
    body["messages"] = _told(messages, in_words(shape))
    if plain(body.get("tools")):
        del body["response_format"]
    else:
        body["response_format"] = {"type": "json_object"}
    return ["json_schema as instructions"]


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
