"""From a name with wildcards to the names of the known models that it stands for."""

from __future__ import annotations

from collections.abc import Iterator

from tianji.pricing.known import known_models, known_providers
from tianji_gateway.routing.candidates import Pattern, filled, form_of
from tianji_gateway.snapshot.target import Target

ANY = ("", "*")
"""The provider of a deployment whose provider is part of the requested name."""


def names_of(pattern: Pattern) -> Iterator[str]:
    """Yield the names by which clients may ask for what a pattern serves."""
    for target in pattern.targets:
        for model in _models(target):
            if found := form_of(target.deployment.model).fullmatch(model):
                yield filled(pattern.name, found.groups())


def _models(target: Target) -> Iterator[str]:
    provider = target.deployment.provider
    if "*" not in target.deployment.model:
        return
    if provider not in ANY:
        yield from known_models(provider)
        return
    for one in known_providers():
        for model in known_models(one):
            yield f"{one}/{model}"
