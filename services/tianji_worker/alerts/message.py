"""From an alert and its holder to what people are told."""

from __future__ import annotations

from decimal import Decimal

from tianji_worker.alerts.event import CROSSED, LISTED, NANO, PROJECTED, SOFT, Alert, Names, Told
from tianji_worker.alerts.holders import KINDS, Holder, Name
from tianji_worker.alerts.projection import projected
from tianji_worker.alerts.recipients import soft_list_of


def told_of(alert: Alert, name: Name | None, holder: Holder | None, at: float) -> Told:
    """Return what is told; of a holder that is gone only its budget's name is known.

    `at` is when it was found out, seconds since 1970.
    """
    soft = alert.event in (SOFT, PROJECTED)
    ahead = projected(alert.window_id, alert.spent_nano, at) if alert.event == PROJECTED else None
    kind = KINDS[name.kind] if name is not None else None
    who = {} if holder is None else {name: getattr(holder, name) for name in Names.__struct_fields__}
    return Told(
        **who,
        spend=_usd(alert.spent_nano),
        alert_emails=(soft_list_of(name, holder) or None) if alert.event == SOFT else None,
        projected_spend=None if ahead is None else round(_usd(ahead.spend_nano), 6),
        projected_exceeded_date=None if ahead is None else ahead.passes(alert.limit_nano).date().isoformat(),
        max_budget=_dollars(holder.max_budget if holder else None) if soft else _usd(alert.limit_nano),
        soft_budget=_usd(alert.limit_nano) if soft else _dollars(holder.soft_budget if holder else None),
        event_group=kind.group if kind is not None else "proxy",
        event=alert.event,
        event_message=f"{kind.title if kind else 'Unknown'} Budget: {_words(alert)} ({_whose(alert, name)})",
    )


def _words(alert: Alert) -> str:
    spent, limit = _usd(alert.spent_nano), _usd(alert.limit_nano)
    if alert.event == SOFT:
        return f"Soft Budget Crossed, {spent} of {limit} USD spent"
    if alert.event == CROSSED:
        return f"Budget Crossed, {spent} of {limit} USD spent"
    if alert.event == LISTED:
        return f"{alert.percent}% or more spent, {spent} of {limit} USD spent"
    if alert.event == PROJECTED:
        return f"Projected to pass {limit} USD before it begins anew, {spent} USD spent so far"
    return f"{100 - alert.percent}% or less remaining, {spent} of {limit} USD spent"


def _whose(alert: Alert, name: Name | None) -> str:
    if name is None:
        return alert.bound
    id = f"{name.id[:12]}..." if name.kind == "key" else name.id
    return " ".join(part for part in (name.kind, id, name.window, name.model) if part)


def _usd(nano: Decimal) -> float:
    return float(nano / NANO)


def _dollars(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
