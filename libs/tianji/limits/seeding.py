"""Budget counters that Redis does not have (any more): asked of the ledger, over NATS.

A gateway asks for counters on `subjects.SEED_LIMITS` (a SeedRequest as JSON); the worker reads their
sums, writes them to Redis with `LedgerSide.seed`, and answers (a SeedAnswer as JSON).
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

from msgspec import Struct

from tianji.domain.events import Charge


class Counter(Struct, frozen=True):
    """A budget's counter, and how long it is of use."""

    bound: str
    window: str
    ends: float | None = None
    """When its window ends, seconds since 1970; None: never."""

    @property
    def charge(self) -> Charge:
        """The counter as events name it."""
        return Charge(self.bound, self.window)


class ProcessSum(Struct, frozen=True, array_like=True):
    """What one gateway process has settled on a counter, as far as the ledger knows."""

    bound: str
    window: str
    process: str
    """The events' `gateway_id`; empty: processes that are closed, and what was spent before."""
    spent_nano: int


class SeedRequest(Struct, frozen=True):
    """Asks the ledger for counters."""

    counters: list[Counter]


class SeedAnswer(Struct, frozen=True):
    """What the ledger knows of them."""

    sums: list[ProcessSum]
    """All processes' sums of the counters asked for; a counter without any has none."""
    written: bool = False
    """Whether they are in Redis by now; false from a worker without REDIS_URL."""


WINDOW_OVER_S = 2 * 86_400
"""How long a counter is kept after its window: a clock may have jumped."""


def expires_at(ends: float | None) -> int:
    """Return when the counter of a window that ends then is of no more use; 0 for a window without end."""
    return 0 if ends is None or ends == math.inf else int(ends) + WINDOW_OVER_S


AskLedger = Callable[[SeedRequest], Awaitable[SeedAnswer]]
"""Asks the ledger. Raises Unavailable, after a bounded wait."""
