"""Streams of any length: the gateway holds a bounded part of each, whoever is slow."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tianji_testkit.upstream import Reply

PAGE = os.sysconf("SC_PAGE_SIZE")
MEGABYTE = 1 << 20
TEXT = "word " * 1600
PIECE = (
    b"data: "
    + json.dumps({"id": "x", "choices": [{"index": 0, "delta": {"content": TEXT}}]}).encode()
    + b"\n\n"
)
LAST = b'data: {"id":"x","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
GOOGLES = {"contents": [{"role": "user", "parts": [{"text": "x"}]}]}


class Long(list[bytes]):
    """A stream that is not held here either; once the last piece is sent, `LAST` follows."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.pieces = size // len(PIECE)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks."""
        for _ in range(self.pieces):
            yield PIECE
        yield LAST


def resident() -> int:
    """Return the memory of this process: the gateway, its client and its provider."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def ask(gateway: Any, front: str) -> Any:
    """Ask for a stream, of a provider that tells no usage."""
    gateway.serve("m", {"provider": "hosted_vllm"})
    if front == "chat":
        return gateway.chat(model="m", stream=True)
    if front == "messages":
        return gateway.messages(model="m", stream=True)
    return gateway.post("/v1beta/models/m:streamGenerateContent", GOOGLES)


@pytest.mark.parametrize(
    ("front", "size"), [("chat", 200 * MEGABYTE), ("messages", 50 * MEGABYTE), ("google", 50 * MEGABYTE)]
)
async def test_the_longest_stream_takes_no_more_memory_than_its_beginning(
    gateway: Any, front: str, size: int
) -> None:
    long = Long(size)
    gateway.upstream.will(Reply(chunks=long))
    await gateway.runtime.counter.warm("m")  # its vocabulary is held once, whoever needs it
    passed, early, most = 0, 0, 0
    async with ask(gateway, front) as answer:
        async for chunk in answer.content.iter_any():
            passed += len(chunk)
            if passed > 10 * MEGABYTE:
                early = early or resident()
                most = max(most, resident())

    assert passed > size * 0.99
    assert most - early < 20 * MEGABYTE
    event = await gateway.books.only()
    assert event.status == "success"
    assert event.usage.output_tokens == pytest.approx(long.pieces * 1600, rel=0.1)


@pytest.mark.parametrize("front", ["chat", "messages", "google"])
async def test_a_slow_client_holds_the_provider_back(gateway: Any, front: str) -> None:
    gateway.upstream.will(Reply(chunks=Long(400 * MEGABYTE)))
    gateway.serve("m", {"provider": "hosted_vllm"})
    path, body = {
        "chat": (
            "/v1/chat/completions",
            {"model": "m", "stream": True, "messages": [{"role": "user", "content": "x"}]},
        ),
        "messages": (
            "/v1/messages",
            {"model": "m", "stream": True, "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]},
        ),
        "google": ("/v1beta/models/m:streamGenerateContent", GOOGLES),
    }[front]
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", gateway.port))
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-master\r\n"
        f"content-length: {len(data)}\r\n\r\n"
    )
    await loop.sock_sendall(client, head.encode() + data)
    received = await gateway.upstream.request()
    sent = -1
    while sent != received.sent:
        sent = received.sent
        await asyncio.sleep(0.3)

    assert sent * len(PIECE) < 40 * MEGABYTE  # what the sockets of this machine hold between the two
    client.close()
    await asyncio.wait_for(received.hung_up.wait(), 10)
    assert (await gateway.books.only()).client_gone
