"""Which inference paths an entry of a key's `allowed_routes` covers."""

from __future__ import annotations

import re

ALL, OPENAI = "llm_api_routes", "openai_routes"
"""Names that stand for all inference paths, and for those that are in no other vendor's format."""

_VENDORS = {
    "anthropic_routes": re.compile(r"/v1/(messages|skills)(/|$)"),
    "google_routes": re.compile(r"/v1(alpha|beta1?)/|/interactions(/|$)|.*/models/.*:\w+$"),
}
"""Names that stand for the paths of one vendor's clients."""


def covers_route(entry: str, route: str) -> bool:
    """Say whether an entry covers a path: itself and what is below it, or a group of paths by its name."""
    if entry.startswith("/"):
        return route == entry or route.startswith(entry[:-1] if entry.endswith("*") else f"{entry}/")
    if entry == OPENAI:
        return not any(form.match(route) for form in _VENDORS.values())
    form = _VENDORS.get(entry)
    return entry == ALL or (form is not None and form.match(route) is not None)
