"""This process' part of one budget's counter: pure bookkeeping, no I/O.

What the store has of this process, `taken`, is always at least what is settled, reserved by calls, and
free here: `base + settled + reserved + free`. So the sum over all processes never passes the limit.
"""

from __future__ import annotations

from dataclasses import dataclass

from tianji.domain.events import Charge
from tianji.limits import keys
from tianji.limits.contract import NO_LIMIT, Bound, Exhausted, Left, Window
from tianji.limits.seeding import Counter, expires_at
from tianji.limits.trades import REFUSED, BudgetOp, BudgetReply, Moment

FIRST_SLICE = 4
"""How many calls like the first are asked for at once."""
SHORT_S = 2.0
"""A slice that lasts less than this is made larger, to ask more seldom."""
LONG_S = 10.0
"""One that lasts longer is made smaller."""
IDLE_S = 30.0
"""What is free and not used for so long goes back; much sooner where the budget is nearly spent."""
TIGHT_IDLE_S = 1.0
REFUSED_S = 0.1
"""How long a refusal is repeated without asking again."""


@dataclass(slots=True)
class Slice:
    """How much to ask for, so that it lasts a few seconds."""

    size: int = 0
    asked_at: float = -LONG_S

    def next(self, need: int, clock: float) -> int:
        """Return what to ask for when `need` is needed now."""
        lasted = clock - self.asked_at
        self.asked_at = clock
        if lasted < SHORT_S:
            self.size *= 2
        elif lasted > LONG_S:
            self.size //= 2
        self.size = min(max(self.size, need * FIRST_SLICE), NO_LIMIT)
        return max(self.size, need)


@dataclass(slots=True, frozen=True)
class Refusal:
    """What was refused lately, so that others need not ask for the same."""

    need: int
    limit: int
    until: float

    def covers(self, need: int, limit: int, clock: float) -> bool:
        """Say whether a need would be refused just so."""
        return clock < self.until and need >= self.need and limit <= self.limit


class BudgetSeat:
    """This process' part of one budget in one window."""

    __slots__ = (
        "__weakref__",
        "base",
        "base_settled",
        "bound",
        "charge",
        "dirty",
        "drawn_at",
        "free",
        "key",
        "known_others",
        "known_own",
        "known_settled",
        "known_sum",
        "met",
        "refusal",
        "reserved",
        "settled",
        "size",
        "told",
        "wanted",
        "window",
    )  # fmt: skip

    def __init__(self, bound: Bound, window: Window) -> None:
        self.bound = bound
        self.window = window
        self.charge = Charge(bound.id, window.id)
        self.key = keys.budget(bound.id, window.id)
        self.free = 0
        self.reserved = 0
        self.settled = 0
        self.base = 0
        self.base_settled = 0
        self.met = False
        """Whether it is known what this process was charged before; else the store is asked for it."""
        self.dirty = False
        """Whether the store does not know yet what was settled."""
        self.drawn_at = 0.0
        self.size = Slice()
        self.refusal: Refusal | None = None
        self.known_sum = 0
        self.known_settled = 0
        self.known_own = 0
        """This process' part of `known_settled`."""
        self.known_others = 0
        """What other processes have taken."""
        self.told = False
        """Whether the store said just now that the soft budget is passed, for the first time."""
        self.wanted = False
        """Whether another process waits for what comes free here: then it goes back, and all ask in turn."""

    @property
    def counter(self) -> Counter:
        """The counter as the ledger is asked for it."""
        ends = self.window.ends
        return Counter(self.bound.id, self.window.id, None if ends == float("inf") else ends)

    @property
    def taken(self) -> int:
        """What this process counts against the budget."""
        return self.base + self.settled + self.reserved + self.free

    @property
    def charged(self) -> int:
        """What calls of this process that have ended did cost, also before it met this counter anew."""
        return self.base_settled + self.settled

    @property
    def spent(self) -> int:
        """What calls that have ended did cost, as far as this process knows."""
        return self.known_settled - self.known_own + self.charged

    @property
    def holds(self) -> bool:
        """Whether there is something here that the store must hear of."""
        return bool(self.free or self.reserved or self.dirty)

    def draw(self, amount: int, clock: float) -> None:
        """Reserve for a call; there must be enough free."""
        self.free -= amount
        self.reserved += amount
        self.drawn_at = clock

    def narrow(self) -> None:
        """Give back what is free: the limit was lowered, and this was granted under the one before."""
        self.free = 0
        self.dirty = True

    def force(self, amount: int) -> None:
        """Reserve for a call though there may not be enough."""
        self.reserved += amount
        self.free = max(0, self.free - amount)
        self.dirty = True

    def settle(self, reserved: int, cost: int) -> int:
        """Replace what was reserved by the cost; return by how much that passes what was here."""
        self.reserved -= reserved
        self.settled += cost
        self.dirty = True
        free = self.free + reserved - cost
        if free < 0:
            self.free = 0
            return -free
        self.free = 0 if self.wanted else free
        return 0

    def op(self, bound: Bound, want: int = 0, need: int = 0, least: int = 0) -> BudgetOp:
        """Return what to tell the store."""
        self.dirty = False
        return BudgetOp(
            taken=self.taken, settled=self.charged, want=want, need=need, least=least,
            limit=bound.limit, starts=_begins(bound, self.window), first=not self.met,
            expires_at=expires_at(self.window.ends), soft=bound.soft,
        )  # fmt: skip

    def heard(self, op: BudgetOp, reply: BudgetReply, moment: Moment) -> None:
        """Take in the store's answer."""
        if not self.met and reply.base >= 0:
            self.met = True
            self.base += reply.base
            self.base_settled += reply.base_settled
        self.free += reply.granted
        self.known_sum, self.known_settled = reply.sum, reply.settled
        self.known_own = op.settled + max(0, reply.base_settled)
        own = op.taken + max(0, reply.base) + reply.granted
        self.known_others = reply.sum - own
        if reply.verdict == REFUSED:
            self.refusal = Refusal(op.least, op.limit, moment.clock + REFUSED_S)
        self.told = bool(reply.told)
        self.wanted = bool(reply.wanted)

    def lost(self) -> None:
        """Note that the store may not have heard."""
        self.dirty = True

    def forgotten(self) -> None:
        """Note that the store has lost what it was told."""
        self.dirty = self.dirty or self.met

    def give_back(self, clock: float, everything: bool = False) -> bool:
        """Free what idles here; return whether there is something to tell the store."""
        room = self.bound.limit - self.known_sum
        idle_s = 0.0 if self.wanted else TIGHT_IDLE_S if self.free * 4 > room else IDLE_S
        if self.free and (everything or clock - self.drawn_at >= idle_s):
            self.free = 0
            self.dirty = True
        return self.dirty

    def refused(self, bound: Bound, need: int, now: float) -> Exhausted:
        """Return the error that says so."""
        never = self.window.ends == float("inf")
        of_others = self.known_others - (self.known_settled - self.known_own)
        held = max(0, of_others) + self.reserved
        return Exhausted(
            bound,
            needs=need + self.free,
            spent=self.spent,
            held=held,
            resets_at=None if never else self.window.ends,
            retry_after_s=max(0.0, self.window.ends - now),
            contended=held > 0 or self.wanted,
        )

    def left(self, bound: Bound, now: float) -> Left:
        """Return what is left as far as known here."""
        never = self.window.ends == float("inf")
        return Left(
            bound.limit,
            min(max(0, bound.limit - self.known_others - self.taken + self.free), bound.limit),
            None if never else self.window.ends,
            self.spent,
        )


def _begins(bound: Bound, window: Window) -> float:
    """Return since when the counter may have grown, -1 where the ledger knows of more than the store."""
    begins = max(bound.born, window.starts)
    return -1 if bound.changed > begins else begins
