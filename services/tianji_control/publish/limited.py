"""From the columns that limit a holder to the limits that gateways enforce."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tianji.domain.limits import BudgetWindow, Limits, ModelLimits
from tianji_control.publish.rows import KeyRow, Limited, SettingsRow, TeamRow, UserRow

_BY_MODEL = (
    "model_max_budget",
    "model_rpm_limit",
    "model_tpm_limit",
    "model_itpm_limit",
    "model_otpm_limit",
)


def limits_fields(row: Struct) -> dict[str, Any]:
    """Return the fields of a record that say what its holder, and who stands below it, may use."""
    found: dict[str, Any] = {}
    if isinstance(row, Limited):
        found["limits"] = limits_of(row)
    if isinstance(row, KeyRow | TeamRow):
        found["member"] = (
            limits_in(row.member_limits) if isinstance(row, TeamRow) else _membership(row.member_limits)
        )
    if isinstance(row, KeyRow | SettingsRow):
        found["customer_limits"] = limits_in(row.budget_of_customers)
    if isinstance(row, UserRow):
        read = {id: limits_in(terms) for id, terms in (row.in_organizations or {}).items()}
        found["in_organizations"] = {id: limits for id, limits in read.items() if limits is not None}
    return found


def limits_of(row: Limited) -> Limits | None:
    """Return what a row's holder may use; None where nothing limits it.

    What has a column of its own is not read from the metadata, which others may write who set no limits.
    """
    told = {name: getattr(row, name) for name in Limited.__struct_fields__ if name != "limited_in"}
    kept = {name: value for name, value in row.limited_in.items() if name not in told}
    return limits_in(kept | {name: value for name, value in told.items() if value is not None})


def limits_in(said: Mapping[str, Any] | None) -> Limits | None:
    """Read limits under the names that LiteLLM's API has for them; None where nothing is limited."""
    if not said:
        return None
    more, until = _raise(said)
    limits = Limits(
        max_budget=_money(said.get("max_budget")),
        soft_budget=_money(said.get("soft_budget")),
        duration=said.get("budget_duration") or None,
        windows=tuple(_windows(said.get("budget_limits"))),
        more=more,
        more_until=until,
        tpm=_count(said.get("tpm_limit")),
        rpm=_count(said.get("rpm_limit")),
        tpd=_count(said.get("tpd_limit")),
        loose=tuple(kind for kind in ("rpm", "tpm") if said.get(f"{kind}_limit_type") == "dynamic"),
        parallel=_count(said.get("max_parallel_requests")),
        models=tuple(_models(said)),
    )
    if limits == Limits(duration=limits.duration, loose=limits.loose):
        return None
    if not (limits.max_budget or limits.soft_budget or limits.windows or limits.models):
        return _rates(limits)
    made, changed = said.get("made"), said.get("changed")
    return replace(
        limits,
        generation=said.get("generation") or 0,
        made=made,
        changed=None if changed == made else changed,
        carried=bool(said.get("carried")),
    )


def _rates(limits: Limits) -> Limits:
    """Leave out what only budgets need."""
    return Limits(
        tpm=limits.tpm, rpm=limits.rpm, tpd=limits.tpd, loose=limits.loose, parallel=limits.parallel
    )


def _membership(said: Mapping[str, Any] | None) -> Limits | None:
    """Return what a member may use; also of one without limits, when they came and were begun anew.

    The team may give all its members a budget at any time, which counts from there.
    """
    if not said:
        return None
    made, changed = said.get("made"), said.get("changed")
    return replace(
        limits_in(said) or Limits(),
        generation=said.get("generation") or 0,
        made=made,
        changed=None if changed == made else changed,
        carried=True,
    )


def _windows(said: Any) -> Iterator[BudgetWindow]:
    for one in said if isinstance(said, list) else ():
        budget = _money(one.get("max_budget")) if isinstance(one, dict) else None
        if budget is not None:
            yield BudgetWindow(budget, one.get("budget_duration") or None)


def _models(said: Mapping[str, Any]) -> Iterator[ModelLimits]:
    budgets, rpm, tpm, itpm, otpm = (
        said[name] if isinstance(said.get(name), dict) else {} for name in _BY_MODEL
    )
    for model in sorted({*budgets, *rpm, *tpm, *itpm, *otpm}):
        budget = budgets.get(model)
        terms = budget if isinstance(budget, dict) else {"max_budget": budget}
        limits = ModelLimits(
            model=model,
            max_budget=_money(_either(terms, "max_budget", "budget_limit")),
            duration=_either(terms, "budget_duration", "time_period"),
            rpm=_count(rpm.get(model, terms.get("rpm_limit"))),
            tpm=_count(tpm.get(model, terms.get("tpm_limit"))),
            itpm=_count(itpm.get(model)),
            otpm=_count(otpm.get(model)),
        )
        if limits != ModelLimits(model=model, duration=limits.duration):
            yield limits


def _either(terms: Mapping[str, Any], *names: str) -> Any:
    return next((terms[name] for name in names if terms.get(name) is not None), None)


def _raise(said: Mapping[str, Any]) -> tuple[str | None, float | None]:
    """Return what a budget is raised by, and until when; a raise that has no end is none."""
    more, until = _money(said.get("temp_budget_increase")), said.get("temp_budget_expiry")
    if more is None or not isinstance(until, str):
        return None, None
    try:
        end = datetime.fromisoformat(until)
    except ValueError:
        return None, None
    return more, (end if end.tzinfo else end.replace(tzinfo=UTC)).timestamp()


def _money(said: Any) -> str | None:
    """Read an amount of US dollars; None for what is none, or negative, or without a bound."""
    if isinstance(said, bool) or not isinstance(said, Decimal | int | float | str):
        return None
    try:
        amount = Decimal(str(said))
    except InvalidOperation:
        return None
    return format(amount, "f") if amount.is_finite() and amount >= 0 else None


def _count(said: Any) -> int | None:
    """Read a whole number; None for what is none, or negative."""
    amount = _money(said)
    return None if amount is None else int(Decimal(amount))
