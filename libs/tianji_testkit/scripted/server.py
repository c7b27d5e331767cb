"""All scripted providers on one port; each under a path of its own name.

async with ScriptedProviders() as providers:
    base = providers.url("anthropic")
    ...
    assert providers.refusals() == []
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable, Iterator

import msgspec
from aiohttp import web

from tianji_testkit.scripted import google_tokens
from tianji_testkit.scripted.contract import Asked, Dialect, Refused, Reply
from tianji_testkit.scripted.script import Said, Seen, play, wanted_failure

_SIZES = (1, 7, 64, 3, 300, 19, 2)
BREAK = "break"
"""The failure of a stream that is cut off in the middle."""
FIRST = "first_"
"""A failure with this before its name is the first event of a stream."""


class ScriptedProviders:
    """The server, and what it received."""

    def __init__(self, dialects: Iterable[Dialect], play: Callable[[Seen], Said] = play) -> None:
        """`play` is the model: what it answers to what it was asked."""
        self.play = play
        self.dialects: dict[str, list[Dialect]] = {}
        for dialect in dialects:
            self.dialects.setdefault(dialect.name, []).append(dialect)
        self.asked: list[Asked] = []
        self._runner: web.AppRunner | None = None
        self._port = 0

    def url(self, dialect: str) -> str:
        """Return the address that a dialect's paths begin at."""
        return f"http://127.0.0.1:{self._port}/{dialect}"

    def refusals(self) -> list[str]:
        """Return what was refused and not meant to be."""
        return [f"{one.dialect} {one.path}: {one.refused}" for one in self.asked if one.refused]

    async def __aenter__(self) -> ScriptedProviders:
        """Listen on a free port."""
        application = web.Application(client_max_size=1 << 28)
        application.router.add_post(f"/{google_tokens.PATH}/token", _token)
        application.router.add_route("*", "/{dialect}/{path:.*}", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["dialect"]
        asked = Asked(
            name,
            request.method,
            "/" + request.match_info["path"],
            request.raw_path,
            dict(request.query),
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
        )
        self.asked.append(asked)
        here = self.dialects[name]
        dialect = next((one for one in here if one.serves(asked.path)), here[0])
        try:
            reply, broken = _answer(dialect, asked, self.play)
        except Refused as refused:
            asked.refused = None if refused.scripted else refused.what
            reply, broken = dialect.refusal(refused), False
        return await _send(request, reply, broken=broken)


async def _token(request: web.Request) -> web.StreamResponse:
    found = google_tokens.granted(await request.read())
    if found is None:
        return web.json_response({"error": "invalid_grant", "error_description": "Invalid JWT"}, status=400)
    return web.Response(body=found, content_type="application/json")


def _answer(dialect: Dialect, asked: Asked, play: Callable[[Seen], Said]) -> tuple[Reply, bool]:
    """Return the answer, and whether the connection breaks in the middle of it."""
    try:
        asked.json = msgspec.json.decode(asked.body)
    except msgspec.DecodeError:
        raise Refused("the body is no JSON") from None
    seen = dialect.read(asked)
    failure = wanted_failure(seen)
    streams = dialect.streams(asked)
    if failure and failure.startswith(FIRST):
        refused = dialect.failure(failure.removeprefix(FIRST))
        return Reply(headers={"content-type": dialect.stream_type}, events=[dialect.broken(refused)]), False
    if failure and failure != BREAK:
        refused = dialect.failure(failure)
        refused.scripted = True
        raise refused
    said = play(seen)
    if not streams:
        reply = Reply(headers={"content-type": "application/json"}, events=[dialect.whole(said, asked)])
        return reply, failure == BREAK
    headers = {"content-type": dialect.stream_type}
    return Reply(headers=headers, events=dialect.stream(said, asked)), failure == BREAK


async def _send(request: web.Request, reply: Reply, *, broken: bool) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    await response.prepare(request)
    pieces = list(_cut(b"".join(reply.events)))
    for piece in pieces[: len(pieces) // 2] if broken else pieces:
        await response.write(piece)
        await asyncio.sleep(0)
    if broken:
        await asyncio.sleep(0.02)  # lets the written bytes leave before the connection is cut
        assert request.transport is not None
        request.transport.abort()
        return response
    await response.write_eof()
    return response


def _cut(body: bytes) -> Iterator[bytes]:
    """Cut an answer at odd places: within lines, within characters, several events at once."""
    at = 0
    for size in itertools.cycle(_SIZES):
        if at >= len(body):
            return
        yield body[at : at + size]
        at += size
