"""What a race came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from race.clients import Crowd

REFUSALS = (422, 429)


@dataclass
class Outcome:
    """What a race came to."""

    what: str
    trouble: str
    allowed: float
    peak: float
    """The most that was used at once, or within the window."""
    used: float
    """How much of what is allowed was used over the race: 1 is all."""
    served: int
    refused: int
    unavailable: int
    said: str = ""

    @property
    def passed(self) -> bool:
        """Whether more was used than is allowed."""
        return self.peak > self.allowed

    def wasted(self, least: float) -> bool:
        """Say whether less than that share could be used; with something in trouble nothing is promised."""
        return self.trouble == "none" and self.used < least


def counts(*crowds: Crowd) -> tuple[int, int, int]:
    """Return how many calls were served, refused, and neither."""
    statuses = sum((crowd.statuses for crowd in crowds), Counter[int]())
    refused = sum(statuses[status] for status in REFUSALS)
    return statuses[200], refused, statuses.total() - statuses[200] - refused


def most_within(amounts: Iterable[tuple[float, int]], span_s: float) -> int:
    """Return the most of these amounts, each with its time, that lies within any span of this length."""
    in_order = sorted(amounts)
    most, within, first = 0, 0, 0
    for at, amount in in_order:
        within += amount
        while in_order[first][0] <= at - span_s:
            within -= in_order[first][1]
            first += 1
        most = max(most, within)
    return most


def in_first(amounts: Iterable[tuple[float, int]], span_s: float) -> int:
    """Return how much of these amounts lies within a span that begins with the first."""
    in_order = sorted(amounts)
    return sum(amount for at, amount in in_order if at < in_order[0][0] + span_s)
