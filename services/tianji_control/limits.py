"""Checks that every holder of limits shares: keys, teams, users."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tianji.errors import BadRequest
from tianji_control import durations

NOT_NEGATIVE = (
    "spend",
    "max_budget",
    "soft_budget",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "max_parallel_requests",
)


def check_limits(said: Mapping[str, Any]) -> None:
    """Raise BadRequest for a limit that no call could keep; unset and null ones pass."""
    for name in NOT_NEGATIVE:
        limit = said.get(name)
        if isinstance(limit, Decimal | int) and (limit < 0 or not Decimal(limit).is_finite()):
            message = f"{name} must not be negative; it is {limit}"
            raise BadRequest(message, type="bad_request_error", param=name)
    for window in said.get("budget_limits") or ():
        _check_window(window)


def _check_window(window: Mapping[str, Any]) -> None:
    """Raise BadRequest for a budget of `budget_limits` that does not say how much, and for how long."""
    most, period = window.get("max_budget"), window.get("budget_duration")
    if isinstance(most, bool) or not isinstance(most, int | float | Decimal) or not 0 <= most < float("inf"):
        message = f"each of budget_limits needs a max_budget that is not negative; one has {most!r}"
        raise BadRequest(message, type="bad_request_error", param="budget_limits")
    if not isinstance(period, str):
        message = f"each of budget_limits needs a budget_duration such as 1d; one has {period!r}"
        raise BadRequest(message, type="bad_request_error", param="budget_limits")
    durations.after(datetime.now(UTC), period, "budget_limits")
