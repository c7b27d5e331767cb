"""This process' part of one sliding limit, requests or tokens: pure bookkeeping, no I/O.

The store grants amounts that may be used for a short time only and are counted from then on, by slot.
So whatever is used in any `per_s` seconds was granted in little more than that, and never passes the
limit. While much is left a grant may be used longer; it is then counted as if it were made later, and
what was used of it is dated back to when it was, at the next flush.
"""

from __future__ import annotations

from dataclasses import dataclass

from tianji.limits import keys
from tianji.limits.budgets import IDLE_S, TIGHT_IDLE_S, Refusal, Slice
from tianji.limits.contract import NO_LIMIT, Bound, Exhausted, Left, Window
from tianji.limits.parts import Used, most, own_of, part_of, room, used
from tianji.limits.trades import REFUSED, Moment, RateOp, RateReply

LEASE_MS = 1000
LONG_LEASE_MS = 10_000
LEASES = 60
"""A limit's period in leases, where they are not shorter than `LEASE_MS`, nor longer than `LONG_LEASE_MS`."""
SLOT_MS = 500
SLOTS = 120
"""A limit's period in slots, where they are not shorter than `SLOT_MS`."""
REFUSED_S = 0.1
NEVER = float("inf")
_UNUSED = Used()


@dataclass(slots=True)
class Grant:
    """An amount that may be used until a time."""

    until: float
    counted: int
    """The slot that it is counted in; our own ones (`local`) are not counted anywhere yet."""
    asked: int
    """The slot that it was made in."""
    left: int
    local: bool = False
    drawn: int = 0
    """Used since the last flush."""


class RateSeat:
    """This process' part of one sliding limit."""

    __slots__ = (
        "__weakref__", "add", "bound", "drawn_at", "free", "grants", "history", "key", "known", "lease_ms",
        "own", "refusal", "returns", "size", "slot_ms", "time_off_ms", "until", "used_then", "used_up",
        "wait_ms", "window",
    )  # fmt: skip

    def __init__(self, bound: Bound, window: Window | None = None) -> None:
        """`window` is the only one that is counted, of a limit that begins anew instead of sliding."""
        self.bound = bound
        self.window = window
        self.key = keys.rate(bound.kind, bound.id, window.id if window else bound.per_s)
        self.lease_ms = min(max(LEASE_MS, bound.per_s * 1000 // LEASES), LONG_LEASE_MS)
        self.slot_ms = max(SLOT_MS, bound.per_s * 1000 // SLOTS)
        self.free = 0
        self.until = NEVER
        """When the first of the grants ends, by this process' clock."""
        self.grants: list[Grant] = []
        self.used_up: list[Grant] = []
        """Those with nothing left whose use is to be dated back."""
        self.own: dict[int, int] = {}
        """What is counted of this process, by slot."""
        self.add = 0
        self.returns: dict[int, int] = {}
        self.history: list[tuple[int, int]] | None = None
        """After a loss: what this process counted then, to be told anew."""
        self.size = Slice()
        self.refusal: Refusal | None = None
        self.drawn_at = 0.0
        self.time_off_ms: float | None = None
        """The store's clock less this process'."""
        self.known: Used | None = None
        self.used_then = 0
        """What this process counted when the store was last heard of."""
        self.wait_ms = 0

    @property
    def holds(self) -> bool:
        """Whether there is something here that the store must hear of, or be told after a loss."""
        return bool(self.grants or self.add or self.returns or self.own)

    def slot_now(self, clock: float) -> int:
        """Return the slot of now, as the store counts them."""
        return int((clock * 1000 + (self.time_off_ms or 0.0)) // self.slot_ms)

    def ready(self, amount: int, clock: float) -> bool:
        """Say whether there is enough to draw; grants that have ended go."""
        if clock >= self.until:
            self._expire(clock)
        return self.free >= amount

    def draw(self, amount: int, clock: float) -> int:
        """Use some of what is free; return the slot in which, at the earliest, it is counted."""
        self.free -= amount
        self.drawn_at = clock
        grant = self.grants[0]
        asked = grant.asked
        while grant.left < amount:
            amount -= grant.left
            self._use_up(grant)
            grant = self.grants[0]
            asked = min(asked, grant.asked)
        grant.left -= amount
        grant.drawn += amount
        return asked

    def narrow(self) -> None:
        """Give back what is free: the limit was lowered, and this was granted under the one before."""
        for grant in self.grants:
            if not grant.local:
                self._uncount(grant.counted, grant.left)
            self.free -= grant.left
            grant.left = 0

    def force(self, amount: int, clock: float) -> None:
        """Use an amount though there may not be enough."""
        if self.ready(amount, clock) and amount:
            self.draw(amount, clock)
        elif amount:
            self._count(self.slot_now(clock), amount)
            self.add += amount

    def settle(self, amount: int, used: int, asked: int, clock: float) -> None:
        """Correct what was drawn in or after a slot to what was used."""
        if used <= amount:
            if self._ends(asked) > self.slot_now(clock) * self.slot_ms:
                self._take_back(amount - used, asked)
            return  # a slot that is counted no more has nothing to give back, and others must not
        more = used - amount
        part = min(more, self.free) if self.ready(1, clock) else 0
        self.force(part, clock)
        self.force(more - part, clock)

    def share(self, bound: Bound, clock: float, live: int) -> int:
        """Return how much this process may take more of its own, while others may take theirs untold."""
        mine = self._counted(clock)
        known = self.known or Used()
        part, left = part_of(bound), bound.limit - known.all
        if part is not None:  # what others do not use of theirs cannot be known now
            left = min(left, own_of(bound.limit, part, known.parts) - known.mine)
        cap = (self.used_then if self.known else 0) + max(0, left) // live
        return max(0, cap - mine)

    def take_share(self, bound: Bound, lacks: int, clock: float, live: int) -> bool:
        """Take what lacks from this process' share, while the store cannot be asked; it hears of it later."""
        if lacks > self.share(bound, clock, live):
            return False
        slot = self.slot_now(clock)
        self._count(slot, lacks)
        self.add += lacks
        self._hold(Grant(clock + self.lease_ms / 1000, slot, slot, lacks, local=True))
        return True

    def op(self, bound: Bound, want: int = 0, need: int = 0, least: int = 0, most: int = NO_LIMIT) -> RateOp:
        """Return what to tell the store; what is told is forgotten here."""
        add, self.add = self.add, 0
        returns, self.returns = self.returns, {}
        return RateOp(
            want, need, least, bound.limit, bound.per_s * 1000, self.slot_ms, self.lease_ms, LONG_LEASE_MS,
            add, sorted(returns.items()), self.history, part_of(bound), most,
        )  # fmt: skip

    def heard(self, op: RateOp, reply: RateReply, moment: Moment) -> None:
        """Take in the store's answer."""
        self.time_off_ms = moment.time_ms - moment.clock * 1000
        self.wait_ms = reply.wait_ms
        self.history = None
        self._forget(reply.slot)
        if reply.granted:
            lease = LONG_LEASE_MS if reply.counted > reply.slot else self.lease_ms
            self._count(reply.counted, reply.granted)
            self._hold(Grant(moment.sent_at + lease / 1000, reply.counted, reply.slot, reply.granted))
        if reply.verdict == REFUSED:
            self.refusal = Refusal(op.least, op.limit, moment.clock + min(REFUSED_S, reply.wait_ms / 1000))
        if moment.steady or self.known is None:
            self.known = used(reply)
            self.used_then = sum(self.own.values())

    def lost(self, op: RateOp) -> None:
        """Note that the store may not have heard: what was used is told again, what went back is not."""
        self.add += op.add

    def forgotten(self) -> None:
        """Note that the store has lost what it was told."""
        self.history = sorted((slot, amount) for slot, amount in self.own.items() if amount)
        self.add = 0
        self.returns = {}

    def give_back(self, clock: float, everything: bool = False) -> bool:
        """Date back what was used, and free what idles or has ended; return whether to tell the store."""
        if clock >= self.until:
            self._expire(clock)
        now = self.slot_now(clock)
        tight = self.known is not None and self.free * 4 > room(
            self.bound.limit, part_of(self.bound), self.known
        )
        idle = everything or clock - self.drawn_at >= (TIGHT_IDLE_S if tight else IDLE_S)
        for grant in self.used_up:
            self._date_back(grant, now)
        self.used_up.clear()
        kept = []
        for grant in self.grants:
            self._date_back(grant, now)
            if idle and not grant.local:
                self._uncount(grant.counted, grant.left)
                self.free -= grant.left
            elif grant.left:
                kept.append(grant)
        self.grants = kept
        self.until = min((grant.until for grant in kept), default=NEVER)
        return bool(self.add or self.returns or self.history)

    def refused(self, bound: Bound, need: int, now: float, clock: float) -> Exhausted:
        """Return the error that says so: by the store's last word, or by what is known here."""
        asked = self.refusal is not None and self.refusal.covers(need, bound.limit, clock)
        wait_s = self.wait_ms / 1000 if asked else self._frees_in(need, clock)
        if self.window is not None:
            wait_s = max(0.0, self.window.ends - now)
        spent = self.known.all if self.known is not None else sum(self.own.values())
        return Exhausted(bound, needs=need, spent=spent, held=0, resets_at=now + wait_s, retry_after_s=wait_s)

    def left(self, bound: Bound, now: float) -> Left:
        """Return what is left as far as known here."""
        known = self.known or _UNUSED
        part = None if bound.share is None else part_of(bound)
        limit = bound.limit if part is None else most(bound, known)
        remaining = room(bound.limit, part, known) + max(0, self.free)
        resets_at = now + bound.per_s if self.window is None else self.window.ends
        return Left(limit, min(max(0, remaining), limit), resets_at)

    def _use_up(self, grant: Grant) -> None:
        """Take the rest of the first grant."""
        grant.drawn += grant.left
        grant.left = 0
        del self.grants[0]
        self.until = self.grants[0].until
        if grant.counted > grant.asked:
            self.used_up.append(grant)

    def _hold(self, grant: Grant) -> None:
        self.free += grant.left
        self.grants.append(grant)
        self.grants.sort(key=lambda one: one.until)
        self.until = self.grants[0].until

    def _expire(self, clock: float) -> None:
        """Give back what is left of grants that have ended."""
        now = self.slot_now(clock)
        while self.grants and self.grants[0].until <= clock:
            grant = self.grants.pop(0)
            self._date_back(grant, now)
            self.free -= grant.left
            if not grant.local:
                self._uncount(grant.counted, grant.left)
        self.until = self.grants[0].until if self.grants else NEVER

    def _date_back(self, grant: Grant, now: int) -> None:
        """Count what was used of a grant now, where it is counted later."""
        drawn, grant.drawn = grant.drawn, 0
        if drawn and grant.counted > now:
            self._uncount(grant.counted, drawn)
            self._count(now, drawn)
            self.add += drawn

    def _take_back(self, amount: int, asked: int) -> None:
        """Uncount what was drawn and not used, in the oldest slots that may hold it."""
        if self.own.get(asked, 0) >= amount:  # nearly always
            self._uncount(asked, amount)
            return
        for slot in sorted(slot for slot in self.own if slot >= asked):
            part = min(amount, self.own[slot])
            self._uncount(slot, part)
            amount -= part
            if not amount:
                return

    def _count(self, slot: int, amount: int) -> None:
        self.own[slot] = self.own.get(slot, 0) + amount

    def _uncount(self, slot: int, amount: int) -> None:
        if not amount:
            return
        self.own[slot] = self.own.get(slot, 0) - amount
        self.returns[slot] = self.returns.get(slot, 0) + amount

    def _ends(self, slot: int) -> int:
        return (slot + 1) * self.slot_ms + self.lease_ms + self.bound.per_s * 1000

    def _forget(self, now: int) -> None:
        """Drop slots that are counted no more."""
        edge = now * self.slot_ms
        for slot in [slot for slot, amount in self.own.items() if self._ends(slot) <= edge or not amount]:
            del self.own[slot]

    def _counted(self, clock: float) -> int:
        self._forget(self.slot_now(clock))
        return sum(self.own.values())

    def _frees_in(self, need: int, clock: float) -> float:
        now_ms = clock * 1000 + (self.time_off_ms or 0.0)
        for slot in sorted(self.own):
            need -= self.own[slot]
            if need <= 0:
                return max(0.0, (self._ends(slot) - now_ms) / 1000)
        return float(self.bound.per_s)
