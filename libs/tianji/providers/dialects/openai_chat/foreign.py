"""Takes out of messages what only other providers understand, where it would be refused.

Clients that speak to many models mark what may be cached and send back signed thoughts. OpenAI
caches by itself, keeps its thoughts to itself, and refuses fields it does not know.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from msgspec import Raw

from tianji.providers._params import Params
from tianji.wire import values

_MARK = "cache_control"
_IN_MESSAGES = (_MARK, "thinking_blocks", "reasoning_content", "provider_specific_fields")
_NEEDLES = tuple(f'"{name}"'.encode() for name in _IN_MESSAGES)


def without_foreign(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Clean `messages` and `tools`; they are only decoded if there is something to take out."""
    changed: list[str] = []
    for field in ("messages", "tools"):
        value = body.get(field)
        if isinstance(value, Raw):
            raw = bytes(value)
            if not any(needle in raw for needle in _NEEDLES):
                continue
            value = values.decode(value, field)
        removed = _cleaned(value)
        if removed:
            body[field] = value
            changed += [f"dropped {name} of {field}" for name in sorted(removed)]
    return changed


def _cleaned(items: Any) -> set[str]:
    """Clean messages or tools in place; return the names of what was taken out."""
    removed: set[str] = set()
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict):
            continue
        removed |= _take(item, _IN_MESSAGES)
        inner = item.get("content") if "content" in item else [item.get("function")]
        for part in inner if isinstance(inner, list) else ():
            if isinstance(part, dict):
                removed |= _take(part, (_MARK,))
    return removed


def _take(holder: dict[str, Any], names: tuple[str, ...]) -> set[str]:
    return {name for name in names if holder.pop(name, None) is not None}
