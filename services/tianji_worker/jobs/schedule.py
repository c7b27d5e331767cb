"""Runs jobs when they are due: each under its lock, and says when it ran last."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from tianji.store.locks import Lock
from tianji.store.pool import Store
from tianji.store.queries import Queries
from tianji.store.rows import Connection, run, value

log = logging.getLogger(__name__)

Q = Queries.beside(__file__)

LOOK_S = 60.0
"""How often it is looked whether a job is due that comes more rarely."""


class Job(Struct, frozen=True):
    """Something to be done again and again."""

    name: str
    every: timedelta
    lock: Lock
    work: Callable[[Connection, datetime], Awaitable[int]]
    """Does all there is to do at a time, in a transaction; returns how much that was."""


async def keep(store: Store, job: Job) -> None:
    """Run a job whenever it is due, until cancelled."""
    while True:
        await run_due(store, job, datetime.now(UTC))
        await asyncio.sleep(min(LOOK_S, job.every.total_seconds()))


async def run_due(store: Store, job: Job, now: datetime) -> int | None:
    """Run a job if it is due and nobody else runs it; return how much was done, None if it did not run."""
    async with store.transaction() as db:
        if not await value(db, Q.alone, bool, lock=job.lock):
            return None
        last = await value(db, Q.last_run, datetime, name=job.name)
        if last is not None and now < last + job.every:
            return None
        began = time.monotonic()
        done = await job.work(db, now)
        took_ms = round((time.monotonic() - began) * 1000)
        await run(db, Q.record_run, name=job.name, ran_at=now, done=done, took_ms=took_ms)
    if done:
        log.info("a job is done", extra={"job": job.name, "done": done, "took_ms": took_ms})
    return done
