"""What was taken for one call, and how much of each kind of limit that is."""

from __future__ import annotations

from tianji.domain.events import Charge
from tianji.limits.chains import Seats
from tianji.limits.contract import NO_SPLIT, OF_REQUESTS, OF_SPLIT, OF_TOKENS, Kind, Split
from tianji.limits.rates import RateSeat


class Taken:
    """What was taken for one call."""

    __slots__ = ("cost", "seats", "settled", "slots", "split", "split_slots", "tokens")

    def __init__(self, seats: Seats, cost: int, tokens: int, split: Split) -> None:
        self.seats = seats
        self.cost = cost
        self.tokens = tokens
        self.split = split
        self.slots: list[int] | None = None
        """The slots that tokens were drawn from."""
        self.split_slots: list[int] = []
        self.settled = False

    @property
    def charges(self) -> list[Charge]:
        """The budgets that the call's cost is taken from."""
        return self.seats.charges

    def draw_tokens(self, clock: float) -> None:
        """Draw from what the token limits have here; there must be enough."""
        seats = self.seats
        if seats.tokens:
            self.slots = [_drawn(rate, self.tokens, clock) for rate in seats.tokens]
        if seats.split:
            self.split_slots = [_drawn(rate, self.split[at], clock) for rate, at in seats.split]

    def settle_tokens(self, tokens: int, split: Split, clock: float) -> list[RateSeat]:
        """Correct what was drawn to what was used; return the limits that it changed."""
        seats, changed = self.seats, []
        if seats.tokens and tokens != self.tokens:
            slots = self.slots or [rate.slot_now(clock) for rate in seats.tokens]
            for rate, slot in zip(seats.tokens, slots, strict=True):
                rate.settle(self.tokens, tokens, slot, clock)
                changed.append(rate)
        if seats.split and split != self.split:
            slots = self.split_slots or [rate.slot_now(clock) for rate, _ in seats.split]
            for (rate, at), slot in zip(seats.split, slots, strict=True):
                rate.settle(self.split[at], split[at], slot, clock)
                changed.append(rate)
        return changed


def amount_of(kind: Kind, tokens: int, split: Split = NO_SPLIT) -> int:
    """Return how much a call takes of a sliding limit."""
    if kind in OF_REQUESTS:
        return 1
    return tokens if kind in OF_TOKENS else split[OF_SPLIT.index(kind)]


def _drawn(rate: RateSeat, amount: int, clock: float) -> int:
    return rate.draw(amount, clock) if amount else rate.slot_now(clock)
