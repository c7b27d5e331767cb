"""Loops that must not die."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from tianji.errors import Unavailable
from tianji.obs import metrics

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 5.0
FIRST_PAUSE_S = 0.1
CALM_S = 10.0
CANCEL_AGAIN_S = 0.2


async def forever(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` again and again; a fault is logged and counted, and the next run waits longer."""
    loop = asyncio.get_running_loop()
    pause = FIRST_PAUSE_S
    while True:
        began = loop.time()
        await _tried(name, work)
        pause = FIRST_PAUSE_S if loop.time() - began > CALM_S else min(pause * 2, LONGEST_PAUSE_S)
        await asyncio.sleep(pause)


async def retried(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` until it succeeds once."""
    pause = FIRST_PAUSE_S
    while not await _tried(name, work):
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)


async def stop(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for their end.

    Once is not enough: `asyncio.wait_for` of Python 3.11, which the Postgres driver waits with, loses a
    cancellation that comes together with what it waits for.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)


async def _tried(name: str, work: Callable[[], Awaitable[None]]) -> bool:
    try:
        await work()
    except Unavailable as fault:
        log.info("paused", extra={"loop": name, "fault": fault.message})
    except Exception:  # a supervised loop: whatever it is, publishing must go on
        metrics.loop_failures.labels(name).inc()
        log.exception("failed", extra={"loop": name})
    else:
        return True
    return False
