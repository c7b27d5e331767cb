"""How a sliding limit is divided among those who share it: pure arithmetic.

Each has a part of its own. While all together use less than `open_below`, each may use more than that, up to
there. Beyond nobody gets more than its own, so that the rest stays for those who have not used theirs.
"""

from __future__ import annotations

from msgspec import Struct

from tianji.limits.contract import Bound
from tianji.limits.trades import RatePart, RateReply


class Used(Struct, frozen=True):
    """What is known of a limit: the use of all, of this part, and how many parts there are."""

    all: int = 0
    mine: int = 0
    parts: int = 1


def used(reply: RateReply) -> Used:
    """Return what an answer of the store says."""
    return Used(reply.used, reply.mine, reply.parts)


def room(limit: int, part: RatePart | None, known: Used) -> int:
    """Return how much may still be taken; negative where more is used than may be."""
    left = limit - known.all
    if part is None:
        return left
    own = own_of(limit, part, known.parts) - known.mine
    return min(left, max(own, part.open_below - known.all))


def own_of(limit: int, part: RatePart, parts: int) -> int:
    """Return what a part has for itself."""
    return limit // max(1, parts) if part.even else part.reserved


def part_of(bound: Bound) -> RatePart | None:
    """Return a bound's part as the store is told it."""
    share = bound.share
    return None if share is None else RatePart(share.name, share.reserved, share.open_below, share.even)


def most(bound: Bound, known: Used) -> int:
    """Return the most that a bound may ever have of its limit, as things are."""
    part = part_of(bound)
    return bound.limit if part is None else max(own_of(bound.limit, part, known.parts), part.open_below)
