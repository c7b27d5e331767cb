"""Which budgets a holder has, by the ids of their counters, and when each begins anew."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import time
from typing import Any

from msgspec import Struct

from tianji.domain.limits import Limits
from tianji.limits import windows
from tianji.limits.contract import WindowRule

_log = logging.getLogger(__name__)


class Calendar(Struct, frozen=True):
    """When days begin: `litellm_settings.timezone` and `budget_reset_time`."""

    zone: str = "UTC"
    offset_s: int = 0

    def rule(self, duration: str | None, anchor: float = 0.0) -> WindowRule:
        """Return when a budget of this duration begins anew; an unreadable duration never ends."""
        try:
            return windows.rule(duration, self.zone, self.offset_s, anchor)
        except ValueError as fault:
            _log.warning("a budget that cannot be read never begins anew: %s", fault)
            return WindowRule()


class Budget(Struct, frozen=True):
    """One budget of a holder."""

    bound: str
    rule: WindowRule
    model: str = ""
    """The model group whose calls it counts; empty: all."""
    main: bool = False
    """Whether it is the holder's own, of which `spend` tells."""


def calendar_of(calls: Mapping[str, Any]) -> Calendar:
    """Read from `litellm_settings` when days begin."""
    zone = calls.get("timezone")
    return Calendar(
        zone if isinstance(zone, str) and zone else "UTC", _seconds(calls.get("budget_reset_time"))
    )


def budgets_of(kind: str, id: str, limits: Limits, calendar: Calendar) -> Iterator[Budget]:
    """Yield the budgets of a holder."""
    made = limits.made or 0.0
    holder = f"{kind}:{id}" if id else kind
    if limits.max_budget is not None or limits.soft_budget is not None:
        yield Budget(holder, calendar.rule(limits.duration, made), main=True)
    for window in limits.windows:
        yield Budget(window_bound(holder, window.duration), calendar.rule(window.duration, made))
    for entry in limits.models:
        if entry.max_budget is not None:
            yield Budget(model_bound(kind, id, entry.model), calendar.rule(entry.duration, made), entry.model)


def window_bound(holder: str, duration: str | None) -> str:
    """Name one of several budgets of a holder."""
    return f"{holder}@{duration or 'all'}"


def model_bound(kind: str, id: str, model: str) -> str:
    """Name a holder's budget for one model."""
    return f"{kind}_model:{id}:{model}"


def _seconds(said: Any) -> int:
    """Read a time of day, `HH:MM` or `HH:MM:SS`, as seconds since midnight."""
    try:
        at = time.fromisoformat(said) if isinstance(said, str) else time()
    except ValueError:
        return 0
    return at.hour * 3600 + at.minute * 60 + at.second
