"""One HTTP/1.1 connection to a provider, and one call on it at a time.

Written for the common call, a body that is here whole, because it is the dearest part of a request:
a general client costs as much as all else that the gateway does. Parsing is llhttp's.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Mapping
from typing import cast

from httptools import HttpParserError, HttpResponseParser
from multidict import CIMultiDict

from tianji_gateway.deadlines import Due, put_off

_HEAD_BYTES = 64 << 10
"""No head of an answer may be longer."""
_HELD_BYTES = 256 << 10
"""A stream whose reader is behind by this much is not read any further meanwhile."""
_DRAIN_S = 1.0
_STALE_S = 1.0
"""How soon a connection breaks that had been closed on the other side before the request came.

Later the provider may be at work on the request: it is not sent twice.
"""
_PLAIN = (b"", b"identity")
_ZLIB = (b"gzip", b"x-gzip", b"deflate")


class Stale(ConnectionResetError):
    """A connection that had been idle broke before a byte of an answer came."""


class Connection(asyncio.Protocol):
    """A connection, and the answer that is arriving on it. An exchange of `client` to its reader."""

    def __init__(self, release: Callable[[Connection], None]) -> None:
        self._release = release
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | Due | None = None
        self._silence_s: float | None = None
        self.idle_since = 0.0
        self.calls = 0
        self.closed = False
        self._busy = False
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._begin_answer()

    def _begin_answer(self) -> None:
        self.status = 0
        self.raw_headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._held = 0
        self._head_bytes = 0
        self._headed = False
        self._complete = False
        self._until_close = False
        self._keep = False
        self._paused = False
        self._heard_at = 0.0
        self._fault: OSError | None = None
        self._inflate: zlib._Decompress | None = None

    # What a reader calls.

    async def send(self, request: tuple[bytes, ...], total_s: float | None, silence_s: float | None) -> None:
        """Send a request and wait for the head of its answer. Raises TimeoutError or ConnectionError."""
        assert self._transport is not None
        if self.calls:
            self._begin_answer()
        self.calls += 1
        self._busy = True
        self._silence_s = silence_s
        self._heard_at = self._loop.time()
        limit_s = total_s if total_s is not None else silence_s
        if limit_s is not None:
            self._timer = put_off(limit_s, self._expire)
        try:
            self._transport.writelines(request)
            while not self._headed:
                await self._more()
        except BaseException:
            self.close()
            raise

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers by name, in any case."""
        found = self.raw_headers
        return CIMultiDict((name.decode("latin-1"), value.decode("latin-1")) for name, value in found)

    async def read(self) -> bytes:
        """Return the whole body."""
        while not self._complete:
            self._resume()
            await self._more()
        parts = self._taken()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def next(self) -> bytes:
        """Return what has arrived of the body, waiting for at least a byte; empty at its end."""
        while not self._parts and not self._complete:
            self._resume()
            await self._more()
        parts = self._taken()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def finish(self) -> None:
        """Read what is left, for a moment, so that the connection can serve another call."""
        if not self._complete:
            try:
                async with asyncio.timeout(_DRAIN_S):
                    while await self.next():
                        pass
            except (TimeoutError, ConnectionError):
                pass
        self.close()

    def close(self) -> None:
        """End the call: the connection stays for others only when its answer has been read whole."""
        if not self._busy:
            return
        self._busy = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._reusable():
            self.idle_since = self._loop.time()
            self._release(self)
        else:
            self.abort()

    def abort(self) -> None:
        """Close the connection at once."""
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    def _reusable(self) -> bool:
        if not self._complete or not self._keep or self._fault is not None or self.closed:
            return False
        self._taken()
        self._resume()
        return True

    def _taken(self) -> list[bytes]:
        parts, self._parts, self._held = self._parts, [], 0
        return parts

    async def _more(self) -> None:
        """Wait until something has happened."""
        if self._fault is not None:
            raise self._fault
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self._fault is not None and not self._complete:
            raise self._fault

    def _resume(self) -> None:
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, fault: OSError) -> None:
        if self._fault is None:
            self._fault = fault
        self.abort()
        self._wake()

    def _expire(self) -> None:
        """End the call at its deadline; one for silence moves on with every byte, without a timer each."""
        self._timer = None
        if self._silence_s is not None:
            left_s = self._heard_at + self._silence_s - self._loop.time()
            if left_s > 0.001 or self._paused or self._parts:
                self._timer = self._loop.call_later(max(left_s, self._silence_s / 10), self._expire)
                return
        self._fail(TimeoutError("the deadline passed"))

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none by class

    def data_received(self, data: bytes) -> None:
        """Take bytes of an answer; bytes that nobody asked for end the connection."""
        if not self._busy or self._complete or self._parser is None:
            self._keep = False
            if not self._busy:
                self.abort()
            return
        self._heard_at = self._loop.time()
        try:
            self._parser.feed_data(data)
        except (HttpParserError, zlib.error):
            self._fail(self._fault or ConnectionError("the answer is not HTTP"))
            return
        if not self._headed:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES:
                self._fail(ConnectionError("the head of the answer is too long"))
            return
        if self._held > _HELD_BYTES and not self._complete and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, fault: Exception | None) -> None:
        """End an answer that goes on until the connection is closed, or break one off."""
        self.closed = True
        self._parser = None  # it holds this connection, and would leave both to the garbage collector
        if self._busy and not self._complete:
            if fault is None and self._headed and self._until_close:
                self._complete = True
            elif self._was_stale():
                self._fault = self._fault or Stale("the connection broke off")
            else:
                self._fault = self._fault or ConnectionResetError("the connection broke off")
        self._wake()

    def _was_stale(self) -> bool:
        unanswered = not self._headed and not self._head_bytes
        return unanswered and self.calls > 1 and self._loop.time() - self._heard_at < _STALE_S

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Note what comes behind a complete answer: nobody asked for it, and nobody gets it."""
        if self._complete:
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        if self._complete:
            return
        self.raw_headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Look at a head; those of interim answers (1xx) are forgotten."""
        assert self._parser is not None
        status = self._parser.get_status_code()
        if self._complete:
            return
        if 100 <= status < 200:
            self.raw_headers = []
            return
        self.status, self._headed = status, True
        bounded = False
        for name, value in self.raw_headers:
            name = name.lower()
            if name in (b"content-length", b"transfer-encoding"):
                bounded = True
            elif name == b"content-encoding":
                self._set_encoding(value.strip().lower())
        self._keep = bool(self._parser.should_keep_alive())  # it is forgotten with the message's end
        self._until_close = not bounded and status not in (204, 304)

    def on_body(self, data: bytes) -> None:
        """Keep a piece of the body."""
        if self._complete:
            return
        if self._inflate is not None:
            data = self._inflate.decompress(data)
        if data:
            self._parts.append(data)
            self._held += len(data)

    def on_message_complete(self) -> None:
        """Note the end of the answer."""
        self._complete = self._headed

    def _set_encoding(self, encoding: bytes) -> None:
        if encoding in _ZLIB:
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)
        elif encoding not in _PLAIN:
            self._fail(ConnectionError("the answer is compressed in a way that was not asked for"))
