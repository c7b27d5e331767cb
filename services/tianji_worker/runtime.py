"""What the loops of a worker share: built once, passed explicitly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from tianji.bus.client import Bus
from tianji.limits.ledger_side import LedgerSide
from tianji.obs.supervised import Work, forever, stop, together
from tianji.store.pool import OUTAGES, Store
from tianji.store.rows import value
from tianji_worker.alerts.send import Sender
from tianji_worker.alerts.targets import Targets
from tianji_worker.alerts.watch import Watch
from tianji_worker.jobs.schedule import keep
from tianji_worker.jobs.table import jobs_of
from tianji_worker.ledger.consume import Consumer
from tianji_worker.ledger.endings import Endings
from tianji_worker.ledger.retention import Retention
from tianji_worker.ledger.seeds import Seeds
from tianji_worker.ledger.write import Ledger, Q
from tianji_worker.settings import WorkerSettings

log = logging.getLogger(__name__)

SCHEMA_POLL_S = 0.25
PARTITIONS_EVERY_S = 3600.0


class Runtime:
    """The connections and loops of one process."""

    def __init__(self, settings: WorkerSettings, bus: Bus) -> None:
        self.settings = settings
        self.bus = bus
        self.store = Store(settings.database_url, size=settings.database_pool)
        self.watch = Watch(self.store, Targets(settings))
        self.sender = Sender(self.store, self.watch)
        self.ledger = Ledger(self.store, self.watch.charged)
        self.consumer = Consumer(bus, self.ledger, self.cut_off)
        self.redis = LedgerSide(settings.redis_url) if settings.redis_url else None
        self.retention = Retention(self.store, self.ledger.partitions)
        self.seeds = Seeds(bus, self.store, self.redis)
        self.endings = Endings(self.store, self.redis)
        self.migrated = False

    async def run(self) -> None:
        """Wait for Postgres and its schema, then keep the ledger until cancelled."""
        await self.store.open()
        await self._wait_for_schema()
        loops: tuple[tuple[str, Work], ...] = (
            ("ledger", self.consumer.run),
            ("partitions", self._keep_partitions),
            ("seeds", self.seeds.run),
            ("endings", self.endings.run),
            ("retention", self.retention.run),
            ("alerts", self.watch.run),
            ("sending alerts", self.sender.run),
            *self._jobs(),
        )
        await together(
            *(forever(name, work, outages=OUTAGES, explained=self.cut_off) for name, work in loops)
        )

    def cut_off(self) -> bool:
        """Say whether Postgres or NATS is away."""
        return self.store.away or not self.bus.connected

    async def faults(self) -> dict[str, str]:
        """Say what keeps this worker from its work, by server."""
        found = {}
        if not self.bus.connected:
            found["nats"] = "not connected"
        if not self.migrated:
            found["postgres"] = "waiting for the schema"
        elif not await self.store.alive():
            found["postgres"] = "not connected"
        return found

    def _jobs(self) -> list[tuple[str, Work]]:
        return [(job.name, partial(keep, self.store, job)) for job in jobs_of(self.settings)]

    async def _wait_for_schema(self) -> None:
        told = False
        while True:
            async with self.store.connection() as db:
                if await value(db, Q.schema_present, bool):
                    self.migrated = True
                    return
            if not told:
                log.info("waiting for the schema; the control plane or `tianji migrate` makes it")
                told = True
            await asyncio.sleep(SCHEMA_POLL_S)

    async def _keep_partitions(self) -> None:
        while True:
            await self.ledger.partitions.ensure_ahead(datetime.now(UTC).date())
            await asyncio.sleep(PARTITIONS_EVERY_S)


@asynccontextmanager
async def running(settings: WorkerSettings) -> AsyncIterator[Runtime]:
    """Run a worker's loops for as long as the context lasts; the batch under way is finished."""
    bus = await Bus.connect(settings.nats_url, "worker")
    runtime = Runtime(settings, bus)
    work = forever("worker", runtime.run, outages=OUTAGES, explained=runtime.cut_off)
    background = asyncio.create_task(work, name="worker")
    try:
        yield runtime
    finally:
        await runtime.consumer.settled(settings.drain_seconds)
        await stop([background])
        if runtime.redis is not None:
            await runtime.redis.close()
        await runtime.store.close()
        await bus.close()
