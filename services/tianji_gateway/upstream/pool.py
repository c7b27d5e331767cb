"""Connections to providers that wait for their next call, the one used last in front."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections import deque
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct
from yarl import URL

from tianji_gateway.upstream.connection import Connection, Stale

_KEEPALIVE_S = 90.0


class Place(Struct, frozen=True):
    """Where a URL leads to, and how a request to it begins."""

    host: str
    port: int
    tls: bool
    head: str

    @property
    def origin(self) -> tuple[str, int, bool]:
        """Return what connections may be shared for."""
        return self.host, self.port, self.tls


class Pool:
    """All direct connections of the process."""

    def __init__(self, *, verify: bool) -> None:
        """`verify` checks certificates."""
        self._tls = ssl.create_default_context()
        self._tls.set_alpn_protocols(["http/1.1"])
        if not verify:
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE
        self._idle: dict[tuple[str, int, bool], deque[Connection]] = {}
        self._closed = False

    async def post(
        self,
        place: Place,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        *,
        connect_s: float,
        total_s: float | None,
        silence_s: float | None,
    ) -> Connection:
        """Send a request and wait for the head of its answer. Raises TimeoutError or ConnectionError."""
        request = (_head(place, headers, len(body)), body)
        while True:
            connection = self._waiting(place.origin) or await self._connect(place, connect_s)
            try:
                await connection.send(request, total_s, silence_s)
            except Stale:
                continue  # the provider closed it as it was taken up; in the end a new one is made
            return connection

    def close(self) -> None:
        """Close all that wait."""
        self._closed = True
        for waiting in self._idle.values():
            for connection in waiting:
                connection.abort()
        self._idle.clear()

    def _waiting(self, origin: tuple[str, int, bool]) -> Connection | None:
        waiting = self._idle.get(origin)
        while waiting:
            connection = waiting.pop()
            if not connection.closed and _age(connection) < _KEEPALIVE_S:
                return connection
            connection.abort()
        return None

    async def _connect(self, place: Place, connect_s: float) -> Connection:
        origin = place.origin

        def release(connection: Connection) -> None:
            if self._closed or connection.closed:
                connection.abort()
                return
            waiting = self._idle.setdefault(origin, deque())
            waiting.append(connection)
            while waiting[0].closed or _age(waiting[0]) > _KEEPALIVE_S:
                waiting.popleft().abort()

        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(connect_s):
                _, made = await loop.create_connection(
                    lambda: Connection(release),
                    place.host,
                    place.port,
                    ssl=self._tls if place.tls else None,
                    server_hostname=place.host if place.tls else None,
                )
        except TimeoutError:
            raise TimeoutError("the deadline passed") from None
        except ssl.SSLError as fault:
            raise ConnectionError("TLS could not be set up; is the certificate trusted here?") from fault
        except socket.gaierror as fault:
            raise ConnectionError("the name cannot be resolved") from fault
        except OSError as fault:
            said = os.strerror(fault.errno).lower() if fault.errno else "no connection was made"
            raise ConnectionRefusedError(said) from fault
        return made


@lru_cache(maxsize=4096)
def place_of(url: str) -> Place | None:
    """Take a URL apart; None for one that holds a password or is not HTTP: that is no common call."""
    try:
        read = URL(url, encoded=True)
        if read.scheme not in ("http", "https") or not read.raw_host or not read.port or read.raw_user:
            return None
    except ValueError:
        return None
    host = f"[{read.raw_host}]" if ":" in read.raw_host else read.raw_host
    named = host if read.is_default_port() else f"{host}:{read.port}"
    head = f"POST {read.raw_path_qs} HTTP/1.1\r\nhost: {named}\r\n"
    if not head.isascii() or head.count("\n") != 2 or " " in read.raw_path_qs:
        return None
    return Place(read.raw_host, read.port, read.scheme == "https", head)


def _head(place: Place, headers: Iterable[tuple[str, str]], size: int) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in headers]
    text = "".join((place.head, *lines, f"content-length: {size}\r\n\r\n"))
    # Each line ends once: a header with a line break of its own would smuggle in another.
    if text.count("\n") != len(lines) + 4 or text.count("\r") != len(lines) + 4 or "\0" in text:
        raise ConnectionError("a header holds a line break")
    return text.encode()


def _age(connection: Connection) -> float:
    return asyncio.get_running_loop().time() - connection.idle_since
