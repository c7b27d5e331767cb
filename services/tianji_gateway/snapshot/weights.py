"""How requests are shared out within a model group when nothing else decides."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from tianji_gateway.snapshot.params import number_of
from tianji_gateway.snapshot.target import Target

_BY = ("weight", "rpm", "tpm")


def weighted(targets: Sequence[Target]) -> tuple[Target, ...]:
    """Weigh a group's targets by the first of weight, rpm and tpm that any of them has.

    One without it weighs nothing beside those that have it; without any, all weigh the same.
    """
    for name in _BY:
        weights = [number_of(target.deployment.params.get(name)) for target in targets]
        if any(weight is not None for weight in weights):
            return tuple(
                structs.replace(target, weight=weight or 0.0)
                for target, weight in zip(targets, weights, strict=True)
            )
    return tuple(targets)
