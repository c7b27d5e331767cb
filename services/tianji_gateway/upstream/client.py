"""The gateway's HTTP client: `open`, then `read` or `next`, then `close`.

The common call, a POST whose body is here whole, goes over connections of our own (`pool`); all else
over aiohttp, of which nothing shows outside. Faults come out
as builtins: TimeoutError when a deadline passed, ConnectionError for everything else that kept
bytes from flowing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from functools import lru_cache

import aiohttp
from msgspec import Struct
from yarl import URL

from tianji_gateway.upstream.connection import Connection
from tianji_gateway.upstream.pool import Pool, place_of

_UNSAID = ("User-Agent", "Accept-Encoding", "Accept")
_KEEPALIVE_S = 90.0
_DRAIN_S = 1.0
_PIECE = 1 << 18
_DIRECT = 2 << 20
"""A body up to this size is handed to the connection whole; encrypting it takes a few milliseconds."""


Headers = Mapping[str, str] | Sequence[tuple[str, str]]


class Deadlines(Struct, frozen=True):
    """How long one call may take, in seconds; None means without end."""

    connect: float = 10.0
    total: float | None = None
    """Until the last byte."""
    silence: float | None = None
    """Until the first byte, and between any two."""


class Exchange:
    """One request under way: its status and headers are there, its body is still to come."""

    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    @property
    def raw_headers(self) -> Sequence[tuple[bytes, bytes]]:
        """Return the headers as they came, repeated ones included."""
        return self._response.raw_headers

    async def read(self) -> bytes:
        """Return the whole body and give the connection back."""
        try:
            return await self._response.read()
        except aiohttp.ClientError as fault:
            raise _plain(fault) from fault

    async def next(self) -> bytes:
        """Return what has arrived of the body, waiting for at least a byte; empty at its end."""
        try:
            return await self._response.content.readany()
        except aiohttp.ClientError as fault:
            raise _plain(fault) from fault

    async def finish(self) -> None:
        """Read what is left, for a moment, so that the connection can serve another call."""
        content = self._response.content
        try:
            async with asyncio.timeout(_DRAIN_S):
                while not content.at_eof():
                    await content.readany()
        except (TimeoutError, aiohttp.ClientError):
            pass
        self.close()

    def close(self) -> None:
        """Let go: a connection whose body was not read to its end is closed at once."""
        if self._response.content.is_eof():
            self._response.release()
        else:
            self._response.close()


class Client:
    """One pool of connections for the whole process."""

    def __init__(self, *, trust_env: bool = False, verify: bool = True) -> None:
        """Make the pool; call it inside a running loop.

        `trust_env` takes proxies from the environment, `verify` checks certificates.
        """
        self._pool = None if trust_env else Pool(verify=verify)
        connector = aiohttp.TCPConnector(
            limit=0,
            limit_per_host=0,
            keepalive_timeout=_KEEPALIVE_S,
            ssl=verify,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_UNSAID,
            trust_env=trust_env,
            auto_decompress=True,
        )

    async def open(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes | AsyncIterator[bytes] | None,
        deadlines: Deadlines,
        *,
        decompress: bool = True,
    ) -> Exchange | Connection:
        """Send a request and wait for the head of its answer; redirects are not followed."""
        if self._pool is not None and method == "POST" and isinstance(body, bytes) and len(body) <= _DIRECT:
            place = place_of(url)
            if place is not None and decompress:
                return await self._pool.post(
                    place,
                    _pairs(headers),
                    body,
                    connect_s=deadlines.connect,
                    total_s=deadlines.total,
                    silence_s=deadlines.silence,
                )
        data: bytes | AsyncIterator[bytes | memoryview] | None = body
        if isinstance(body, bytes) and len(body) > _PIECE:
            headers = [*_pairs(headers), ("content-length", str(len(body)))]
            data = _pieces(body)
        try:
            response = await self._session._request(
                method,
                _url(url),
                headers=headers,
                data=data,
                timeout=_timeout(deadlines),
                allow_redirects=False,
                auto_decompress=decompress,
            )
        except aiohttp.ClientError as fault:
            raise _plain(fault) from fault
        return Exchange(response)

    async def close(self) -> None:
        """Close all connections."""
        if self._pool is not None:
            self._pool.close()
        await self._session.close()


def _pairs(headers: Headers) -> Iterable[tuple[str, str]]:
    return headers.items() if isinstance(headers, Mapping) else headers


async def _pieces(body: bytes) -> AsyncIterator[memoryview]:
    """Hand out a large body so that sending it leaves the loop free for others."""
    view = memoryview(body)
    for start in range(0, len(view), _PIECE):
        yield view[start : start + _PIECE]


@lru_cache(maxsize=4096)
def _url(text: str) -> URL:
    return URL(text, encoded=True)


@lru_cache(maxsize=1024)
def _timeout(deadlines: Deadlines) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=deadlines.total, sock_connect=deadlines.connect, sock_read=deadlines.silence
    )


def _plain(fault: aiohttp.ClientError) -> OSError:
    """Turn the library's fault into a builtin one that names no secret and no address."""
    if isinstance(fault, TimeoutError):
        return TimeoutError("the deadline passed")
    if isinstance(fault, aiohttp.InvalidURL):
        return ConnectionError("the address is not valid")
    if isinstance(fault, aiohttp.ClientSSLError):
        return ConnectionError("TLS could not be set up; is the certificate trusted here?")
    if isinstance(fault, aiohttp.ClientConnectorError):
        number = fault.os_error.errno
        return ConnectionRefusedError(os.strerror(number).lower() if number else "no connection was made")
    if isinstance(fault, aiohttp.ClientResponseError):
        return ConnectionError("the answer is not HTTP")
    return ConnectionResetError("the connection broke off")
