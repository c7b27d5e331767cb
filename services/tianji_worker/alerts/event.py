"""What is told of a budget: the fields that LiteLLM's webhooks have."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from tianji_worker.alerts.projection import projected

NANO = 1_000_000_000

Event = Literal[
    "budget_crossed",
    "threshold_crossed",
    "soft_budget_crossed",
    "projected_limit_exceeded",
    "max_budget_alert",
]
CROSSED: Event = "budget_crossed"
PROJECTED: Event = "projected_limit_exceeded"
LISTED: Event = "max_budget_alert"
"""A share of a budget that somebody has named recipients for; only these are told."""
THRESHOLD: Event = "threshold_crossed"
SOFT: Event = "soft_budget_crossed"
THRESHOLDS = (95, 85)
"""Percent of a budget; of several that are passed at once only the first is told."""


class Names(Struct, frozen=True, kw_only=True):
    """What people know the holder of a budget by."""

    token: str | None = None
    """The hash of the key."""
    customer_id: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    team_alias: str | None = None
    organization_id: str | None = None
    user_email: str | None = None
    key_alias: str | None = None


class Told(Names, frozen=True, kw_only=True):
    """The body of a webhook. Amounts are US dollars."""

    spend: float
    max_budget: float | None = None
    soft_budget: float | None = None
    projected_exceeded_date: str | None = None
    projected_spend: float | None = None
    event_group: str
    alert_emails: list[str] | None = None
    max_budget_alert_emails: dict[str, list[str]] | None = None
    event: str
    event_message: str


class Alert(Struct, frozen=True, kw_only=True):
    """Something to be told once for a budget, its window and its amount."""

    bound: str
    window_id: str
    event: str
    percent: int = 0
    limit_nano: Decimal
    spent_nano: Decimal


class Amounts(Struct, frozen=True, kw_only=True):
    """What of a budget is told of, in 10^-9 US dollars."""

    most: Decimal | None = None
    soft: Decimal | None = None
    listed: tuple[int, ...] = ()
    """Percents that have recipients of their own."""


def alerts_of(bound: str, window: str, spent: Decimal, amounts: Amounts, now: float) -> list[Alert]:
    """Return what is to be told of a window of a budget; `spent` is in 10^-9 US dollars."""
    most, soft = amounts.most, amounts.soft
    found = []

    def tell(event: Event, limit: Decimal, percent: int = 0) -> None:
        found.append(
            Alert(
                bound=bound, window_id=window, event=event, percent=percent, limit_nano=limit,
                spent_nano=spent,
            )
        )  # fmt: skip

    if soft is not None and 0 < soft <= spent:
        tell(SOFT, soft)
    elif soft is not None and (ahead := projected(window, spent, now)) and ahead.spend_nano > soft:
        tell(PROJECTED, soft)
    if most is not None and spent > 0:
        passed = next((percent for percent in THRESHOLDS if spent * 100 >= most * percent), None)
        if spent >= most:
            tell(CROSSED, most)
        elif passed is not None:
            tell(THRESHOLD, most, passed)
        for percent in amounts.listed:
            if spent * 100 >= most * percent:
                tell(LISTED, most, percent)
    return found
