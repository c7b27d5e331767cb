"""Takes out of a request what this gateway put into earlier answers of other vendors.

A conversation may have begun with a model whose answers were translated: its thoughts are signed by
others, its calls may carry signatures in their ids. A server that speaks this format knows neither.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from msgspec import Raw

from tianji.wire import call_ids, values
from tianji.wire.responses.thoughts import MARK

_NEEDLES = (f'"{MARK}'.encode(), call_ids.MARK.encode())


def without_foreign(body: MutableMapping[str, Any]) -> list[str]:
    """Clean `input`; it is only decoded if there is something to take out."""
    said = body.get("input")
    raw = bytes(said) if isinstance(said, Raw) else b""
    if not any(needle in raw for needle in _NEEDLES):
        return []
    items = values.decode(raw, "input")
    if not isinstance(items, list):
        return []
    kept = [item for item in items if not _is_foreign(item)]
    for item in kept:
        identity = item.get("call_id") if isinstance(item, dict) else None
        if isinstance(identity, str):
            item["call_id"] = call_ids.part(identity)[0]
    body["input"] = kept
    return ["dropped what other providers signed"]


def _is_foreign(item: Any) -> bool:
    if not isinstance(item, dict) or item.get("type") != "reasoning":
        return False
    encrypted = item.get("encrypted_content")
    return isinstance(encrypted, str) and encrypted.startswith(MARK)
