"""A wire that can be cut: a TCP proxy that goes silent with its connections open."""

from __future__ import annotations

import asyncio

_PIECE = 1 << 16


class Proxy:
    """Passes bytes on to one address as long as the block lasts.

    async with Proxy("127.0.0.1", 4222) as wire:
        ...connect to 127.0.0.1:wire.port...
        wire.cut()
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._whole = asyncio.Event()
        self._whole.set()
        self._server: asyncio.Server | None = None
        self._calls: set[asyncio.Task[None]] = set()
        self.port = 0

    def cut(self) -> None:
        """Let nothing through any more; connections stay open, and new ones are still taken."""
        self._whole.clear()

    def mend(self) -> None:
        """Let through what waits, and all that comes."""
        self._whole.set()

    async def __aenter__(self) -> Proxy:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.close()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.create_task(self._serve(reader, writer))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._whole.wait()
            back, forth = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        ways = [asyncio.create_task(self._pass(reader, forth)), asyncio.create_task(self._pass(back, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            forth.transport.abort()
            writer.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while piece := await source.read(_PIECE):
            await self._whole.wait()
            target.write(piece)
            await target.drain()
