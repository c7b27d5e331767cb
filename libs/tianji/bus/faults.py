"""What nats-py raises, turned into the family of the house, and deadlines for every conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats.errors

from tianji.errors import Unavailable


class NoAnswer(Unavailable):
    """NATS let a deadline pass; it may be stopped, or cut off, with the connection still open."""


@asynccontextmanager
async def deadline(what: str, timeout_s: float) -> AsyncIterator[asyncio.Timeout]:
    """Bound a conversation with NATS; raise Unavailable for whatever goes wrong in it, NoAnswer at its end.

    `Bus.talk` does the same and also ends when the connection is lost.
    """
    try:
        async with asyncio.timeout(timeout_s) as bound:
            yield bound
    except (nats.errors.Error, TimeoutError, OSError) as fault:
        kind = NoAnswer if isinstance(fault, TimeoutError) else Unavailable
        raise kind(f"{what}: NATS did not do it ({type(fault).__name__})") from fault


class Conversations:
    """The conversations with NATS that go on now; all of them end when the connection is lost.

    nats-py itself lets a request wait out its time although its answer can no longer come.
    """

    def __init__(self) -> None:
        self._open: set[asyncio.Timeout] = set()

    @asynccontextmanager
    async def bounded(self, what: str, timeout_s: float) -> AsyncIterator[None]:
        """Bound a conversation as `deadline` does."""
        async with deadline(what, timeout_s) as bound:
            self._open.add(bound)
            try:
                yield
            finally:
                self._open.discard(bound)

    def abandon(self) -> None:
        """End all of them now."""
        now = asyncio.get_running_loop().time()
        for bound in self._open:
            if not bound.expired():
                bound.reschedule(now)
        self._open.clear()
