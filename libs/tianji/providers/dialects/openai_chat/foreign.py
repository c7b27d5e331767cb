"""Takes out of messages what only other providers understand, where it would be refused.

Clients that speak to many models mark what may be cached and send back signed thoughts. OpenAI
caches by itself, keeps its thoughts to itself, and refuses fields it does not know.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from msgspec import Raw

from tianji.providers._params import Params
from tianji.providers.dialects.openai_chat.upstream import Quirk
from tianji.wire import values
from tianji.wire.call_ids import unsealed
from tianji.wire.quoted import Quoted

_MARK = "cache_control"
_CALLS = b"tool_calls"
_IN_MESSAGES = (
    _MARK,
    "thinking_blocks",
    "reasoning_content",
    "reasoning",
    "reasoning_details",
    "provider_specific_fields",
)


def without(*names: str, unseal: bool = True) -> Quirk:
    """Return a quirk that cleans `messages` and `tools` of these fields.

    They are only decoded if there is something to take out. `unseal` also takes signatures out of the ids
    of calls.
    """
    # One pass over what may be megabytes: ids are signed only where there are calls.
    notable = Quoted(*names, _CALLS.decode())

    def clean(body: MutableMapping[str, Any], params: Params) -> list[str]:
        changed: list[str] = []
        for field in ("messages", "tools"):
            value = body.get(field)
            if isinstance(value, Raw):
                raw = bytes(value)
                found = notable.among(raw)
                if unseal and _CALLS in found:
                    plain = unsealed(raw)
                    if plain is not raw:
                        raw, value = plain, Raw(plain)
                        body[field] = value
                        changed.append("dropped signatures of calls")
                if not found - {_CALLS}:
                    continue
                value = values.decode(value, field)
            removed = _cleaned(value, names)
            if removed:
                body[field] = value
                changed += [f"dropped {name} of {field}" for name in sorted(removed)]
        return changed

    return clean


without_foreign = without(*_IN_MESSAGES)
"""For vendors that refuse every field that is not OpenAI's."""


without_marks = without(_MARK, unseal=False)
"""For servers that may be OpenAI behind an address of somebody's own, or a gateway: what signed thoughts a
conversation holds is left to them, as the client chose it; marks would be refused by the one."""


def without_foreign_but(*kept: str) -> Quirk:
    """Return the same quirk for a vendor that knows some of these fields."""
    return without(*(name for name in _IN_MESSAGES if name not in kept))


def _cleaned(items: Any, names: tuple[str, ...]) -> set[str]:
    """Clean messages or tools in place; return the names of what was taken out."""
    removed: set[str] = set()
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict):
            continue
        removed |= _take(item, names)
        inner = item.get("content") if "content" in item else [item.get("function")]
        for part in inner if isinstance(inner, list) and _MARK in names else ():
            if isinstance(part, dict):
                removed |= _take(part, (_MARK,))
    return removed


def _take(holder: dict[str, Any], names: tuple[str, ...]) -> set[str]:
    return {name for name in names if holder.pop(name, None) is not None}
