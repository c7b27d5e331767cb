"""A server on a real socket that takes what is posted to it: a webhook, or Slack's.

async with Receiver() as receiver:
    receiver.will(500)
    ...
    posted = await receiver.until(2)
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web


@dataclass
class Posted:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    """By their names in small letters."""
    json: Any


class Receiver:
    """Answers 200, unless told otherwise."""

    def __init__(self) -> None:
        self.posts: list[Posted] = []
        """All that was taken: answered with 200."""
        self.refused = 0
        self.root = ""
        self._statuses: deque[int] = deque()
        self._came = asyncio.Event()
        self._runner: web.AppRunner | None = None

    def will(self, *statuses: int) -> None:
        """Answer the next requests with these."""
        self._statuses.extend(statuses)

    async def until(self, count: int, within_s: float = 60) -> list[Posted]:
        """Wait until so many requests were taken; return them."""
        async with asyncio.timeout(within_s):
            while len(self.posts) < count:
                self._came.clear()
                await self._came.wait()
        return self.posts

    async def __aenter__(self) -> Receiver:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        [address] = self._runner.addresses
        self.root = f"http://127.0.0.1:{address[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        status = self._statuses.popleft() if self._statuses else 200
        if status == 200:
            self.posts.append(Posted(request.path, _lower(request.headers), msgspec.json.decode(body)))
        else:
            self.refused += 1
        self._came.set()
        return web.Response(status=status)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
