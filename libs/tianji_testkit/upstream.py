"""A provider on a real socket: answers as OpenAI or Anthropic would, or as badly as a test asks.

    async with FakeUpstream() as upstream:
        upstream.will(Reply(status=503), Reply(text="second try"))
        ...
        assert upstream.requests[0].json["model"] == "gpt-4o-mini"
        await upstream.requests[0].hung_up.wait()

Replies are used up in order; when none is left, `upstream.usual` answers.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from aiohttp import web

Chunks = list[bytes]


@dataclass
class Reply:
    """One answer. Without `body` or `chunks` it is a legal answer of the API that was called."""

    status: int = 200
    text: str = "Hello from the fake provider."
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """The whole answer, sent as it is, also to a request that asked for a stream."""
    chunks: Chunks | None = None
    """The stream, written piece by piece, also to a request that did not ask for one."""
    delay_s: float = 0.0
    """How long the first byte of the headers takes."""
    interval_s: float = 0.0
    """How long each chunk after the first takes."""
    hold_head: bool = False
    """Send not even headers until `release` is set."""
    hold_after: int | None = None
    """Wait after this many chunks until `release` is set."""
    release: asyncio.Event = field(default_factory=asyncio.Event)
    break_after: int | None = None
    """Cut the connection after this many chunks; 0 cuts it before the headers."""
    usage: bool = True
    """Whether a canned answer says how many tokens it took."""
    finish: str = "stop"


@dataclass
class Received:
    """One request as it arrived."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    sent: int = 0
    """Chunks written so far."""
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the caller closed the connection before the answer was complete."""
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the last byte of the answer is written."""

    @property
    def json(self) -> Any:
        """Return the decoded body."""
        return msgspec.json.decode(self.body)


class FakeUpstream:
    """The provider; `api_base` for OpenAI's dialect ends in /v1, `root` is for all others."""

    def __init__(self, usual: Reply | None = None, *, port: int = 0) -> None:
        self.usual = usual or Reply()
        self.requests: list[Received] = []
        self.arrived = asyncio.Event()
        self._replies: deque[Reply] = deque()
        self._port = port
        self._runner: web.AppRunner | None = None

    def will(self, *replies: Reply) -> None:
        """Answer the next requests with these, one each."""
        self._replies.extend(replies)

    def forget(self) -> None:
        """Take back the replies that were not used."""
        self._replies.clear()

    @property
    def root(self) -> str:
        """Return the address without a path."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_base(self) -> str:
        """Return the address as OpenAI's SDK takes it."""
        return self.root + "/v1"

    async def __aenter__(self) -> FakeUpstream:
        """Listen on a free port."""
        application = web.Application(client_max_size=1 << 30)
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(
            application, handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the port and what is still connected."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def request(self, number: int = 0, within_s: float = 30.0) -> Received:
        """Wait for the request with this number, counted from 0."""
        async with asyncio.timeout(within_s):
            while len(self.requests) <= number:
                self.arrived.clear()
                await self.arrived.wait()
        return self.requests[number]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        received = Received(
            request.method, request.path, request.query_string, request.headers, body, time.monotonic()
        )
        reply = self._replies.popleft() if self._replies else replace(self.usual)
        self.requests.append(received)
        self.arrived.set()
        try:
            response = await _answer(request, received, reply)
        except (asyncio.CancelledError, ConnectionError):
            received.hung_up.set()
            raise
        received.answered.set()
        return response


async def _answer(request: web.Request, received: Received, reply: Reply) -> web.StreamResponse:
    if reply.delay_s:
        await asyncio.sleep(reply.delay_s)
    if reply.hold_head:
        await reply.release.wait()
    if reply.break_after == 0:
        return _cut(request)
    if reply.body is not None:
        return web.Response(status=reply.status, body=reply.body, headers=_typed(reply, "application/json"))
    canned = _canned(received, reply)
    if isinstance(canned, bytes):
        return web.Response(status=reply.status, body=canned, headers=_typed(reply, "application/json"))
    response = web.StreamResponse(status=reply.status, headers=_typed(reply, "text/event-stream"))
    await response.prepare(request)
    async for chunk in _paced(canned, reply):
        await response.write(chunk)
        received.sent += 1
        if received.sent == reply.break_after:
            await asyncio.sleep(0.02)  # lets the written bytes leave before the connection is cut
            return _cut(request)
    await response.write_eof()
    return response


async def _paced(chunks: Chunks, reply: Reply) -> AsyncIterator[bytes]:
    for number, chunk in enumerate(chunks):
        if number == reply.hold_after:
            await reply.release.wait()
        elif number and reply.interval_s:
            await asyncio.sleep(reply.interval_s)
        yield chunk


def _cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _typed(reply: Reply, media_type: str) -> dict[str, str]:
    return {"content-type": media_type, **reply.headers}


def _canned(received: Received, reply: Reply) -> bytes | Chunks:
    if reply.chunks is not None:
        return reply.chunks
    anthropic = received.path.endswith("/messages")
    if reply.status >= 400:
        return _error(reply, anthropic)
    if not received.body.startswith(b"{"):
        return b'{"object":"list","data":[]}'
    try:
        ask = received.json
    except (msgspec.DecodeError, RecursionError):
        reply.status = 400
        return _error(reply, anthropic)
    if ask.get("stream") is True:
        return messages_stream(ask, reply) if anthropic else chat_stream(ask, reply)
    return _dump(messages_answer(ask, reply) if anthropic else chat_answer(ask, reply))


def _error(reply: Reply, anthropic: bool) -> bytes:
    inner = {"type": "server_error", "message": f"the fake provider says {reply.status}"}
    if anthropic:
        return _dump({"type": "error", "error": inner})
    return _dump({"error": {**inner, "param": None, "code": None}})


def _words(text: str) -> list[str]:
    return [word + " " for word in text.split(" ")[:-1]] + text.split(" ")[-1:]


def _dump(value: Any) -> bytes:
    return msgspec.json.encode(value)


# OpenAI ------------------------------------------------------------------------------------


def chat_answer(ask: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    """Return a chat completion; its usage counts words."""
    message = {"role": "assistant", "content": reply.text}
    answer: dict[str, Any] = {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": ask.get("model", ""),
        "choices": [{"index": 0, "message": message, "finish_reason": reply.finish}],
    }
    if reply.usage:
        answer["usage"] = _chat_usage(reply)
    return answer


def chat_stream(ask: Mapping[str, Any], reply: Reply) -> Chunks:
    """Return a chat stream, one event a chunk, with usage where it was asked for."""
    head = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1_760_000_000}

    def event(**rest: Any) -> bytes:
        return b"data: " + _dump({**head, "model": ask.get("model", ""), **rest}) + b"\n\n"

    def delta(finish: str | None = None, **rest: Any) -> bytes:
        return event(choices=[{"index": 0, "delta": rest, "finish_reason": finish}])

    chunks = [delta(role="assistant", content="")]
    chunks += [delta(content=word) for word in _words(reply.text)]
    chunks.append(delta(reply.finish))
    if reply.usage and _wants_usage(ask):
        chunks.append(event(choices=[], usage=_chat_usage(reply)))
    return [*chunks, b"data: [DONE]\n\n"]


def _wants_usage(ask: Mapping[str, Any]) -> bool:
    options = ask.get("stream_options")
    return isinstance(options, dict) and bool(options.get("include_usage"))


def _chat_usage(reply: Reply) -> dict[str, int]:
    words = len(reply.text.split())
    return {"prompt_tokens": 7, "completion_tokens": words, "total_tokens": 7 + words}


# Anthropic ---------------------------------------------------------------------------------


def messages_answer(ask: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    """Return a message; its usage counts words."""
    usage = {"input_tokens": 7, "output_tokens": len(reply.text.split())}
    return {
        "id": "msg_fake",
        "type": "message",
        "role": "assistant",
        "model": ask.get("model", ""),
        "content": [{"type": "text", "text": reply.text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage if reply.usage else {"input_tokens": 0, "output_tokens": 0},
    }


def messages_stream(ask: Mapping[str, Any], reply: Reply) -> Chunks:
    """Return a message stream, one event a chunk."""
    whole = messages_answer(ask, reply)
    start = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}

    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
            for word in _words(reply.text)
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": whole["usage"]["output_tokens"]},
        },
        {"type": "message_stop"},
    ]
    return [b"event: " + e["type"].encode() + b"\ndata: " + _dump(e) + b"\n\n" for e in events]
