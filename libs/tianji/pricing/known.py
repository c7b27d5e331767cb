"""Which models a provider is known to have: those of the price table that can be talked to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from tianji.pricing.catalog import shipped
from tianji.pricing.lookup import SAME_PROVIDER

_TALKING = ("chat", "completion", "responses")
_NOT_A_MODEL = ("*", "ft:", "-commitment/")
"""What marks a line that prices many models, or a way of paying for one."""


def known_models(provider: str) -> tuple[str, ...]:
    """Return the models of a provider by the names that it gives them."""
    return _by_provider().get(SAME_PROVIDER.get(provider, provider), ())


def known_providers() -> tuple[str, ...]:
    """Return the providers that have such models."""
    return tuple(_by_provider())


@cache
def _by_provider() -> Mapping[str, tuple[str, ...]]:
    """Read the table through once per process: a few milliseconds."""
    found: dict[str, dict[str, None]] = {}
    for entry in shipped().entries():
        if entry.mode in _TALKING and not any(mark in entry.model for mark in _NOT_A_MODEL):
            provider = SAME_PROVIDER.get(entry.provider, entry.provider)
            name = entry.model.removeprefix(f"{entry.provider}/").removeprefix(f"{provider}/")
            found.setdefault(provider, {})[name] = None
    return {provider: tuple(names) for provider, names in sorted(found.items())}
