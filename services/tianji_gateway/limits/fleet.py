"""What the configuration holds all requests to: the whole proxy, providers, deployments, tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tianji.config.amounts import count_of
from tianji.domain.deployments import Deployment
from tianji.domain.limits import Limits
from tianji.domain.snapshot import CUSTOMER, TAG, Settings
from tianji.domain.tenants import TagRecord
from tianji.limits.calendar import Calendar, calendar_of
from tianji.limits.configured import (
    DEPLOYMENT,
    PROVIDER,
    PROXY,
    of_customers,
    of_deployment,
    of_providers,
    of_proxy,
    of_tags,
)
from tianji.limits.contract import Chain
from tianji_gateway.limits.bounds import Holder, Part, part_of
from tianji_gateway.limits.division import Division, division_of, rate_of

_CHECKED = "enforce_model_rate_limits"
_BY_USAGE = frozenset({"usage-based-routing", "usage-based-routing-v2", "lowest-tpm-rpm"})
_NOWHERE: frozenset[str] = frozenset()
_RATES = ("rpm", "tpm", "itpm", "otpm", "rpd", "tpd")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class FleetLimits(Struct, frozen=True, kw_only=True, eq=False):
    """Worked out once per snapshot."""

    calendar: Calendar = Calendar()
    proxy: Part | None = None
    tags: Mapping[str, Limits] = msgspec.field(default_factory=dict)
    customers: Limits | None = None
    """Of customers that have no limits of their own."""
    parallel_per_key: int | None = None
    division: Division | None = None
    """How models' own rates are divided among those who call; None: they are not."""
    users_in_teams: bool = False
    """Whether users' budgets also count what they spend with a team's key."""
    days_of_calls: bool = False
    """Whether `tpd_limit` of holders counts all calls; LiteLLM's counts batches only."""


def fleet_limits(settings: Settings, tags: Iterable[TagRecord]) -> FleetLimits:
    """Read from the settings what holds for all."""
    calls, general = settings.calls, settings.general
    calendar = calendar_of(calls)
    whole = replace(
        _since(PROXY, "", of_proxy(calls), settings),
        parallel=count_of(general.get("global_max_parallel_requests")),
    )
    proxy = part_of(Holder(PROXY, "", "the whole proxy"), whole, (), calendar, False)
    known = {tag.name: tag.limits for tag in tags}
    for name, limits in of_tags(calls):
        known.setdefault(name, _since(TAG, name, limits, settings))
    customers = settings.customer_limits or of_customers(calls)
    return FleetLimits(
        calendar=calendar,
        proxy=proxy if proxy.bounds else None,
        tags=known,
        customers=None if customers is None else _since(CUSTOMER, "", customers, settings),
        parallel_per_key=count_of(general.get("max_parallel_requests")),
        division=division_of(calls),
        users_in_teams=general.get("apply_user_budget_to_team_keys") is True,
        days_of_calls=general.get("tpd_limit_counts") == "calls",
    )


def target_chain(deployment: Deployment, settings: Settings, parallel: int | None) -> Chain | None:
    """Return what a deployment and its provider are held to; None for nothing.

    `rpm` and `tpm` of a deployment weigh in the choice among deployments; like its other rates they are
    limits only where the config says so, as it does for LiteLLM.
    """
    params, calendar = deployment.params, calendar_of(settings.calls)
    rates: dict[str, int | None] = {}
    if _rates_are_limits(settings.router):
        rates = {name: rate_of(deployment, name) for name in _RATES}
        rates["day_offset_s"] = _day_offset_s(params.get("daily_reset_time"))
    own = replace(
        _since(DEPLOYMENT, deployment.id, of_deployment(params), settings),
        parallel=parallel,
        **rates,
    )
    who = f"the deployment {deployment.id} of {deployment.model_name}"
    parts = [part_of(Holder(DEPLOYMENT, deployment.id, who), own, (), calendar, False)]
    provider = deployment.provider
    limits = dict(of_providers(settings.router)).get(provider)
    if limits is not None:
        holder = Holder(PROVIDER, provider, f"the provider {provider}")
        held = _since(PROVIDER, provider, limits, settings)
        parts.append(part_of(holder, held, (), calendar, False))
    bounds = tuple(bound for part in parts for bound in part.bounds)
    return Chain(bounds) if bounds else None


def _since(kind: str, id: str, limits: Limits, settings: Settings) -> Limits:
    """Return limits with the time at which they were set: what was spent by then is in the ledger only."""
    return replace(limits, changed=settings.budgets_set.get(Holder(kind, id).bound_id))


def _day_offset_s(said: Any) -> int:
    """Read when a deployment's day begins, `HH:MM` in UTC; midnight where nothing readable is said."""
    found = _TIME.fullmatch(said) if isinstance(said, str) else None
    return 0 if found is None else int(found[1]) * 3600 + int(found[2]) * 60


def _rates_are_limits(router: Mapping[str, Any]) -> bool:
    checks = router.get("optional_pre_call_checks")
    return (
        router.get("routing_strategy") in _BY_USAGE
        or router.get("enable_pre_call_checks") is True
        or _CHECKED in (checks if isinstance(checks, list) else _NOWHERE)
    )
