"""Answers gateways that ask what budgets' counters must be: Redis does not know them, the ledger does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec
import psycopg
from msgspec import Struct
from nats.aio.msg import Msg

from tianji.bus.client import Bus
from tianji.bus.subjects import SEED_LIMITS
from tianji.errors import Unavailable
from tianji.limits.ledger_side import LedgerSide
from tianji.limits.seeding import Counter, ProcessSum, SeedAnswer, SeedRequest
from tianji.store.locks import Lock
from tianji.store.pool import Store
from tianji.store.rows import many, run, value
from tianji_worker.ledger.write import Q

log = logging.getLogger(__name__)

QUEUE = "worker"
"""One of all workers answers."""
TALK_S = 5.0
LONGEST_S = 3600.0
"""Without a question for so long, the subscription is made anew."""
_decoder = msgspec.json.Decoder(SeedRequest)


class Sum(Struct, frozen=True):
    """What one process was charged in one window; no process: those that have ended."""

    bound: str
    window: str
    process: str
    spent_nano: int


class Seeds:
    """What the ledger tells of counters. Without Redis it only tells, and writes nothing."""

    def __init__(self, bus: Bus, store: Store, redis: LedgerSide | None) -> None:
        self._bus = bus
        self._store = store
        self._redis = redis

    async def run(self) -> None:
        """Answer until the connection is lost. Raises Unavailable then."""
        arrived: asyncio.Queue[Msg] = asyncio.Queue()
        async with self._bus.talk("subscribing", TALK_S):
            subscription = await self._bus.nc.subscribe(SEED_LIMITS, queue=QUEUE, cb=arrived.put)
        try:
            while True:
                async with self._bus.talk("waiting for questions", LONGEST_S):
                    message = await arrived.get()
                await self._take(message)
        finally:
            try:
                async with self._bus.talk("unsubscribing", TALK_S):
                    await subscription.unsubscribe()
            except Unavailable:
                pass  # gone with the connection

    async def answer(self, counters: Sequence[Counter]) -> SeedAnswer:
        """Sum up counters and write them to Redis, while no process is folded away."""
        async with self._store.transaction() as db:
            await value(db, Q.share_windows, object, lock=Lock.SPEND_WINDOWS)
            bounds, windows = [one.bound for one in counters], [one.window for one in counters]
            await run(db, Q.charge_customers, bounds=bounds, windows=windows)
            found = await many(db, Q.window_sums, Sum, bounds=bounds, windows=windows)
            sums = [ProcessSum(one.bound, one.window, one.process, one.spent_nano) for one in found]
            return SeedAnswer(sums, await self._write(counters, sums))

    async def _write(self, counters: Sequence[Counter], sums: Sequence[ProcessSum]) -> bool:
        if self._redis is None:
            return False
        try:
            return await self._redis.seed(counters, sums)
        except Unavailable as fault:
            log.warning("budgets' counters cannot be written", extra={"fault": fault.message})
            return False

    async def _take(self, message: Msg) -> None:
        try:
            asked = _decoder.decode(message.data)
        except (msgspec.DecodeError, RecursionError) as fault:
            log.warning("a question after budgets' counters cannot be read", extra={"fault": str(fault)})
            return
        try:
            found = await self.answer(asked.counters)
            async with self._bus.talk("answering", TALK_S):
                await message.respond(msgspec.json.encode(found))
        except (psycopg.Error, Unavailable, OSError) as fault:
            # Who asks hears nothing and asks again.
            log.warning("a question after budgets' counters goes unanswered", extra={"fault": str(fault)})
