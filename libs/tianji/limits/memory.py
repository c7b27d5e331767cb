"""The store of a gateway without Redis: this process' own memory.

Limits are then kept for each process by itself. What was spent before it started is asked of the
ledger, like after a loss of Redis.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tianji.limits import keys
from tianji.limits.parts import Used, room
from tianji.limits.seeding import Counter, ProcessSum
from tianji.limits.trades import (
    GRANTED,
    REFUSED,
    UNKNOWN,
    Answer,
    BudgetOp,
    BudgetReply,
    EpochChanged,
    Op,
    ParallelOp,
    ParallelReply,
    RateOp,
    RateReply,
    Reply,
)


class _Budget:
    """One counter, by process: what others have spent as the ledger has it, what this one has told."""

    def __init__(self) -> None:
        self.taken: dict[str, int] = {}
        self.settled: dict[str, int] = {}
        self.full = False
        self.told = False


class Memory:
    """One process' counters; what `scripts/trade.lua` does, for one process that is never lost."""

    epoch = ""

    def __init__(self, process: str, clock: Callable[[], float] = time.time, *, ledger: bool = True) -> None:
        """Without a `ledger` to ask nothing was spent before."""
        self._process = process
        self._clock = clock
        self._since = clock()
        self._ledger = ledger
        self._budgets: dict[str, _Budget] = {}
        self._ends: dict[str, int] = {}
        self._rates: dict[str, dict[int, int]] = {}
        self._askers: dict[str, dict[str, int]] = {}

    async def trade(self, ops: list[tuple[str, Op]]) -> Answer:
        """Do all of `ops`."""
        if not self.epoch:
            self.epoch = "memory"
            raise EpochChanged(self.epoch)
        now = self._clock()
        self._forget(now)
        return Answer([self._one(key, op, now) for key, op in ops], 1, int(now * 1000), self.epoch)

    def learn(self, counters: Sequence[Counter], sums: Sequence[ProcessSum]) -> None:
        """Take in what the ledger knows of counters."""
        for counter in counters:
            self._budgets.setdefault(keys.budget(counter.bound, counter.window), _Budget()).full = True
        for known in sums:
            budget = self._budgets.setdefault(keys.budget(known.bound, known.window), _Budget())
            for told in (budget.taken, budget.settled):
                told[known.process] = max(known.spent_nano, told.get(known.process, 0))

    async def close(self) -> None:
        """Do nothing: what is held goes with the process."""

    def _one(self, key: str, op: Op, now: float) -> Reply:
        if isinstance(op, BudgetOp):
            return self._budget(key, op)
        if isinstance(op, RateOp):
            return self._rate(key, op, int(now * 1000))
        left = min(op.limit - op.taken, op.most)
        verdict = REFUSED if op.want and left < op.least else GRANTED
        granted = _slice(left, op) if op.want and verdict == GRANTED else 0
        return ParallelReply(verdict, granted, op.taken + granted)

    def _budget(self, key: str, op: BudgetOp) -> BudgetReply:
        budget = self._budgets.setdefault(key, _Budget())
        self._ends[key] = op.expires_at
        budget.full |= op.starts >= self._since or not self._ledger
        me = self._process
        held, held_settled = budget.taken.get(me, 0), budget.settled.get(me, 0)
        base, base_settled = 0, 0
        taken, settled = op.taken, op.settled
        if op.first and budget.full:
            base, base_settled = held, held_settled
            taken, settled = taken + base, settled + base_settled
        elif op.first:
            base, base_settled = -1, -1
            taken, settled = max(taken, held), max(settled, held_settled)
        budget.taken[me], budget.settled[me] = taken, settled
        sum_, all_settled = sum(budget.taken.values()), sum(budget.settled.values())
        verdict, granted = GRANTED, 0
        if op.want and not budget.full:
            verdict = UNKNOWN
        elif op.want and op.limit - sum_ < op.least:
            verdict = REFUSED
        elif op.want:
            granted = _slice(op.limit - sum_, op)
            budget.taken[me] += granted
        told = 0 < op.soft <= all_settled and budget.full and not budget.told
        budget.told |= told
        return BudgetReply(verdict, granted, sum_ + granted, all_settled, base, base_settled, int(told))

    def _rate(self, key: str, op: RateOp, now_ms: int) -> RateReply:
        places = [self._rates.setdefault(key, {})]
        if op.part is not None:
            places.append(self._rates.setdefault(keys.part(key, op.part.name), {}))
        now = now_ms // op.slot
        for slots in places:
            _hear(slots, op, now, now_ms)
        parts = self._parts(key, op, now_ms)
        known = Used(sum(places[0].values()), sum(places[-1].values()), parts)
        verdict, granted, at, wait_ms = GRANTED, 0, now, 0
        left = min(room(op.limit, op.part, known), op.most)
        if op.want and left < op.least:
            verdict, wait_ms = REFUSED, _frees(op, places[0], places[-1], known, now_ms)
        elif op.want:
            granted = _slice(left, op)
            if (known.all + granted) * 2 <= op.limit:
                at = (now_ms + op.long_lease - op.lease) // op.slot
            for slots in places:
                slots[at] = slots.get(at, 0) + granted
        mine = known.mine + granted if op.part is not None else 0
        return RateReply(verdict, granted, now, at, known.all + granted, wait_ms, mine, parts)

    def _parts(self, key: str, op: RateOp, now_ms: int) -> int:
        """Return how many ask for parts of a limit that is divided evenly."""
        if op.part is None or not op.part.even:
            return 1
        askers = self._askers.setdefault(key, {})
        if op.want:
            askers[op.part.name] = now_ms
        for name in [name for name, at in askers.items() if now_ms - at >= op.per]:
            del askers[name]
        return max(1, len(askers))

    def _forget(self, now: float) -> None:
        for key in [key for key, ends in self._ends.items() if 0 < ends < now]:
            del self._ends[key]
            self._budgets.pop(key, None)


def _slice(room: int, op: BudgetOp | RateOp | ParallelOp) -> int:
    return min(room, max(op.need, min(op.want, room // 2)))


def _hear(slots: dict[int, int], op: RateOp, now: int, now_ms: int) -> None:
    """Take in what was used beyond grants and what comes back; what is counted no more goes."""
    slots[now] = slots.get(now, 0) + op.add
    for slot, amount in op.returns:
        if slot in slots:
            slots[slot] = max(0, slots[slot] - amount)
    for slot in [slot for slot in slots if _age(op, slot, now_ms) <= 0]:
        del slots[slot]


def _frees(op: RateOp, whole: dict[int, int], mine: dict[int, int], known: Used, now_ms: int) -> int:
    """Return in how many ms what is needed comes free, if nobody takes anything until then."""
    if room(op.limit, op.part, known) >= op.least:
        return op.lease
    for slot in sorted(whole):
        own = mine.get(slot, 0)
        known = Used(known.all - whole[slot], known.mine - own, known.parts)
        if room(op.limit, op.part, known) >= op.least:
            return _age(op, slot, now_ms)
    return op.per


def _age(op: RateOp, slot: int, now_ms: int) -> int:
    return (slot + 1) * op.slot + op.lease + op.per - now_ms
