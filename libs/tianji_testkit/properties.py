"""How property tests search: the same examples in every `make test`, new and many in `make properties`."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import settings

FIXED = "fixed"
SEARCH = "search"
SEARCHED = 2000
"""Examples of a property in a search that says no other number."""


def register() -> None:
    """Make both profiles known, and load the one whose examples never change."""
    settings.register_profile(FIXED, derandomize=True, database=None, deadline=None)
    many = int(os.environ.get("EXAMPLES", SEARCHED))
    settings.register_profile(SEARCH, max_examples=many, deadline=None, print_blob=True)
    settings.load_profile(FIXED)


def times(share: float, **more: Any) -> settings:
    """Return settings with so many times the examples of the profile that is loaded."""
    return settings(max_examples=max(1, round(settings().max_examples * share)), **more)
