"""An answer that is known without asking anybody, in the shape of one that came over the wire."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Protocol

from tianji.providers.contract import Canned


class Incoming(Protocol):
    """An answer whose head is here and whose body is still to come."""

    status: int

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers by name."""

    @property
    def raw_headers(self) -> Sequence[tuple[bytes, bytes]]:
        """Return the headers as they came, repeated ones included."""

    async def read(self) -> bytes:
        """Return the whole body."""

    async def next(self) -> bytes:
        """Return what has arrived of the body; empty at its end."""

    async def finish(self) -> None:
        """Take what is left, for a moment, and let go."""

    def close(self) -> None:
        """Let go at once."""


class Recital:
    """Plays a canned answer."""

    def __init__(self, canned: Canned) -> None:
        self.status = canned.status
        self.headers: Mapping[str, str] = canned.headers
        self._chunks = deque(canned.chunks)

    @classmethod
    async def begin(cls, canned: Canned, patience_s: float | None) -> Recital:
        """Wait as long as the provider would have taken. Raises TimeoutError."""
        if canned.delay_s:
            async with asyncio.timeout(patience_s):
                await asyncio.sleep(canned.delay_s)
        return cls(canned)

    @property
    def raw_headers(self) -> Sequence[tuple[bytes, bytes]]:
        """Return the headers as if they had come over the wire."""
        return [(name.encode(), value.encode()) for name, value in self.headers.items()]

    async def read(self) -> bytes:
        """Return the whole body."""
        return b"".join(self._chunks)

    async def next(self) -> bytes:
        """Return the next chunk; empty at the end."""
        return self._chunks.popleft() if self._chunks else b""

    async def finish(self) -> None:
        """Do nothing: there is no connection."""

    def close(self) -> None:
        """Do nothing: there is no connection."""
