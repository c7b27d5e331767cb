"""Ids of calls and names of tools as a provider takes them: the same for the same, different for others."""

from __future__ import annotations

import re
from hashlib import sha256

_LONGEST = 64
_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]")


def legal(name: str, illegal: re.Pattern[str] = _ILLEGAL) -> str:
    """Return a name without illegal signs and not too long; one that is legal already as it is."""
    clean = illegal.sub("_", name)
    if clean == name and 0 < len(name) <= _LONGEST:
        return name
    return _marked(clean, name, _LONGEST)


def short(identity: str, longest: int) -> str:
    """Return an id that is not too long, of whatever signs."""
    return identity if len(identity) <= longest else _marked(identity, identity, longest)


def _marked(shown: str, meant: str, longest: int) -> str:
    mark = sha256(meant.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{shown[: longest - 9]}_{mark}"
