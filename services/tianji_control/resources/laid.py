"""Fields of a request that are kept together, in one JSON column."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec


def laid(before: dict[str, Any], said: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return what a JSON column holds once a request has said some of its fields; null takes one out."""
    merged = before | {name: msgspec.to_builtins(said[name]) for name in names if name in said}
    return {name: value for name, value in merged.items() if value is not None}
