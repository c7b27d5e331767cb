"""What spend events tell of a budget that refused a call: people are told of it, once a window."""

from __future__ import annotations

from tianji.domain.events import Refused
from tianji.limits.contract import Exhausted
from tianji.limits.windows import window


def refused_by(exhausted: Exhausted, now: float) -> Refused | None:
    """Return the budget that refused a call; None where it was another limit."""
    bound = exhausted.bound
    if bound.kind != "budget":
        return None
    return Refused(
        bound.id, window(bound.rule, now, bound.generation).id, bound.limit, min(exhausted.spent, bound.limit)
    )
