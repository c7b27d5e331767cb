"""Spread requests over deployments at random, in proportion to their weights."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tianji.strategies.contract import C


def order(candidates: Sequence[C], chance: Random) -> list[C]:
    """Draw without putting back: each place goes to a candidate in proportion to its weight."""
    left = [candidate for candidate in candidates if candidate.weight > 0]
    spare = [candidate for candidate in candidates if candidate.weight <= 0]
    ordered: list[C] = []
    while len(left) > 1:
        point = chance.random() * sum(candidate.weight for candidate in left)
        ordered.append(left.pop(_at(left, point)))
    chance.shuffle(spare)
    return ordered + left + spare


def _at(candidates: Sequence[C], point: float) -> int:
    """Return whose stretch of the line holds the point."""
    for index, candidate in enumerate(candidates):
        point -= candidate.weight
        if point < 0:
            return index
    return len(candidates) - 1
