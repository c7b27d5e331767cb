"""Names in Google's JSON: written in camelCase, read in camelCase and in snake_case.

Google takes and gives camelCase; proxies in front of it, and answers that went through an SDK, use
the names of the protocol buffers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_UPPER = re.compile(r"(?<=[a-z0-9])([A-Z])")


def said(holder: Mapping[str, Any], name: str) -> Any:
    """Return a field by its camelCase name, in whichever spelling it is there."""
    found = holder.get(name)
    return holder.get(_SNAKES[name]) if found is None else found


class _Snakes(dict[str, str]):
    """Names in snake_case, worked out once: they are looked up several times per piece of a stream."""

    def __missing__(self, name: str) -> str:
        self[name] = _UPPER.sub(r"_\1", name).lower()
        return self[name]


_SNAKES = _Snakes()


def both(names: Iterable[str]) -> frozenset[str]:
    """Return names in either spelling."""
    return frozenset(one for name in names for one in (name, _SNAKES[name]))


def mapped(value: Any) -> dict[str, Any]:
    """Return an object, or an empty one for what is none."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """Return an array, or an empty one for what is none."""
    return value if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """Return a string, or an empty one for what is none."""
    return value if isinstance(value, str) else ""
