"""Which amounts of a holder's budget are told of: its own, a further window's, or that for one model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tianji_worker.alerts.event import NANO, Amounts
from tianji_worker.alerts.holders import Holder, Name
from tianji_worker.alerts.recipients import lists_of

_NOTHING = Amounts()


def amounts_of(name: Name, holder: Holder, now: float) -> Amounts:
    """Return what is told of the budget with this name."""
    if name.model:
        return Amounts(most=_of_model(holder.said.get("model_max_budget"), name.model))
    if name.window:
        return Amounts(most=_of_window(holder.said.get("budget_limits"), name.window))
    most = _nano(holder.max_budget)
    if most is not None:
        most += _raise(holder.said, now)
    return Amounts(most=most, soft=_nano(holder.soft_budget), listed=tuple(sorted(lists_of(holder))))


def _of_window(said: Any, window: str) -> Decimal | None:
    for one in said if isinstance(said, list) else ():
        if isinstance(one, dict) and (one.get("budget_duration") or "all") == window:
            return _nano(one.get("max_budget"))
    return None


def _of_model(said: Any, model: str) -> Decimal | None:
    terms = said.get(model) if isinstance(said, dict) else None
    if isinstance(terms, dict):
        terms = terms.get("max_budget", terms.get("budget_limit"))
    return _nano(terms)


def _raise(said: Mapping[str, Any], now: float) -> Decimal:
    """Return what a budget is raised by for a time."""
    more, until = _nano(said.get("temp_budget_increase")), said.get("temp_budget_expiry")
    try:
        end = datetime.fromisoformat(until) if isinstance(until, str) else None
    except ValueError:
        end = None
    if more is None or end is None:
        return Decimal(0)
    return more if (end if end.tzinfo else end.replace(tzinfo=UTC)).timestamp() > now else Decimal(0)


def _nano(usd: Any) -> Decimal | None:
    """Read an amount of US dollars; None for what is none."""
    if isinstance(usd, bool) or not isinstance(usd, Decimal | int | float | str):
        return None
    try:
        amount = Decimal(str(usd))
    except InvalidOperation:
        return None
    return amount * NANO if amount.is_finite() and amount >= 0 else None
