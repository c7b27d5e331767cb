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
from tianji.limits.counted import Counted
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
        "__weakref__", "bound", "drawn_at", "free", "grants", "key", "known", "lease_ms", "own", "refusal",
        "size", "slot_ms", "time_off_ms", "until", "used_then", "used_up", "wait_ms", "window",
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
        self.own = Counted()
        """What is counted of this process."""
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
        return bool(self.grants or self.own)

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
                self.own.take_back(grant.counted, grant.left)
            self.free -= grant.left
            grant.left = 0

    def force(self, amount: int, clock: float) -> None:
        """Use an amount though there may not be enough."""
        if self.ready(amount, clock) and amount:
            self.draw(amount, clock)
        elif amount:
            self.own.add(self.slot_now(clock), amount)

    def settle(self, amount: int, used: int, asked: int, clock: float) -> None:
        """Correct what was drawn in or after a slot to what was used."""
        if used <= amount:
            if self._ends(asked) > self.slot_now(clock) * self.slot_ms:
                self._take_back(amount - used, asked, clock)
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
        self.own.add(slot, lacks)
        self._hold(Grant(clock + self.lease_ms / 1000, slot, slot, lacks, local=True))
        return True

    def op(self, bound: Bound, want: int = 0, need: int = 0, least: int = 0, most: int = NO_LIMIT) -> RateOp:
        """Return what to tell the store; what is told is forgotten here."""
        add, returns = self.own.tell()
        return RateOp(
            want, need, least, bound.limit, bound.per_s * 1000, self.slot_ms, self.lease_ms, LONG_LEASE_MS,
            add, returns, self.own.history, part_of(bound), most,
        )  # fmt: skip

    def heard(self, op: RateOp, reply: RateReply, moment: Moment) -> None:
        """Take in the store's answer."""
        self.time_off_ms = moment.time_ms - moment.clock * 1000
        self.own.heard(reply.slot)
        self._forget(reply.slot)
        if reply.granted:
            lease = LONG_LEASE_MS if reply.counted > reply.slot else self.lease_ms
            self.own.granted(reply.counted, reply.granted)
            self._hold(Grant(moment.sent_at + lease / 1000, reply.counted, reply.slot, reply.granted))
        if reply.verdict == REFUSED:
            self.wait_ms = reply.wait_ms
            self.refusal = Refusal(op.least, op.limit, moment.clock + min(REFUSED_S, reply.wait_ms / 1000))
        if moment.steady or self.known is None:
            self.known = used(reply)
            self.used_then = self.own.total

    def lost(self) -> None:
        """Note that the store may not have heard: what was used is told again, what went back is not."""
        self.own.lost()

    def forgotten(self) -> None:
        """Note that the store has lost what it was told."""
        self.own.forgotten()

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
                self.own.take_back(grant.counted, grant.left)
                self.free -= grant.left
            elif grant.left:
                kept.append(grant)
        self.grants = kept
        self.until = min((grant.until for grant in kept), default=NEVER)
        return self.own.untold

    def refused(self, bound: Bound, need: int, now: float, clock: float) -> Exhausted:
        """Return the error that says so: by the store's last word, or by what is known here."""
        asked = self.refusal is not None and self.refusal.covers(need, bound.limit, clock)
        wait_s = self.wait_ms / 1000 if asked else self._frees_in(need, clock)
        if self.window is not None:
            wait_s = max(0.0, self.window.ends - now)
        spent = self.known.all if self.known is not None else self.own.total
        return Exhausted(bound, needs=need, spent=spent, held=0, resets_at=now + wait_s, retry_after_s=wait_s)

    def left(self, bound: Bound, now: float) -> Left:
        """Return what is left as far as known here."""
        known = self.known or _UNUSED
        since = self.own.total - self.used_then
        if since:  # calls have ended, or grants, and the store is to hear of it
            known = Used(known.all + since, known.mine + since, known.parts)
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
                self.own.take_back(grant.counted, grant.left)
        self.until = self.grants[0].until if self.grants else NEVER

    def _date_back(self, grant: Grant, now: int) -> None:
        """Count what was used of a grant now, where it is counted later."""
        drawn, grant.drawn = grant.drawn, 0
        if drawn and grant.counted > now:
            self.own.take_back(grant.counted, drawn)
            self.own.add(now, drawn)

    def _take_back(self, amount: int, asked: int, clock: float) -> None:
        """Uncount what was drawn and not used, in the oldest slots that may hold it.

        What was drawn since the last flush, of a grant that is counted later, is newer than all of these.
        """
        now, free = max(asked, self.slot_now(clock)), self._free_by_slot()
        if self.own.of(asked) - free.get(asked, 0) >= amount:  # nearly always
            self.own.take_back(asked, amount)
            return
        for slot in self.own.slots():
            if asked <= slot <= now:
                part = min(amount, max(0, self.own.of(slot) - free.get(slot, 0)))
                self.own.take_back(slot, part)
                amount -= part
        for grant in (*self.used_up, *self.grants):
            if amount and grant.counted > now:
                part = min(amount, grant.drawn)
                grant.drawn -= part
                self.own.take_back(grant.counted, part)
                amount -= part

    def _free_by_slot(self) -> dict[int, int]:
        """Return what of the counted amounts may still be drawn."""
        free: dict[int, int] = {}
        for grant in self.grants:
            free[grant.counted] = free.get(grant.counted, 0) + grant.left
        return free

    def _ends(self, slot: int) -> int:
        return (slot + 1) * self.slot_ms + self.lease_ms + self.bound.per_s * 1000

    def _forget(self, now: int) -> None:
        """Drop slots that are counted no more."""
        edge = now * self.slot_ms
        for slot in self.own.slots():
            if self._ends(slot) <= edge or not self.own.of(slot):
                self.own.drop(slot)

    def _counted(self, clock: float) -> int:
        self._forget(self.slot_now(clock))
        return self.own.total

    def _frees_in(self, need: int, clock: float) -> float:
        now_ms = clock * 1000 + (self.time_off_ms or 0.0)
        for slot in self.own.slots():
            need -= self.own.of(slot)
            if need <= 0:
                return max(0.0, (self._ends(slot) - now_ms) / 1000)
        return float(self.bound.per_s)
