"""Loops that must not die."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from psycopg import OperationalError

from tianji.errors import Unavailable
from tianji.obs import metrics

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
CALM_S = 10.0


async def forever(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` again and again; an outage is told once, a fault is logged and counted."""
    loop = asyncio.get_running_loop()
    pause = FIRST_PAUSE_S
    told = False
    while True:
        began = loop.time()
        try:
            await work()
        except (Unavailable, OperationalError, OSError) as fault:
            if not told or loop.time() - began > CALM_S:
                log.warning(
                    "waiting for a server", extra={"loop": name, "fault": " ".join(str(fault).split())}
                )
            told = True
        except Exception:  # a supervised loop: whatever it is, the ledger has to go on
            metrics.loop_failures.labels(name).inc()
            log.exception("loop failed", extra={"loop": name})
        else:
            told = False
        pause = FIRST_PAUSE_S if loop.time() - began > CALM_S else min(pause * 2, LONGEST_PAUSE_S)
        await asyncio.sleep(pause)
