"""This process' slots of one limit on calls at the same time: pure bookkeeping, no I/O."""

from __future__ import annotations

from tianji.limits import keys
from tianji.limits.budgets import IDLE_S, TIGHT_IDLE_S, Refusal
from tianji.limits.contract import NO_LIMIT, Bound, Exhausted, Left
from tianji.limits.trades import REFUSED, Moment, ParallelOp, ParallelReply

EXPIRE_MS = 10_000
"""Slots of a process that is not heard of come free."""
RENEW_S = 3.0
REFUSED_S = 0.05
RETRY_S = 1.0
GROWTH = 4
"""Of the slots in use, one in so many more is asked for at once."""


class ParallelSeat:
    """This process' slots of one limit: `taken` in the store, `free` of them in use by nobody."""

    __slots__ = (
        "__weakref__", "bound", "busy", "free", "full_at", "key", "known_sum", "peak", "refusal", "told_at",
    )  # fmt: skip

    def __init__(self, bound: Bound) -> None:
        self.bound = bound
        self.key = keys.parallel(bound.id)
        self.free = 0
        self.busy = 0
        self.peak = 0
        """The most in use since the last flush."""
        self.full_at = 0.0
        """When all slots were last in use."""
        self.told_at = -RENEW_S
        self.known_sum: int | None = None
        self.refusal: Refusal | None = None

    @property
    def holds(self) -> bool:
        """Whether there are slots here that must be renewed."""
        return bool(self.free or self.busy)

    def draw(self, clock: float) -> None:
        """Use a slot; without a free one it is one more than is held, which is told at the flush."""
        if self.free:
            self.free -= 1
        self.busy += 1
        if self.busy > self.peak:
            self.peak = self.busy
        if not self.free:
            self.full_at = clock

    def narrow(self) -> None:
        """Give back what is free: the limit was lowered."""
        self.free = 0
        self.lost()

    def settle(self) -> None:
        """Free a slot, unless the limit was lowered meanwhile."""
        self.busy -= 1
        if self.busy + self.free < self.bound.limit:
            self.free += 1

    def share(self, bound: Bound, live: int) -> int:
        """Return how many slots this process may take more, while others may take theirs untold."""
        if self.known_sum is None:
            return max(0, bound.limit // live - self.busy - self.free)
        return max(0, bound.limit - self.known_sum) // live

    def take_share(self, bound: Bound, live: int) -> bool:
        """Get a slot of this process' share, while the store cannot be asked."""
        if not self.share(bound, live):
            return False
        self.free += 1
        self._spoken_for(1, live)
        return True

    def slice(self, need: int) -> int:
        """Return how many to ask for when `need` are needed now."""
        return need + self.busy // GROWTH

    def op(
        self, bound: Bound, want: int = 0, need: int = 0, least: int = 0, most: int = NO_LIMIT
    ) -> ParallelOp:
        """Return what to tell the store."""
        return ParallelOp(self.busy + self.free, want, need, least, bound.limit, EXPIRE_MS, most)

    def heard(self, op: ParallelOp, reply: ParallelReply, moment: Moment) -> None:
        """Take in the store's answer."""
        self.free += reply.granted
        if moment.steady:
            self.known_sum = reply.sum
        elif self.known_sum is not None:
            self._spoken_for(reply.granted, moment.live)
            self.known_sum = max(self.known_sum, reply.sum)
        self.told_at = moment.clock
        if reply.verdict == REFUSED:
            self.refusal = Refusal(op.least, op.limit, moment.clock + REFUSED_S)

    def lost(self) -> None:
        """Note that the store may not have heard."""
        self.told_at = -RENEW_S

    def forgotten(self) -> None:
        """Note that the store has lost what it was told."""
        self.told_at = -RENEW_S

    def give_back(self, clock: float, everything: bool = False) -> bool:
        """Free slots that idle; return whether to tell the store."""
        room = 0 if self.known_sum is None else self.bound.limit - self.known_sum
        idle_s = TIGHT_IDLE_S if self.free * 4 > room else IDLE_S
        spare = self.busy + self.free - max(self.peak, self.busy)
        if everything:
            spare = self.free
        given = bool(spare) and (everything or clock - self.full_at >= idle_s)
        if given:
            self.free -= min(spare, self.free)
        self.peak = self.busy
        return given or (self.holds and clock - self.told_at >= RENEW_S)

    def refused(self, bound: Bound, need: int, now: float) -> Exhausted:
        """Return the error that says so."""
        return Exhausted(
            bound, needs=need, spent=self.known_sum or 0, held=0, resets_at=None, retry_after_s=RETRY_S
        )

    def left(self, bound: Bound, now: float) -> Left:
        """Return what is left as far as known here."""
        remaining = bound.limit - (self.known_sum or 0) + self.free
        return Left(bound.limit, min(max(0, remaining), bound.limit), None)

    def _spoken_for(self, slots: int, live: int) -> None:
        """Note that of what was known to be left each process takes as many as this one."""
        if self.known_sum is not None:
            self.known_sum += slots * live
