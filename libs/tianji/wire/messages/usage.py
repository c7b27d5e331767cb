"""Anthropic's usage object: to and from ours.

Theirs counts cached prompt tokens beside `input_tokens`, ours counts them within.
"""

from __future__ import annotations

from tianji.wire.neutral import Usage
from tianji.wire.usage import count
from tianji.wire.values import Object

_KNOWN = (
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "cache_creation",
    "server_tool_use",
    "output_tokens_details",
)


def _object(value: object) -> Object:
    return value if isinstance(value, dict) else {}


def read_usage(raw: object, before: Usage | None = None) -> Usage:
    """Read a usage object; what it leaves out holds as said `before` in the same stream."""
    found = _object(raw)
    usage = Usage() if before is None else before
    was_input = usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens
    plain = count(found["input_tokens"]) if found.get("input_tokens") is not None else was_input
    if found.get("output_tokens") is not None:
        usage.output_tokens = count(found["output_tokens"])
    if found.get("cache_read_input_tokens") is not None:
        usage.cache_read_tokens = count(found["cache_read_input_tokens"])
    if found.get("cache_creation_input_tokens") is not None:
        usage.cache_write_tokens = count(found["cache_creation_input_tokens"])
    created = _object(found.get("cache_creation"))
    if created:
        usage.cache_write_1h_tokens = count(created.get("ephemeral_1h_input_tokens"))
    details = _object(found.get("output_tokens_details"))
    usage.reasoning_tokens = count(details.get("thinking_tokens")) or usage.reasoning_tokens
    searches = count(_object(found.get("server_tool_use")).get("web_search_requests"))
    usage.web_searches = searches or usage.web_searches
    usage.input_tokens = plain + usage.cache_read_tokens + usage.cache_write_tokens
    usage.extra |= {name: value for name, value in found.items() if name not in _KNOWN and value is not None}
    return usage


def write_usage(usage: Usage) -> Object:
    """Write a usage object."""
    out: Object = {
        "input_tokens": max(usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens, 0),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "output_tokens": usage.output_tokens,
    }
    if usage.cache_write_1h_tokens:
        out["cache_creation"] = {
            "ephemeral_5m_input_tokens": usage.cache_write_tokens - usage.cache_write_1h_tokens,
            "ephemeral_1h_input_tokens": usage.cache_write_1h_tokens,
        }
    if usage.web_searches:
        out["server_tool_use"] = {"web_search_requests": usage.web_searches}
    return out
