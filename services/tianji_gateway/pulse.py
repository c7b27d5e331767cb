"""Signs of life for a client that waits for a stream: one timer a stream, none a chunk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Pulse:
    """Beats whenever nothing has been sent for a while. Who sends says so in `resting` and `silent`."""

    __slots__ = ("_beat", "_every_s", "_loop", "_timer", "beating", "resting", "silent")

    def __init__(self, every_s: float, beat: Callable[[], Awaitable[None]]) -> None:
        self.resting = True
        """Whether no piece is on its way to the client."""
        self.silent = True
        """Whether nothing has been sent since the last look."""
        self.beating: asyncio.Task[None] | None = None
        """A beat that is on its way: whatever else is sent waits for it."""
        self._every_s = every_s
        self._beat = beat
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(every_s, self._look)

    def stop(self) -> None:
        """Beat no more, and take back a beat that is on its way."""
        self._timer.cancel()
        if self.beating is not None:
            self.beating.cancel()

    async def end(self) -> None:
        """Beat no more, and wait for a beat that is on its way."""
        self._timer.cancel()
        if self.beating is not None:
            await self.beating

    def _look(self) -> None:
        if self.silent and self.resting and self.beating is None:
            self.beating = self._loop.create_task(self._run())
        self.silent = True
        self._timer = self._loop.call_later(self._every_s, self._look)

    async def _run(self) -> None:
        try:
            await self._beat()
        finally:
            self.beating = None
