"""A provider that notes when calls arrive, and how many it serves at the same time."""

from __future__ import annotations

import asyncio
import re
import time

from aiohttp import web

from tianji_testkit.upstream import Reply, chat_answer

_ASKED = re.compile(rb"call-([0-9a-z-]+) wait=(\d+) words=(\d+)")


def prompt(marker: str, *, wait_ms: int, words: int) -> str:
    """Write the prompt that asks for an answer."""
    return f"call-{marker} wait={wait_ms} words={words}"


class Provider:
    """Speaks OpenAI's format; each word of its answers is a token."""

    def __init__(self) -> None:
        self._came: list[tuple[str, float, int]] = []
        """The marker of each call, when it came, and the tokens that it took."""
        self._busy = 0
        self._peak = 0
        self._busy_s = 0.0
        self._since = time.monotonic()
        self._runner: web.AppRunner | None = None

    @property
    def base(self) -> str:
        """Return its address."""
        assert self._runner is not None
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    def came(self, name: str) -> list[tuple[float, int]]:
        """Return when the calls of a race, or of one client in it, came, and the tokens that each took."""
        return [(at, tokens) for marker, at, tokens in self._came if marker.startswith(f"{name}-")]

    def calls_of(self, name: str) -> int:
        """Return how many calls of a race came."""
        return len(self.came(name))

    def watch(self) -> None:
        """Begin to measure how busy it is."""
        self._step(0)
        self._peak, self._busy_s = self._busy, 0.0

    def watched(self) -> tuple[float, int]:
        """Return for how long it was busy since `watch`, added up over calls, and the most at once."""
        self._step(0)
        return self._busy_s, self._peak

    async def __aenter__(self) -> Provider:
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def _step(self, change: int) -> None:
        now = time.monotonic()
        self._busy_s += self._busy * (now - self._since)
        self._since = now
        self._busy += change
        self._peak = max(self._peak, self._busy)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        asked = _ASKED.search(await request.read())
        assert asked is not None
        answer = chat_answer({}, Reply(text=" ".join(["word"] * int(asked[3]))))
        self._came.append((asked[1].decode(), time.monotonic(), answer["usage"]["total_tokens"]))
        self._step(1)
        try:
            await asyncio.sleep(int(asked[2]) / 1000)
        finally:
            self._step(-1)
        return web.json_response(answer)
