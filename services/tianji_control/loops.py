"""Loops that must not die."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from tianji.errors import Unavailable
from tianji.obs import metrics

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 5.0
FIRST_PAUSE_S = 0.1
CALM_S = 10.0


async def forever(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` again and again; a fault is logged and counted, and the next run waits longer."""
    loop = asyncio.get_running_loop()
    pause = FIRST_PAUSE_S
    while True:
        began = loop.time()
        try:
            await work()
        except Unavailable as fault:
            log.info("loop paused", extra={"loop": name, "fault": fault.message})
        except Exception:
            metrics.loop_failures.labels(name).inc()
            log.exception("loop failed", extra={"loop": name})
        pause = FIRST_PAUSE_S if loop.time() - began > CALM_S else min(pause * 2, LONGEST_PAUSE_S)
        await asyncio.sleep(pause)
