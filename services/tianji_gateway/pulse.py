"""Signs of life for a client that waits for a stream: one timer a stream, none a chunk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tianji_gateway.deadlines import put_off


class Pulse:
    """Beats whenever nothing has been sent for a while. Who sends says so in `resting` and `silent`."""

    __slots__ = ("_beat", "_due", "_every_s", "beating", "resting", "silent")

    def __init__(self, every_s: float, beat: Callable[[], Awaitable[None]]) -> None:
        self.resting = True
        """Whether no piece is on its way to the client."""
        self.silent = True
        """Whether nothing has been sent since the last look."""
        self.beating: asyncio.Task[None] | None = None
        """A beat that is on its way: whatever else is sent waits for it."""
        self._every_s = every_s
        self._beat = beat
        self._due = put_off(every_s, self._look)

    def stop(self) -> None:
        """Beat no more, and take back a beat that is on its way."""
        self._due.cancel()
        if self.beating is not None:
            self.beating.cancel()
        self._beat = _silence

    async def end(self) -> None:
        """Beat no more, and wait for a beat that is on its way."""
        self._due.cancel()
        if self.beating is not None:
            await self.beating
        self._beat = _silence

    def _look(self) -> None:
        if self.silent and self.resting and self.beating is None:
            self.beating = asyncio.create_task(self._run())
        self.silent = True
        self._due = put_off(self._every_s, self._look)

    async def _run(self) -> None:
        try:
            await self._beat()
        finally:
            self.beating = None


async def _silence() -> None:
    """Take the place of a beat when it is over: the beat holds the caller, which holds the pulse."""
