"""The store of a gateway without Redis: this process' own memory.

Limits are then kept for each process by itself. What was spent before it started is asked of the
ledger, like after a loss of Redis.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tianji.limits import keys
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
        room = op.limit - op.taken
        verdict = REFUSED if op.want and room < op.least else GRANTED
        granted = _slice(room, op) if op.want and verdict == GRANTED else 0
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
        slots = self._rates.setdefault(key, {})
        now = now_ms // op.slot
        slots[now] = slots.get(now, 0) + op.add
        for slot, amount in op.returns:
            if slot in slots:
                slots[slot] = max(0, slots[slot] - amount)
        frees = {slot: (slot + 1) * op.slot + op.lease + op.per - now_ms for slot in slots}
        for slot in [slot for slot, wait in frees.items() if wait <= 0]:
            del slots[slot]
        used = sum(slots.values())
        if not op.want:
            return RateReply(GRANTED, 0, now, now, used, 0)
        room = op.limit - used
        if room < op.least:
            for slot in sorted(slots):
                room += slots[slot]
                if room >= op.least:
                    return RateReply(REFUSED, 0, now, now, used, frees[slot])
            return RateReply(REFUSED, 0, now, now, used, op.per)
        granted = _slice(room, op)
        long = (used + granted) * 2 <= op.limit
        counted = (now_ms + op.long_lease - op.lease) // op.slot if long else now
        slots[counted] = slots.get(counted, 0) + granted
        return RateReply(GRANTED, granted, now, counted, used + granted, 0)

    def _forget(self, now: float) -> None:
        for key in [key for key, ends in self._ends.items() if 0 < ends < now]:
            del self._ends[key]
            self._budgets.pop(key, None)


def _slice(room: int, op: BudgetOp | RateOp | ParallelOp) -> int:
    return min(room, max(op.need, min(op.want, room // 2)))
