"""Budgets and limits of one gateway process: take, ask, settle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

from tianji.errors import Unavailable
from tianji.limits.budgets import BudgetSeat
from tianji.limits.chains import Seat, SeatBook, Seats
from tianji.limits.contract import (
    NO_SPLIT,
    Bound,
    Chain,
    Exhausted,
    Left,
    LimitsUnavailable,
    Reservation,
    SoftReached,
    Split,
)
from tianji.limits.exchange import FLUSH_S, LEASE_S, Exchange, Verdicts
from tianji.limits.parallel import ParallelSeat
from tianji.limits.rates import RateSeat
from tianji.limits.seeds import Seed, Seeds
from tianji.limits.taken import Taken, amount_of
from tianji.limits.trades import REFUSED, UNKNOWN, WAITING, Store
from tianji.obs import metrics
from tianji.obs.supervised import forever, stop

PATIENCE_S = 2.0
"""How long a call asks again and again while others take what it got."""

Lacking = list[tuple[Bound, Seat, int]]


class HeldLimits:
    """The limiter of one gateway process; `Limiter` says what its methods promise."""

    def __init__(
        self,
        store: Store,
        seed: Seed,
        on_soft: SoftReached,
        *,
        clock: Callable[[], float] = monotonic,
        flush_s: float = FLUSH_S,
        lease_s: float = LEASE_S,
    ) -> None:
        """`clock` never jumps; it is not the one that `now` comes from."""
        self._store = store
        self._seeds = Seeds(seed, clock)
        self._clock = clock
        self._book = SeatBook()
        self._exchange = Exchange(store, self._book, on_soft, clock, flush_s, lease_s)
        self._talk: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether the store answered when it was last asked."""
        return not self._exchange.away

    def start(self) -> None:
        """Begin the conversation with the store, in the background."""
        self._talk = asyncio.create_task(forever("limits", self._exchange.run), name="limits")

    def take(
        self, chain: Chain, cost_nano: int, tokens: int, now: float, split: Split = NO_SPLIT
    ) -> Taken | None:
        """Take from what this process holds, all or nothing."""
        seats: Seats = chain.seats
        if seats is None or not seats.since <= now < seats.until or seats.found_by is not self._book:
            seats = self._book.find(chain, now)
        clock = self._clock()
        if cost_nano and seats.budgets:
            if clock > self._exchange.trusted_until:
                return None
            for budget in seats.budgets:
                if budget.free < cost_nano:
                    return None
        for rate in seats.requests:
            if (clock >= rate.until or rate.free < 1) and not rate.ready(1, clock):
                return None
        if tokens:
            for rate in seats.tokens:
                if (clock >= rate.until or rate.free < tokens) and not rate.ready(tokens, clock):
                    return None
        for rate, at in seats.split:
            if not rate.ready(split[at], clock):
                return None
        for parallel in seats.parallels:
            if parallel.free < 1:
                return None
        return self._draw(seats, cost_nano, tokens, split, clock)

    async def ask(
        self, chain: Chain, cost_nano: int, tokens: int, now: float, split: Split = NO_SPLIT
    ) -> Taken:
        """Take, and get from the others what lacks."""
        deadline = self._clock() + PATIENCE_S
        while True:
            taken = self.take(chain, cost_nano, tokens, now, split)
            if taken is not None:
                return taken
            lacking = self._lacking(chain.seats, cost_nano, tokens, split)
            try:
                self._refuse_again(lacking, now)
                said = {} if self._exchange.away else await self._exchange.want(lacking)
                await self._judge(lacking, said, now)
                if self._clock() > deadline and lacking:
                    raise self._refusal(*lacking[0], now)
            except LimitsUnavailable:
                metrics.limit_unavailable.inc()
                raise

    def force(self, chain: Chain, cost_nano: int, tokens: int, now: float, split: Split = NO_SPLIT) -> Taken:
        """Take whatever is held, and beyond it."""
        seats = self._book.find(chain, now)
        clock = self._clock()
        for budget in seats.budgets:
            budget.force(cost_nano)
            self._book.active.add(budget)
        for bound, seat in seats.in_order:
            if isinstance(seat, RateSeat):
                seat.force(amount_of(bound.kind, tokens, split), clock)
                self._book.active.add(seat)
        for parallel in seats.parallels:
            parallel.draw(clock)
            self._book.active.add(parallel)
        return Taken(seats, cost_nano, tokens, split)

    def settle(self, reservation: Reservation, cost_nano: int, tokens: int, split: Split = NO_SPLIT) -> None:
        """Replace what was taken by what it was."""
        if not isinstance(reservation, Taken) or reservation.settled:
            return
        reservation.settled = True
        seats = reservation.seats
        over = 0
        for budget in seats.budgets:
            if not budget.dirty:
                self._book.active.add(budget)
            over = max(over, budget.settle(reservation.cost, cost_nano))
        if over:
            metrics.budget_overrun_nano_usd.inc(over)
        if cost_nano:
            for budget in seats.watched:
                budget.settle(cost_nano, cost_nano)
                self._book.active.add(budget)
        for parallel in seats.parallels:
            parallel.settle()
        if seats.tokens or seats.split:
            self._book.active.update(reservation.settle_tokens(tokens, split, self._clock()))

    def left(self, bound: Bound, now: float) -> Left:
        """Return what is left of a bound as far as known here."""
        seat = self._book.seat(bound, now)
        return seat.left(bound, now)

    def seats(self, chain: Chain, now: float) -> Sequence[tuple[Bound, Seat]]:
        """Return a chain's bounds, each with its counter here."""
        seats: Seats | None = chain.seats
        if seats is None or not seats.since <= now < seats.until or seats.found_by is not self._book:
            seats = self._book.find(chain, now)
        return seats.in_order

    async def tell(self, *, flush: bool = False) -> bool:
        """Send one message now, where something is to be said; return whether the store answers.

        The conversation that `start` begins does this by itself.
        """
        return await self._exchange.talk(flush=flush)

    async def close(self, timeout_s: float = 2.0) -> None:
        """Give back what is held."""
        if self._talk is not None:
            await stop([self._talk])
        await self._seeds.close()
        try:
            async with asyncio.timeout(timeout_s):
                await self._exchange.talk(flush=True, everything=True)
        except TimeoutError:
            pass  # it counts as spent until the ledger shows otherwise
        await self._store.close()

    def _draw(self, seats: Seats, cost: int, tokens: int, split: Split, clock: float) -> Taken:
        taken = Taken(seats, cost, tokens, split)
        if cost:
            for budget in seats.budgets:
                budget.free -= cost
                budget.reserved += cost
                budget.drawn_at = clock
        for rate in seats.requests:
            rate.draw(1, clock)
        if seats.tokens or seats.split:
            taken.draw_tokens(clock)
        for parallel in seats.parallels:
            parallel.draw(clock)
        return taken

    def _lacking(self, seats: Seats, cost: int, tokens: int, split: Split) -> Lacking:
        clock = self._clock()
        distrusted = clock > self._exchange.trusted_until
        lacking: Lacking = []
        for bound, seat in seats.in_order:
            if isinstance(seat, BudgetSeat):
                if seat in seats.budgets and cost and (seat.free < cost or distrusted):
                    lacking.append((bound, seat, cost if distrusted else cost - seat.free))
            elif isinstance(seat, ParallelSeat):
                if seat.free < 1:
                    lacking.append((bound, seat, 1))
            else:
                amount = amount_of(bound.kind, tokens, split)
                if amount and not seat.ready(amount, clock):
                    lacking.append((bound, seat, amount - max(0, seat.free)))
        return lacking

    def _refuse_again(self, lacking: Lacking, now: float) -> None:
        """Raise what was raised a moment ago, without asking again."""
        clock = self._clock()
        for bound, seat, need in lacking:
            if seat.refusal is not None and seat.refusal.covers(need, bound.limit, clock):
                raise self._refusal(bound, seat, need, now)

    async def _judge(self, lacking: Lacking, said: Verdicts, now: float) -> None:
        """Raise what the first bound that cannot be had says; have the ledger seed what it must."""
        unknown: list[BudgetSeat] = []
        for bound, seat, need in lacking:
            reply = said.get(seat)
            if reply is not None and reply.verdict == REFUSED:
                raise self._refusal(bound, seat, need, now)
            if reply is not None and reply.verdict == UNKNOWN and isinstance(seat, BudgetSeat):
                unknown.append(seat)
            elif reply is not None and reply.verdict == WAITING:
                raise LimitsUnavailable(bound, "Redis is just new")
            elif reply is None:
                self._share(bound, seat, need, now)
        if unknown:
            try:
                await self._seeds.have(unknown)
            except Unavailable as fault:
                raise LimitsUnavailable(
                    unknown[0].bound, f"the ledger cannot tell: {fault.message}"
                ) from None

    def _share(self, bound: Bound, seat: Seat, need: int, now: float) -> None:
        """Get something of this process' own share, while the store cannot give."""
        if isinstance(seat, BudgetSeat):
            raise LimitsUnavailable(bound, "Redis is away")
        clock, live = self._clock(), self._exchange.live
        had = (
            seat.take_share(bound, live)
            if isinstance(seat, ParallelSeat)
            else seat.take_share(bound, need, clock, live)
        )
        self._book.active.add(seat)
        if not had:
            raise self._refusal(bound, seat, need, now)

    def _refusal(self, bound: Bound, seat: Seat, need: int, now: float) -> Exhausted:
        if isinstance(seat, RateSeat):
            return seat.refused(bound, need, now, self._clock())
        return seat.refused(bound, need, now)
