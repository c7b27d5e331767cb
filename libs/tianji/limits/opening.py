"""Makes the limiter of a gateway process: over Redis, or over its own memory where there is none."""

from __future__ import annotations

from collections.abc import Sequence

from tianji.errors import Unavailable
from tianji.limits.client import RedisStore
from tianji.limits.contract import Bound, SoftReached
from tianji.limits.exchange import BARRIER_S
from tianji.limits.limiter import HeldLimits
from tianji.limits.memory import Memory
from tianji.limits.seeding import AskLedger, Counter, SeedRequest


def open_limiter(
    redis_url: str | None,
    process: str,
    ask_ledger: AskLedger | None,
    on_soft: SoftReached | None = None,
) -> HeldLimits:
    """Return the limiter of a process; call its `start` in the event loop.

    `process` is what the process' spend events are called by (`gateway_id`), of this process only.
    Without a ledger to ask, budgets begun before the store cannot be known; without Redis and a ledger
    nothing was spent before.
    """
    if redis_url is None:
        memory = Memory(process, ledger=ask_ledger is not None)
        return HeldLimits(memory, Seeding(ask_ledger, memory).seed, on_soft or _nobody)
    store = RedisStore(redis_url, process, barrier_s=BARRIER_S)
    return HeldLimits(store, Seeding(ask_ledger, None).seed, on_soft or _nobody)


class Seeding:
    """Has the ledger tell what was spent on counters."""

    def __init__(self, ask_ledger: AskLedger | None, memory: Memory | None) -> None:
        self._ask = ask_ledger
        self._memory = memory

    async def seed(self, counters: Sequence[Counter]) -> None:
        """Return when the store knows the counters. Raises Unavailable."""
        if self._ask is None:
            raise Unavailable("there is no ledger to ask: NATS_URL is not set")
        answer = await self._ask(SeedRequest(list(counters)))
        if self._memory is not None:
            self._memory.learn(counters, answer.sums)
        elif not answer.written:
            raise Unavailable("the worker could not write to Redis: it needs the gateways' REDIS_URL")


def _nobody(bound: Bound, window: str, spent_nano: int) -> None:
    """Nobody is to be told of soft budgets; the log and a metric tell of them anyway."""
