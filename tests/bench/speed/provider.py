"""A provider that answers at once or piece by piece with prepared bytes: `bench.speed.provider PORT`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import msgspec
import uvloop
from bench.speed.crossings import PACED
from bench.speed.scenarios import CHUNKS, MODEL
from bench.speed.streams import STREAMS
from bench.speed.wire import Message

_PACE_S = 0.002
"""How long a paced stream waits between two pieces: then each comes in a packet of its own."""
_USAGE = {"prompt_tokens": 190, "completion_tokens": 40, "total_tokens": 230}


def _whole() -> bytes:
    body = msgspec.json.encode(
        {
            "id": "chatcmpl-bench",
            "object": "chat.completion",
            "created": 1700000000,
            "model": MODEL,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "word " * 40},
                    "finish_reason": "stop",
                }
            ],
            "usage": _USAGE,
        }
    )
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _chunk(**fields: object) -> bytes:
    common = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": MODEL,
    }
    event = b"data: " + msgspec.json.encode({**common, **fields}) + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(event), event)


def _stream() -> list[bytes]:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    word = _chunk(choices=[{"index": 0, "delta": {"content": "word "}, "finish_reason": None}])
    stop = _chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
    usage = _chunk(choices=[], usage=_USAGE)
    return [head, *[word] * CHUNKS, stop, usage, b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"]


class Provider(asyncio.Protocol):
    """One connection."""

    whole = _whole()
    stream = _stream()
    paced = tuple((one.path, one.packets()) for one in STREAMS.values())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport
        self._message = Message()
        self._asks_stream = False

    def data_received(self, data: bytes) -> None:
        """Answer a request as soon as it is here whole; a stream goes out piece by piece."""
        self._asks_stream |= b'"stream":true' in data
        if not self._message.feed(data):
            return
        path = self._message.first_line.split(b" ")[1].partition(b"?")[0]
        self._message.reset()
        if path.startswith(PACED):
            self._asks_stream = False
            self._send(iter(next(packets for end, packets in self.paced if path.endswith(end))))
            return
        write = self._transport.write  # type: ignore[attr-defined]
        if self._asks_stream:
            self._asks_stream = False
            for piece in self.stream:
                write(piece)
        else:
            write(self.whole)

    def _send(self, rest: Iterator[bytes]) -> None:
        packet = next(rest, None)
        if packet is not None and not self._transport.is_closing():
            self._transport.write(packet)  # type: ignore[attr-defined]
            asyncio.get_running_loop().call_later(_PACE_S, self._send, rest)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
