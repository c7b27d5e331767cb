"""The conversation with the store: what all calls of a moment lack is one message.

Once a second it also tells what was settled, gives back what idles and renews what is held.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from tianji.limits.budgets import BudgetSeat
from tianji.limits.chains import Seat, SeatBook
from tianji.limits.contract import NO_LIMIT, Bound, SoftReached
from tianji.limits.parallel import ParallelSeat
from tianji.limits.rates import RateSeat
from tianji.limits.trades import (
    BudgetOp,
    BudgetReply,
    EpochChanged,
    Moment,
    Op,
    ParallelOp,
    ParallelReply,
    RateOp,
    RateReply,
    Reply,
    Store,
    StoreAway,
)
from tianji.obs import metrics

_log = logging.getLogger(__name__)

FLUSH_S = 1.0
LEASE_S = 4.0
"""How long budgets may be spent that are held, without a word from the store."""
BARRIER_S = 5.0
"""A new data set grants nothing of older budgets for so long: then all have told it what they hold, or
may not spend it any more. It must be longer than LEASE_S."""
MOST_OPS = 500
KEEP_S = 600.0
"""A counter that was not used for so long is forgotten here."""
NEW_EPOCHS = 3
UNTOLD_S = 3.0
"""For so long after the store was away others may not have told it yet what they took of their own."""

Verdicts = dict[Seat, Reply]
"""What the store said of each seat; empty while it is away."""


@dataclass(slots=True)
class _Want:
    bound: Bound
    need: int
    least: int


class Exchange:
    """This process' side of the conversation; one message at a time."""

    def __init__(
        self,
        store: Store,
        book: SeatBook,
        on_soft: SoftReached,
        clock: Callable[[], float] = monotonic,
        flush_s: float = FLUSH_S,
        lease_s: float = LEASE_S,
    ) -> None:
        """`on_soft` is told of soft budgets that were passed."""
        self._store = store
        self._book = book
        self._on_soft = on_soft
        self._clock = clock
        self._flush_s = flush_s
        self._lease_s = lease_s
        self._wants: dict[Seat, _Want] = {}
        self._met = False
        """Whether a data set was met before: the first one is not a new one."""
        self._steady_at = 0.0
        self._next: asyncio.Future[Verdicts] | None = None
        self._kick = asyncio.Event()
        self._untold = False
        """Whether the store is a data set that does not know yet what is held here."""
        self.live = 1
        """How many gateway processes there are, as last heard."""
        self.away = False
        """Whether the store did not answer last time: then nobody waits for it."""
        self.trusted_until = -1.0
        """Until when budgets that are held may be spent."""

    def want(self, lacking: Sequence[tuple[Bound, Seat, int]]) -> asyncio.Future[Verdicts]:
        """Ask with the next message for what a call lacks; the answer is the same for all that ask."""
        for bound, seat, need in lacking:
            known = self._wants.get(seat)
            if known is None:
                self._wants[seat] = _Want(bound, need, need)
            else:
                known.need = min(known.need + need, NO_LIMIT)
                known.least = min(known.least, need)
                known.bound = bound
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        self._kick.set()
        return self._next

    async def run(self) -> None:
        """Talk for ever."""
        due = self._clock()
        while True:
            wait_s = due - self._clock()
            if wait_s > 0 and not self._kick.is_set():
                try:
                    async with asyncio.timeout(wait_s):
                        await self._kick.wait()
                except TimeoutError:
                    pass
            self._kick.clear()
            flush = self._clock() >= due
            if flush:
                due = self._clock() + self._flush_s
            if flush or not self.away:
                await self.talk(flush=flush)
            else:
                self._answer(self._taken_wants()[1], {})

    async def talk(self, *, flush: bool = False, everything: bool = False) -> bool:
        """Send one message, and after it what a flush has beyond that; return whether all was heard."""
        wants, waiting = self._taken_wants()
        if not wants and not flush:
            return not self.away
        try:
            ops: list[tuple[Seat, Op]] = []
            for seat, want in wants.items():
                want_now = self._slice(seat, want.need)
                ops.append((seat, self._op(seat, want.bound, want_now, want.need, want.least)))
            if flush:
                ops += await self._telling(everything, set(wants))
            heard = await self._send(ops[:MOST_OPS])
            self._answer(waiting, heard)
            for first in range(MOST_OPS, len(ops), MOST_OPS):
                if self.away:
                    for seat, _ in ops[first:]:
                        seat.lost()
                    break
                await self._send(ops[first : first + MOST_OPS])
        finally:
            self._answer(waiting, {})
        return not self.away

    def _taken_wants(self) -> tuple[dict[Seat, _Want], asyncio.Future[Verdicts] | None]:
        wants, self._wants = self._wants, {}
        waiting, self._next = self._next, None
        return wants, waiting

    def _answer(self, waiting: asyncio.Future[Verdicts] | None, heard: Verdicts) -> None:
        if waiting is not None and not waiting.done():
            waiting.set_result(heard)

    def _slice(self, seat: Seat, need: int) -> int:
        return seat.slice(need) if isinstance(seat, ParallelSeat) else seat.size.next(need, self._clock())

    def _op(self, seat: Seat, bound: Bound, want: int, need: int, least: int) -> Op:
        """Return what to ask; of what others may take untold no more than this process' own share."""
        if isinstance(seat, BudgetSeat) or not want or self._clock() >= self._steady_at:
            return seat.op(bound, want, need, least)
        if isinstance(seat, ParallelSeat):
            return seat.op(bound, want, need, least, seat.share(bound, self.live))
        return seat.op(bound, want, need, least, seat.share(bound, self._clock(), self.live))

    async def _telling(self, everything: bool, asked: set[Seat]) -> list[tuple[Seat, Op]]:
        """Return what the store must hear of seats that ask for nothing."""
        clock = self._clock()
        ops: list[tuple[Seat, Op]] = []
        for count, seat in enumerate(list(self._book.active)):
            if count % 1000 == 999:
                await asyncio.sleep(0)  # many seats must not hold up the calls
            if seat in asked:
                continue
            if seat.give_back(clock, everything):
                ops.append((seat, seat.op(seat.bound)))
            elif not seat.holds and clock - _used_at(seat) > KEEP_S:
                self._book.retire(seat)
        return ops

    async def _send(self, ops: list[tuple[Seat, Op]]) -> Verdicts:
        """Send one message; a store that is another data set is told first what is held here."""
        try:
            for _ in range(NEW_EPOCHS):
                try:
                    if self._untold:
                        ops = await self._tell_anew(ops)
                    return await self._trade(ops)
                except EpochChanged:
                    self._untold = True
                    if self._met:
                        self._steady_at = self._clock() + BARRIER_S
                    self._met = True
        except StoreAway:
            self._steady_at = max(self._steady_at, self._clock() + UNTOLD_S)
        self.away = True
        for seat, _ in ops:
            seat.lost()
        return {}

    async def _tell_anew(self, ops: list[tuple[Seat, Op]]) -> list[tuple[Seat, Op]]:
        """Tell all that is held here, before anything is asked; return `ops` as they are then."""
        for seat in self._book.active | {seat for seat, _ in ops}:
            seat.forgotten()
        held = [seat for seat in self._book.active if seat.holds or _used_at(seat) > 0]
        for first in range(0, len(held), MOST_OPS):
            part = [(seat, seat.op(seat.bound)) for seat in held[first : first + MOST_OPS]]
            try:
                await self._trade(part)
            except (StoreAway, EpochChanged):
                for seat, _ in part:
                    seat.lost()
                raise
        self._untold = False
        return [(seat, self._op(seat, seat.bound, op.want, op.need, op.least)) for seat, op in ops]

    async def _trade(self, ops: list[tuple[Seat, Op]]) -> Verdicts:
        sent_at = self._clock()
        answer = await self._store.trade([(seat.key, op) for seat, op in ops])
        self.away = False
        # Not all have said yet that they live: an even share is one of all that did before.
        steady = self._clock() >= self._steady_at
        self.live = answer.live if steady else max(self.live, answer.live)
        self.trusted_until = sent_at + self._lease_s
        moment = Moment(sent_at, self._clock(), self.live, answer.time_ms, steady)
        said: Verdicts = {}
        for (seat, op), reply in zip(ops, answer.replies, strict=True):
            _hear(seat, op, reply, moment)
            said[seat] = reply
            self._book.active.add(seat)
            if isinstance(seat, BudgetSeat) and seat.told:
                self._tell_soft(seat)
        return said

    def _tell_soft(self, seat: BudgetSeat) -> None:
        seat.told = False
        bound, spent = seat.bound, seat.known_settled
        metrics.soft_budgets_reached.inc()
        _log.warning(
            "the soft budget of %s is passed",
            bound.who or bound.id,
            extra={"bound": bound.id, "soft_usd": bound.soft / 1e9, "spent_usd": spent / 1e9},
        )
        self._on_soft(bound, seat.window.id, spent)


def _used_at(seat: Seat) -> float:
    return seat.full_at if isinstance(seat, ParallelSeat) else seat.drawn_at


def _hear(seat: Seat, op: Op, reply: Reply, moment: Moment) -> None:
    if isinstance(seat, BudgetSeat):
        assert isinstance(op, BudgetOp) and isinstance(reply, BudgetReply)
        seat.heard(op, reply, moment)
    elif isinstance(seat, RateSeat):
        assert isinstance(op, RateOp) and isinstance(reply, RateReply)
        seat.heard(op, reply, moment)
    else:
        assert isinstance(op, ParallelOp) and isinstance(reply, ParallelReply)
        seat.heard(op, reply, moment)
