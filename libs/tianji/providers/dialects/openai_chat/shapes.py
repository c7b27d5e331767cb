"""Answers of a JSON schema from vendors that keep to none: JSON mode, and the schema in words."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from msgspec import Raw

from tianji.providers._params import Params
from tianji.providers.dialects.openai_chat.upstream import plain
from tianji.wire import values
from tianji.wire.values import Object

_WORDS = "Answer with one JSON object and nothing else: no prose around it, no code fence."


def schema_in_words(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Ask for JSON and tell the schema in a system message.

    JSON mode itself is only asked for without tools: vendors that lack schemas refuse both together,
    or never call a tool then.
    """
    shape = plain(body.get("response_format"))
    if not isinstance(shape, dict) or shape.get("type") != "json_schema":
        return []
    described = shape.get("json_schema")
    messages = body.get("messages")
    if isinstance(messages, Raw):
        messages = values.decode(messages, "messages")
    if not isinstance(messages, list):
        return []
    words = _words(described if isinstance(described, dict) else {})
    body["messages"] = _told(messages, words)
    if plain(body.get("tools")):
        del body["response_format"]
    else:
        body["response_format"] = {"type": "json_object"}
    return ["json_schema as instructions"]


def _words(described: Object) -> str:
    words = _WORDS
    if isinstance(described.get("description"), str):
        words += f"\n{described['description']}"
    if described.get("schema") is not None:
        words += f"\nIt must keep to this JSON Schema:\n{values.encode(described['schema']).decode()}"
    return words


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
