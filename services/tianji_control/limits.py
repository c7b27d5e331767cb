"""Checks that every holder of limits shares: keys, teams, users."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
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
    "max_budget_in_team",
    "team_member_budget",
    "team_member_rpm_limit",
    "team_member_tpm_limit",
    "temp_budget_increase",
)
DURATIONS = ("budget_duration", "team_member_budget_duration")
BY_MODEL = ("model_max_budget", "team_member_model_max_budget")
OF_MODEL = ("max_budget", "budget_limit", "rpm_limit", "tpm_limit")
"""What may be said for one model in `model_max_budget`."""
MOST_PARALLEL = 2**31 - 1
RAISES = ("temp_budget_increase", "temp_budget_expiry")
"""What LiteLLM keeps in metadata, and raises a budget for a time."""


def check_limits(said: Mapping[str, Any]) -> None:
    """Raise BadRequest for a limit that no call could keep; unset and null ones pass."""
    for name in NOT_NEGATIVE:
        limit = said.get(name)
        if isinstance(limit, Decimal | int) and (limit < 0 or not Decimal(limit).is_finite()):
            message = f"{name} must not be negative; it is {limit}"
            raise BadRequest(message, type="bad_request_error", param=name)
    if (said.get("max_parallel_requests") or 0) > MOST_PARALLEL:
        message = f"max_parallel_requests is at most {MOST_PARALLEL}; leave it out for no limit"
        raise BadRequest(message, type="bad_request_error", param="max_parallel_requests")
    for window in said.get("budget_limits") or ():
        _check_window(window)
    for name in ("model_rpm_limit", "model_tpm_limit"):
        for model, limit in (said.get(name) or {}).items():
            _check_amount(name, model, limit)
    for name in BY_MODEL:
        for model, budget in (said.get(name) or {}).items():
            _check_budget_of_model(name, model, budget)
    for name in DURATIONS:
        if said.get(name):
            durations.after(datetime.now(UTC), said[name], name)


def raises_budget(said: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    """Say whether a request writes into the metadata what raises a budget; `metadata` is that of before."""
    after = said.get("metadata")
    return isinstance(after, Mapping) and any(
        after.get(name) not in (None, metadata.get(name)) for name in RAISES
    )


def _check_budget_of_model(name: str, model: str, budget: Any) -> None:
    """Raise BadRequest for a budget of one model that does not say how much, or not for how long."""
    if not isinstance(budget, Mapping):
        _check_amount(name, model, budget)
        return
    amounts = [budget[key] for key in OF_MODEL if budget.get(key) is not None]
    if not amounts:
        message = f"{name} of {model} says no amount; write it as max_budget, in US dollars"
        raise BadRequest(message, type="bad_request_error", param=name)
    for amount in amounts:
        _check_amount(name, model, amount)
    for key in ("budget_duration", "time_period"):
        if budget.get(key) is not None:
            durations.after(datetime.now(UTC), str(budget[key]), name)


def _check_amount(name: str, model: str, said: Any) -> None:
    if said is None:
        return
    try:
        amount = Decimal(-1) if isinstance(said, bool) else Decimal(str(said))
    except InvalidOperation:
        amount = Decimal(-1)
    if not (amount.is_finite() and amount >= 0):
        message = f"{name} of {model} must be a number that is not negative; it is {said!r}"
        raise BadRequest(message, type="bad_request_error", param=name)


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
