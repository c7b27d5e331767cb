"""Model to an ordered run of deployments, one per attempt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import cycle, groupby
from random import Random

from tianji.errors import Unavailable
from tianji.strategies import simple_shuffle
from tianji_gateway.flow.admit import Grant
from tianji_gateway.snapshot.model import Target

_chance = Random()


def route(grant: Grant) -> Iterator[Target]:
    """Yield the deployments to try, for ever: every one once, in order, then round again.

    Raises Unavailable, saying why, when no deployment of the group can be used as configured.
    """
    usable = [target for target in grant.targets if target.bound is not None]
    if not usable:
        grant.targets[0].upstream  # noqa: B018  raises with the deployment's own problem
        raise Unavailable
    if len(usable) > 1:
        usable = _ordered(usable)
    return cycle(usable)


def _ordered(targets: Iterable[Target]) -> list[Target]:
    """Order by `order` first, and among equals as the strategy says."""
    by_order = sorted(targets, key=_order)
    return [
        target
        for _, equals in groupby(by_order, _order)
        for target in simple_shuffle.order(list(equals), _chance)
    ]


def _order(target: Target) -> int:
    return target.order
