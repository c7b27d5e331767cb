"""Folds what ended processes were charged into one row, in Redis and in the ledger.

Redis comes first: where the ledger's change is then lost, the same is done again and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from msgspec import Struct

from tianji.domain.events import Charge
from tianji.limits.ledger_side import LedgerSide
from tianji.store.locks import Lock
from tianji.store.pool import Store
from tianji.store.rows import Connection, many, run, value
from tianji_worker.ledger.write import Q

EVERY_S = 1.0
PAGE = 500
NOBODY = "-"
"""A process that there is none of: only what ended ones were charged is told."""


class Total(Struct, frozen=True):
    """What all ended processes were charged in one window."""

    bound: str
    window: str
    spent_nano: int


class Ended(Struct, frozen=True):
    """A process that has ended."""

    process: str


class Endings:
    """Keeps watch for ended processes. Without Redis only the ledger changes."""

    def __init__(self, store: Store, redis: LedgerSide | None) -> None:
        self._store = store
        self._redis = redis

    async def run(self) -> None:
        """Fold what is to be folded, for ever. Raises Unavailable while a server is away."""
        while True:
            await self.fold_all()
            await asyncio.sleep(EVERY_S)

    async def fold_all(self) -> None:
        """Fold all processes that have ended, and tell Redis of what came late of earlier ones."""
        async with self._store.connection() as db:
            ended = await many(db, Q.unfolded, Ended)
        for one in ended:
            await self._fold(one.process)
        while await self._tell_late() == PAGE:
            pass

    async def _fold(self, process: str) -> None:
        async with self._store.transaction() as db:
            await value(db, Q.own_windows, object, lock=Lock.SPEND_WINDOWS)
            await self._tell(process, await many(db, Q.totals_with, Total, process=process))
            await run(db, Q.fold_windows, process=process)
            await run(db, Q.folded, process=process)

    async def _tell_late(self) -> int:
        async with self._store.transaction() as db:
            late = await many(db, Q.untold, Total, limit=PAGE)
            if late:
                await value(db, Q.own_windows, object, lock=Lock.SPEND_WINDOWS)
                await self._settle_late(db)
        return len(late)

    async def _settle_late(self, db: Connection) -> None:
        late = await many(db, Q.untold, Total, limit=PAGE)
        await self._tell(NOBODY, late)
        bounds, windows = [one.bound for one in late], [one.window for one in late]
        await run(db, Q.mark_told, bounds=bounds, windows=windows)

    async def _tell(self, process: str, totals: Sequence[Total]) -> None:
        if self._redis is not None:
            for some in _pages(totals):
                told = [(Charge(one.bound, one.window), one.spent_nano) for one in some]
                await self._redis.fold(process, told)


def _pages(totals: Sequence[Total]) -> Iterator[Sequence[Total]]:
    for start in range(0, len(totals), PAGE):
        yield totals[start : start + PAGE]
