"""What the configuration holds all requests to: the whole proxy, providers, deployments, tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tianji.domain.deployments import Deployment
from tianji.domain.limits import Limits
from tianji.domain.snapshot import Settings
from tianji.domain.tenants import TagRecord
from tianji.limits.calendar import Calendar, calendar_of
from tianji.limits.contract import Chain
from tianji_gateway.limits.bounds import Holder, Part, part_of
from tianji_gateway.snapshot.params import count_of, number_of

_CHECKED = "enforce_model_rate_limits"
_BY_USAGE = frozenset({"usage-based-routing", "usage-based-routing-v2", "lowest-tpm-rpm"})
_NOWHERE: frozenset[str] = frozenset()


class FleetLimits(Struct, frozen=True, kw_only=True, eq=False):
    """Worked out once per snapshot."""

    calendar: Calendar = Calendar()
    proxy: Part | None = None
    tags: Mapping[str, Limits] = msgspec.field(default_factory=dict)
    customers: Limits | None = None
    """Of customers that have no limits of their own."""
    parallel_per_key: int | None = None
    users_in_teams: bool = False
    """Whether users' budgets also count what they spend with a team's key."""


def fleet_limits(settings: Settings, tags: Iterable[TagRecord]) -> FleetLimits:
    """Read from the settings what holds for all."""
    calls, general = settings.calls, settings.general
    calendar = calendar_of(calls)
    whole = Limits(
        max_budget=usd(calls.get("max_budget"), zero=False),
        duration=text(calls.get("budget_duration")),
        parallel=count_of(general.get("global_max_parallel_requests")),
    )
    proxy = part_of(Holder("proxy", "", "the whole proxy"), whole, (), calendar, False)
    known = {tag.name: tag.limits for tag in tags}
    config = calls.get("tag_budget_config")
    for name, terms in config.items() if isinstance(config, dict) else ():
        if (limits := terms_of(terms)) is not None:
            known.setdefault(name, limits)
    usual = usd(calls.get("max_end_user_budget"))
    return FleetLimits(
        calendar=calendar,
        proxy=proxy if proxy.bounds else None,
        tags=known,
        customers=settings.customer_limits or (Limits(max_budget=usual) if usual else None),
        parallel_per_key=count_of(general.get("max_parallel_requests")),
        users_in_teams=general.get("apply_user_budget_to_team_keys") is True,
    )


def target_chain(deployment: Deployment, settings: Settings, parallel: int | None) -> Chain | None:
    """Return what a deployment and its provider are held to; None for nothing.

    `rpm` and `tpm` of a deployment weigh in the choice among deployments; they are limits only where
    the config says so, as it does for LiteLLM.
    """
    params, calendar = deployment.params, calendar_of(settings.calls)
    counted = _rates_are_limits(settings.router)
    own = Limits(
        max_budget=usd(params.get("max_budget")),
        duration=text(params.get("budget_duration")),
        parallel=parallel,
        rpm=count_of(params.get("rpm")) if counted else None,
        tpm=count_of(params.get("tpm")) if counted else None,
    )
    who = f"the deployment {deployment.id} of {deployment.model_name}"
    parts = [part_of(Holder("deployment", deployment.id, who), own, (), calendar, False)]
    config = settings.router.get("provider_budget_config")
    limits = terms_of(config.get(deployment.provider)) if isinstance(config, dict) else None
    if limits is not None:
        who = f"the provider {deployment.provider}"
        parts.append(part_of(Holder("provider", deployment.provider, who), limits, (), calendar, False))
    bounds = tuple(bound for part in parts for bound in part.bounds)
    return Chain(bounds) if bounds else None


def terms_of(terms: Any) -> Limits | None:
    """Read a budget as LiteLLM's config spells it; None where it limits nothing."""
    if not isinstance(terms, dict):
        return None
    limits = Limits(
        max_budget=usd(terms.get("max_budget", terms.get("budget_limit"))),
        duration=text(terms.get("budget_duration", terms.get("time_period"))),
        tpm=count_of(terms.get("tpm_limit")),
        rpm=count_of(terms.get("rpm_limit")),
    )
    return limits if limits != Limits(duration=limits.duration) else None


def usd(said: Any, *, zero: bool = True) -> str | None:
    """Read an amount of US dollars as configs spell it; `zero` says whether 0 is a limit."""
    if zero and not isinstance(said, bool) and said in (0, "0"):
        return "0"
    amount = number_of(said)
    return None if amount is None or amount == float("inf") else format(amount, ".12f")


def text(said: Any) -> str | None:
    """Return a text, None for anything else."""
    return said if isinstance(said, str) and said else None


def _rates_are_limits(router: Mapping[str, Any]) -> bool:
    checks = router.get("optional_pre_call_checks")
    return (
        router.get("routing_strategy") in _BY_USAGE
        or router.get("enable_pre_call_checks") is True
        or _CHECKED in (checks if isinstance(checks, list) else _NOWHERE)
    )
