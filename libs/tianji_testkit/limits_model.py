"""What the shared store of limits must do, said as plainly as possible: the model that tests compare with."""

from __future__ import annotations

from dataclasses import dataclass, field

from tianji.limits import keys
from tianji.limits.trades import (
    GRANTED,
    REFUSED,
    UNKNOWN,
    WAITING,
    BudgetOp,
    BudgetReply,
    Op,
    ParallelOp,
    ParallelReply,
    RateOp,
    RateReply,
    Reply,
)

SURE_S = 30 * 86_400
ASKS_MS = 1000


@dataclass
class Counter:
    """A budget in one window: per process what it has taken, and settled of it."""

    taken: dict[str, int] = field(default_factory=dict)
    settled: dict[str, int] = field(default_factory=dict)
    full: bool = False
    told: bool = False
    line: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Who waits: since when, when it last asked (ms), and for how much."""


@dataclass
class Slots:
    """A sliding limit: what was granted by slot, and what processes told anew after a loss."""

    granted: dict[int, int] = field(default_factory=dict)
    told: dict[int, int] = field(default_factory=dict)
    tellers: set[str] = field(default_factory=set)


@dataclass
class Model:
    """One data set. `began` is its epoch, in seconds."""

    began: float
    barrier_s: float
    alive_s: float = 5.0
    budgets: dict[str, Counter] = field(default_factory=dict)
    rates: dict[str, Slots] = field(default_factory=dict)
    askers: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of limits that are divided evenly: who asked, and when last (ms)."""
    parallels: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    heard: dict[str, float] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)

    def trade(
        self, process: str, sequence: int, ops: list[tuple[str, Op]], now_ms: int
    ) -> list[Reply] | None:
        """Do a message; None for one that comes late."""
        if self.sequences.get(process, 0) >= sequence:
            return None
        self.sequences[process] = sequence
        self.heard[process] = now_ms / 1000
        return [self._one(process, key, op, now_ms) for key, op in ops]

    def seed(self, key: str, sums: dict[str, int]) -> None:
        """Take in the ledger's sums."""
        counter = self.budgets.setdefault(key, Counter())
        counter.full = True
        for process, amount in sums.items():
            counter.taken[process] = max(amount, counter.taken.get(process, 0))
            counter.settled[process] = max(amount, counter.settled.get(process, 0))

    def live(self, now_ms: int) -> int:
        """Return how many processes were heard lately."""
        return sum(now_ms / 1000 - at < self.alive_s for at in self.heard.values())

    def _one(self, process: str, key: str, op: Op, now_ms: int) -> Reply:
        if isinstance(op, BudgetOp):
            return self._budget(process, key, op, now_ms)
        if isinstance(op, RateOp):
            return self._rate(process, key, op, now_ms)
        return self._parallel(process, key, op, now_ms)

    def _budget(self, process: str, key: str, op: BudgetOp, now_ms: int) -> BudgetReply:
        counter = self.budgets.setdefault(key, Counter())
        from_start = op.starts >= self.began and op.starts > now_ms / 1000 - SURE_S
        counter.full |= from_start
        base, base_settled = 0, 0
        taken, settled = op.taken, op.settled
        held, held_settled = counter.taken.get(process, 0), counter.settled.get(process, 0)
        if op.first and counter.full:
            base, base_settled = held, held_settled
            taken, settled = taken + base, settled + base_settled
        elif op.first:
            base, base_settled = -1, -1
            taken, settled = max(taken, held), max(settled, held_settled)
        counter.taken[process], counter.settled[process] = taken, settled
        verdict, granted = GRANTED, 0
        counter.line = {name: one for name, one in counter.line.items() if now_ms - one[1] <= ASKS_MS}
        others = [one for name, one in counter.line.items() if name != process]
        if op.want:
            since = counter.line.pop(process, (now_ms, 0, 0))[0]
            ahead = sum(least for first, _, least in others if first < since)
            room = op.limit - sum(counter.taken.values()) - ahead
            if self._waiting(now_ms) and not from_start:
                verdict = WAITING
            elif not counter.full:
                verdict = UNKNOWN
            else:
                verdict, granted = self._grant(room, op, now_ms)
            if verdict == REFUSED and op.least <= op.limit - sum(counter.settled.values()):
                counter.line[process] = (since, now_ms, op.least)
        counter.taken[process] += granted
        settled = sum(counter.settled.values())
        told = counter.full and not counter.told and 0 < op.soft <= settled
        counter.told |= told
        return BudgetReply(
            verdict,
            granted,
            sum(counter.taken.values()),
            settled,
            base,
            base_settled,
            int(told),
            int(bool(others)),
        )

    def _rate(self, process: str, key: str, op: RateOp, now_ms: int) -> RateReply:
        now = now_ms // op.slot
        whole = self.rates.setdefault(key, Slots())
        counted = [whole]
        if op.part is not None:
            counted.append(self.rates.setdefault(keys.part(key, op.part.name), Slots()))
        parts = self._askers(key, op, now_ms)
        told = op.history is not None and process not in counted[-1].tellers
        for slots in counted:
            self._hear(slots, op, now, process if told else None)
        used, mine = (sum(self._counted(slots, op, now_ms).values()) for slots in (whole, counted[-1]))

        def reply(verdict: int, granted: int = 0, at: int = now, wait_ms: int = 0) -> RateReply:
            mine_now = mine + granted if op.part is not None else 0
            return RateReply(verdict, granted, now, at, used + granted, wait_ms, mine_now, parts)

        if not op.want:
            return reply(GRANTED)
        verdict, amount = self._grant(min(_room(op, used, mine, parts), op.most), op, now_ms)
        if verdict == REFUSED:
            return reply(REFUSED, wait_ms=self._wait(op, whole, counted[-1], parts, now_ms))
        at = now
        if 2 * (used + amount) <= op.limit:
            at = (now_ms + op.long_lease - op.lease) // op.slot
        for slots in counted:
            slots.granted[at] = slots.granted.get(at, 0) + amount
        return reply(GRANTED, amount, at)

    def _askers(self, key: str, op: RateOp, now_ms: int) -> int:
        """Return among how many a limit is divided evenly."""
        if op.part is None or not op.part.even:
            return 1
        askers = self.askers.setdefault(key, {})
        if op.want:
            askers[op.part.name] = now_ms
        return max(1, sum(now_ms - at < op.per for at in askers.values()))

    def _hear(self, slots: Slots, op: RateOp, now: int, teller: str | None) -> None:
        """Take in what was used beyond grants, what comes back, and once what was counted before a loss."""
        if op.add:
            slots.granted[now] = slots.granted.get(now, 0) + op.add
        if teller is not None:
            slots.tellers.add(teller)
            for slot, amount in op.history or []:
                slots.told[slot] = slots.told.get(slot, 0) + amount
        for slot, amount in op.returns:
            left = amount
            for amounts in (slots.granted, slots.told):
                there = amounts.get(slot, 0)
                if there:
                    amounts[slot] = max(0, there - left)
                    left = max(0, left - there)

    def _counted(self, slots: Slots, op: RateOp, now_ms: int) -> dict[int, int]:
        """Return what is still counted, by slot."""
        counted = {}
        for slot in {*slots.granted, *slots.told}:
            granted, told = slots.granted.get(slot, 0), slots.told.get(slot, 0)
            if _frees(op, slot) > now_ms:
                before = (slot + 1) * op.slot <= self.began * 1000
                counted[slot] = max(granted, told) if before else granted + told
        return counted

    def _wait(self, op: RateOp, whole: Slots, mine: Slots, parts: int, now_ms: int) -> int:
        """Return when what is needed comes free, if nobody takes anything until then."""
        used, own = (sum(self._counted(slots, op, now_ms).values()) for slots in (whole, mine))
        if _room(op, used, own, parts) >= op.least:
            return op.lease
        for slot in sorted(self._counted(whole, op, now_ms)):
            then = _frees(op, slot)
            used, own = (sum(self._counted(slots, op, then).values()) for slots in (whole, mine))
            if _room(op, used, own, parts) >= op.least:
                return then - now_ms
        return op.per

    def _parallel(self, process: str, key: str, op: ParallelOp, now_ms: int) -> ParallelReply:
        held = self.parallels.setdefault(key, {})
        for other, (_, expires) in list(held.items()):
            if other != process and expires <= now_ms:
                del held[other]
        held[process] = (op.taken, now_ms + op.expire)
        verdict, granted = GRANTED, 0
        if op.want:
            room = op.limit - sum(slots for slots, _ in held.values())
            verdict, granted = self._grant(min(room, op.most), op, now_ms)
        held[process] = (op.taken + granted, now_ms + op.expire)
        return ParallelReply(verdict, granted, sum(slots for slots, _ in held.values()))

    def _waiting(self, now_ms: int) -> bool:
        return now_ms / 1000 < self.began + self.barrier_s

    def _grant(self, room: int, op: Op, now_ms: int) -> tuple[int, int]:
        if room < op.least:
            return REFUSED, 0
        slice_ = min(op.want, room // (2 * self.live(now_ms)))
        return GRANTED, min(room, max(op.need, slice_))


def _frees(op: RateOp, slot: int) -> int:
    """Return when a slot is counted no more."""
    return (slot + 1) * op.slot + op.lease + op.per


def _room(op: RateOp, used: int, mine: int, parts: int) -> int:
    """Return how much an op may get at most."""
    if op.part is None:
        return op.limit - used
    own = op.limit // parts if op.part.even else op.part.reserved
    borrowed = op.part.open_below - used
    return min(op.limit - used, max(own - mine, borrowed))
