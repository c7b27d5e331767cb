"""Names in Google's JSON: written in camelCase, read in camelCase and in snake_case.

Google takes and gives camelCase; proxies in front of it, and answers that went through an SDK, use
the names of the protocol buffers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_UPPER = re.compile(r"(?<=[a-z0-9])([A-Z])")


def said(holder: Mapping[str, Any], name: str) -> Any:
    """Return a field by its camelCase name, in whichever spelling it is there."""
    found = holder.get(name)
    return holder.get(snake(name)) if found is None else found


@lru_cache(maxsize=512)
def snake(name: str) -> str:
    """Return a name in snake_case."""
    return _UPPER.sub(r"_\1", name).lower()


def mapped(value: Any) -> dict[str, Any]:
    """Return an object, or an empty one for what is none."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """Return an array, or an empty one for what is none."""
    return value if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """Return a string, or an empty one for what is none."""
    return value if isinstance(value, str) else ""
