"""The least that a gateway on Starlette and aiohttp can do: the floor that ours is held to.

It looks up the key's hash, finds the model's deployment, forwards the bytes, reads the usage, works
out a cost and notes an event, which a task takes away in batches. Nothing is checked beyond that,
nothing is kept, and every fault ends the request.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import msgspec
from bench.speed.scenarios import KEY, MODEL
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from yarl import URL

_TAIL = 4096


class Head(msgspec.Struct):
    """What is read of a request."""

    model: str
    stream: bool = False


class Usage(msgspec.Struct):
    """What is read of an answer."""

    prompt_tokens: int
    completion_tokens: int


class Answer(msgspec.Struct):
    """Where it stands."""

    usage: Usage | None = None


_head, _answer = msgspec.json.Decoder(Head), msgspec.json.Decoder(Answer)
_keys = {hashlib.sha256(KEY.encode()).hexdigest(): "team"}
_deployments = {MODEL: ("Bearer sk-upstream", 1.5e-7, 6e-7)}
_events: list[tuple[str, int, int, float, float]] = []


async def _ship() -> None:
    while True:
        await asyncio.sleep(1)
        batch, _events[:] = _events[:], []
        msgspec.json.encode(batch)


@asynccontextmanager
async def _life(app: Starlette) -> AsyncIterator[None]:
    app.state.url = URL(os.environ["BENCH_PROVIDER"] + "/v1/chat/completions", encoded=True)
    shipping = asyncio.create_task(_ship())
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=600),
        skip_auto_headers=("User-Agent", "Accept-Encoding", "Accept"),
    ) as app.state.session:
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        yield
    shipping.cancel()


def _account(team: str, prices: tuple[float, float], data: bytes, began: float) -> None:
    usage = _answer.decode(data).usage
    if usage is not None:
        cost = usage.prompt_tokens * prices[0] + usage.completion_tokens * prices[1]
        _events.append((team, usage.prompt_tokens, usage.completion_tokens, cost, time.time() - began))


async def _chat(request: Request) -> Response:
    began = time.time()
    body = await request.body()
    secret = request.headers.get("authorization", "")[7:]
    team = _keys.get(hashlib.sha256(secret.encode()).hexdigest())
    if team is None:
        return Response(b'{"error":{"message":"unknown key"}}', 401, media_type="application/json")
    head = _head.decode(body)
    credential, *rates = _deployments[head.model]
    prices = rates[0], rates[1]
    state = request.app.state
    headers = {"Authorization": credential, "Content-Type": "application/json"}
    call = state.session.post(state.url, data=body, headers=headers)
    if not head.stream:
        async with call as answer:
            data = await answer.read()
            _account(team, prices, data, began)
            return Response(data, answer.status, {"content-type": answer.headers["Content-Type"]})
    answer = await call

    async def pieces() -> AsyncIterator[bytes]:
        tail = b""
        async with answer:
            async for piece in answer.content.iter_any():
                tail = piece if len(piece) > _TAIL else (tail + piece)[-_TAIL:]
                yield piece
        at = tail.rfind(b'"usage"')
        start = tail.rfind(b"data: ", 0, at) + 6
        _account(team, prices, tail[start : tail.find(b"\n", at)], began)

    return StreamingResponse(pieces(), answer.status, {"content-type": "text/event-stream"})


app = Starlette(routes=[Route("/v1/chat/completions", _chat, methods=["POST"])], lifespan=_life)
