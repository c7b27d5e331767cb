"""Takes cache marks out of a request that was written for a vendor that does not know them.

Agents mark every request for Anthropic's cache. Most vendors cache by themselves, and the strict ones
refuse the field.
"""

from __future__ import annotations

from typing import Any

_MARK = "cache_control"


def unmarked(body: dict[str, Any]) -> None:
    """Take the marks out of messages, their parts and tools, in place."""
    for item in (*(body.get("messages") or ()), *(body.get("tools") or ())):
        item.pop(_MARK, None)
        content = item.get("content")
        for part in content if isinstance(content, list) else ():
            part.pop(_MARK, None)
