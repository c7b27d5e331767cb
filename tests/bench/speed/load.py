"""Keeps some connections busy: `python -m bench.speed.load PORT CONNECTIONS SECONDS STATUS < request`.

Each connection sends the same bytes again as soon as the answer is here. Prints figures as JSON.
"""

from __future__ import annotations

import asyncio
import sys
import time

import msgspec
import uvloop
from bench.speed.wire import Message

WARM_UP_S = 0.4
_PATIENCE_S = 30.0


class Load:
    """What all connections share."""

    def __init__(self, request: bytes, status: bytes, seconds: float) -> None:
        self.request = request
        self.status = status
        self.counts_from = time.perf_counter() + WARM_UP_S
        self.ends_at = self.counts_from + seconds
        self.took: list[float] = []
        self.answers = 0
        self.wrong = 0
        self.open = 0
        self.done = asyncio.Event()


class Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._message = Message()
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = transport
        self._load.open += 1
        self._send()

    def data_received(self, data: bytes) -> None:
        """Take an answer, send the next request."""
        if not self._message.feed(data):
            return
        load, now = self._load, time.perf_counter()
        load.answers += 1
        load.wrong += self._message.first_line[9:12] != load.status
        self._message.reset()
        if load.counts_from < now < load.ends_at:
            load.took.append(now - self._sent_at)
        if now < load.ends_at:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, fault: Exception | None) -> None:
        """Note the end; before its time it is a wrong answer."""
        load = self._load
        load.wrong += time.perf_counter() < load.ends_at
        load.open -= 1
        if not load.open:
            load.done.set()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._load.request)  # type: ignore[attr-defined]


async def _run(port: int, connections: int, seconds: float, status: bytes) -> None:
    load = Load(sys.stdin.buffer.read(), status, seconds)
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: Caller(load), "127.0.0.1", port)
    async with asyncio.timeout(seconds + _PATIENCE_S):
        await load.done.wait()
    ranked = sorted(load.took)
    figures = {
        "per_s": len(ranked) / seconds,
        "p50_ms": ranked[len(ranked) // 2] * 1e3 if ranked else None,
        "p99_ms": ranked[len(ranked) * 99 // 100] * 1e3 if ranked else None,
        "answers": load.answers,
        "wrong": load.wrong,
    }
    sys.stdout.buffer.write(msgspec.json.encode(figures))


if __name__ == "__main__":
    uvloop.run(_run(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4].encode()))
