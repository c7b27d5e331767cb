"""Which admin paths a key may call: its `allowed_routes`, beside what its user's role permits."""

from __future__ import annotations

from collections.abc import Sequence

from tianji.domain.key_routes import covers_route
from tianji.errors import PermissionDenied

_OBJECTS = frozenset(
    {
        "access_group",
        "budget",
        "credentials",
        "customer",
        "end_user",
        "guardrails",
        "key",
        "model",
        "model_group",
        "organization",
        "policies",
        "policy",
        "prompts",
        "tag",
        "team",
        "user",
    }
)
_GROUPS = {
    "management_routes": _OBJECTS,
    "key_management_routes": frozenset({"key"}),
    "spend_tracking_routes": frozenset({"spend"}),
    "global_spend_tracking_routes": frozenset({"global"}),
}
"""LiteLLM's names for groups of paths, and the first segments of the paths in each."""

INFO = "info_routes"
_VERSIONS = frozenset({"v1", "v2"})


def require_route(allowed: Sequence[str], path: str) -> None:
    """Raise PermissionDenied when a key's routes do not cover a path; no routes cover all."""
    if allowed and not any(_covers(entry, path) for entry in allowed):
        raise PermissionDenied(
            f"Virtual key is not allowed to call this route. Only allowed to call routes: {list(allowed)}. "
            f"Tried to call route: {path}",
            type="auth_error",
        )


def _covers(entry: str, path: str) -> bool:
    if entry.startswith("/"):
        return covers_route(entry, path)
    segments = path.strip("/").split("/")
    if len(segments) > 1 and segments[0] in _VERSIONS:
        segments = segments[1:]
    if entry == INFO:
        return segments[0] in _OBJECTS and segments[-1] in ("info", "list")
    return segments[0] in _GROUPS.get(entry, frozenset())
