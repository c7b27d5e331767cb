"""Asks the ledger for counters: once for all calls that wait for the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from tianji.errors import Unavailable
from tianji.limits.budgets import BudgetSeat
from tianji.limits.seeding import Counter
from tianji.obs.supervised import stop

Seed = Callable[[Sequence[Counter]], Awaitable[None]]
"""Has the ledger write counters to the store. Raises Unavailable."""

AWAY_S = 1.0
"""A ledger that could not tell is not asked again for so long: calls need not find out by waiting."""


class Seeds:
    """The questions to the ledger that are under way."""

    def __init__(self, seed: Seed, clock: Callable[[], float]) -> None:
        self._seed = seed
        self._clock = clock
        self._asked: dict[BudgetSeat, asyncio.Task[None]] = {}
        self._away: tuple[float, str] = (-1.0, "")

    async def have(self, seats: Sequence[BudgetSeat]) -> None:
        """Return when the store knows all these counters. Raises Unavailable."""
        until, why = self._away
        if self._clock() < until:
            raise Unavailable(why)
        new = [seat for seat in seats if seat not in self._asked]
        if new:
            task = asyncio.create_task(self._ask(new), name="seeding limits")
            self._asked.update(dict.fromkeys(new, task))
        for task in {self._asked[seat] for seat in seats if seat in self._asked}:
            await asyncio.shield(task)

    async def close(self) -> None:
        """Ask no more."""
        await stop(self._asked.values())

    async def _ask(self, seats: list[BudgetSeat]) -> None:
        try:
            await self._seed([seat.counter for seat in seats])
        except Unavailable as fault:
            self._away = (self._clock() + AWAY_S, fault.message)
            raise
        finally:
            for seat in seats:
                del self._asked[seat]
