"""Loops that must not die, and their end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from tianji.errors import Unavailable
from tianji.obs import metrics
from tianji.obs.trouble import Explained, Trouble, unexplained

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]
Faults = tuple[type[Exception], ...]

OUTAGES: Faults = (Unavailable, OSError)
"""What says that a server is away, rather than that our code is wrong."""

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
CALM_S = 10.0
"""A run that lasts this long is well: what follows it is told anew and tried again at once."""
CANCEL_AGAIN_S = 0.2


async def forever(
    name: str, work: Work, *, outages: Faults = OUTAGES, explained: Explained = unexplained
) -> None:
    """Run `work` again and again; a lasting outage is told once, other faults are logged."""
    loop = asyncio.get_running_loop()
    attempts = _Attempts(name, work, outages, explained)
    pause = FIRST_PAUSE_S
    while True:
        began = loop.time()
        await attempts.once()
        if loop.time() - began > CALM_S:
            pause = FIRST_PAUSE_S
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)


async def retried(
    name: str, work: Work, *, outages: Faults = OUTAGES, explained: Explained = unexplained
) -> None:
    """Run `work` until it succeeds once; faults are told as by `forever`."""
    attempts = _Attempts(name, work, outages, explained)
    pause = FIRST_PAUSE_S
    while not await attempts.once():
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """Run all until one fails or this is cancelled; the others end then, as `stop` has it.

    A `TaskGroup` cancels once, and waits for ever for a task that lost that.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        await stop(tasks)


async def stop(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait for their end.

    Once is not enough: `asyncio.wait_for` of Python 3.11, which the clients of Postgres and NATS wait
    with, loses a cancellation that comes together with what it waits for. Who is cancelled meanwhile
    waits on: its own end would leave them running.
    """
    pending = {task for task in tasks if not task.done()}
    cancelled: asyncio.CancelledError | None = None
    while pending:
        for task in pending:
            task.cancel()
        try:
            await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
        except asyncio.CancelledError as fault:
            cancelled = fault
        pending = {task for task in pending if not task.done()}
    if cancelled is not None:
        raise cancelled


class _Attempts:
    """The runs of one loop."""

    def __init__(self, name: str, work: Work, outages: Faults, explained: Explained) -> None:
        self._name = name
        self._work = work
        self._outages = outages
        self._outage = Trouble(log, f"{name} waits for a server", f"{name} goes on", explained=explained)

    async def once(self) -> bool:
        """Run the work; return whether it came to its end."""
        calm = asyncio.get_running_loop().call_later(CALM_S, self._outage.over)
        try:
            await self._work()
        except self._outages as fault:
            self._outage.failed(fault)
        except Exception:  # a supervised loop: whatever it is, the work has to go on
            metrics.loop_failures.labels(self._name).inc()
            log.exception("a loop failed and is begun anew", extra={"loop": self._name})
        else:
            self._outage.over()
            return True
        finally:
            calm.cancel()
        return False
