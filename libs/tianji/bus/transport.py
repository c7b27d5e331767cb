"""nats-py's TCP connection, without what goes wrong with it when the server stands still.

nats-py waits for all that is written to leave before it gives a connection up, which a server that
stands still never lets happen; and it keeps each connection open on which such a server has
accepted, but said nothing, so that a long silence would use up all file descriptors.
"""

from __future__ import annotations

import asyncio
from urllib.parse import ParseResult

from nats.aio.transport import TcpTransport

LINGER_S = 0.5
"""How long what is written has to leave a connection that is being closed."""


class Transport(TcpTransport):
    """One connection at a time, and none left open behind it."""

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:
        """Connect; what was connected before is cut."""
        self._cut()
        await super().connect(uri, buffer_size, connect_timeout)

    def close(self) -> None:
        """Close once what is written has left, and at the latest after a moment."""
        super().close()
        for line in self._lines():
            asyncio.get_running_loop().call_later(LINGER_S, line.abort)

    def __bool__(self) -> bool:
        """Be there before the first connection, so that nats-py makes no other one."""
        return True

    def _cut(self) -> None:
        for line in self._lines():
            line.abort()

    def _lines(self) -> list[asyncio.WriteTransport]:
        """Return the connection, and the one below it where TLS was put on top."""
        return [writer.transport for writer in (self._io_writer, self._bare_io_writer) if writer is not None]
