"""What plain users get at most, where the call that makes or changes one does not say it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tianji_control.access.roles import Role

Map = dict[str, Any]


def with_limits(said: Map, rules: Map) -> Map:
    """Return what a request says, with `max_internal_user_budget` and its duration for an internal user."""
    if said.get("user_role") != Role.INTERNAL_USER:
        return said
    budget, duration = (
        rules.get(name) for name in ("max_internal_user_budget", "internal_user_budget_duration")
    )
    added: Map = {}
    if said.get("max_budget") is None and budget is not None:
        added["max_budget"] = Decimal(str(budget))
    if said.get("budget_duration") is None and duration is not None:
        added["budget_duration"] = duration
    return said | added
