"""What the configuration holds calls to: the whole proxy, providers, deployments, tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tianji.config.amounts import count_of, text_of, usd_of
from tianji.domain.limits import Limits

PROXY = "proxy"
PROVIDER = "provider"
DEPLOYMENT = "deployment"
"""Kinds of holders, as their bounds are called."""


def of_proxy(calls: Mapping[str, Any]) -> Limits:
    """Read from `litellm_settings` what the whole proxy may spend."""
    return Limits(
        max_budget=usd_of(calls.get("max_budget"), zero=False),
        duration=text_of(calls.get("budget_duration")),
    )


def of_customers(calls: Mapping[str, Any]) -> Limits | None:
    """Read from `litellm_settings` what customers without limits of their own are held to."""
    most = usd_of(calls.get("max_end_user_budget"))
    return None if most is None else Limits(max_budget=most)


def of_providers(router: Mapping[str, Any]) -> Iterator[tuple[str, Limits]]:
    """Read from `router_settings` what providers are held to."""
    return _named(router.get("provider_budget_config"))


def of_tags(calls: Mapping[str, Any]) -> Iterator[tuple[str, Limits]]:
    """Read from `litellm_settings` what tags are held to."""
    return _named(calls.get("tag_budget_config"))


def of_deployment(params: Mapping[str, Any]) -> Limits:
    """Read from the parameters of a deployment what it may spend."""
    return Limits(
        max_budget=usd_of(params.get("max_budget")), duration=text_of(params.get("budget_duration"))
    )


def _named(config: Any) -> Iterator[tuple[str, Limits]]:
    for name, terms in config.items() if isinstance(config, Mapping) else ():
        if (limits := _terms(terms)) is not None:
            yield name, limits


def _terms(terms: Any) -> Limits | None:
    """Read a budget as LiteLLM's config spells it; None where it limits nothing."""
    if not isinstance(terms, Mapping):
        return None
    limits = Limits(
        max_budget=usd_of(terms.get("max_budget", terms.get("budget_limit"))),
        duration=text_of(terms.get("budget_duration", terms.get("time_period"))),
        tpm=count_of(terms.get("tpm_limit")),
        rpm=count_of(terms.get("rpm_limit")),
        tpd=count_of(terms.get("tpd_limit")),
    )
    return limits if limits != Limits(duration=limits.duration) else None
