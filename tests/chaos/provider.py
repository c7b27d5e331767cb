"""The provider behind the gateways: obeys what a call's prompt asks for and counts every call.

A prompt reads `call-<marker> wait=<ms> words=<n> gap=<ms> fail=<first calls that fail>`.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter

from aiohttp import web

from tianji_testkit.upstream import Reply, chat_answer, chat_stream, messages_answer, messages_stream

_ASKED = re.compile(rb"call-([0-9a-z-]+) wait=(\d+) words=(\d+) gap=(\d+) fail=(\d+)")
_STREAM = re.compile(rb'"stream":\s*true')


def prompt(marker: str, *, wait_ms: int, words: int, gap_ms: int, fail: int) -> str:
    """Write the prompt that asks for an answer."""
    return f"call-{marker} wait={wait_ms} words={words} gap={gap_ms} fail={fail}"


class Provider:
    """Speaks OpenAI's and Anthropic's formats on one port."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        """How often each marker has arrived."""
        self._runner: web.AppRunner | None = None

    @property
    def root(self) -> str:
        """Return the address without a path."""
        assert self._runner is not None
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aenter__(self) -> Provider:
        application = web.Application(client_max_size=1 << 24)
        application.router.add_post("/{path:.*}", self._serve)
        self._runner = web.AppRunner(
            application, handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        asked = _ASKED.search(body)
        assert asked is not None, body
        marker = asked[1].decode()
        wait_ms, words, gap_ms, fail = map(int, asked.groups()[1:])
        self.calls[marker] += 1
        await asyncio.sleep(wait_ms / 1000)
        if self.calls[marker] <= fail:
            return web.json_response({"error": {"message": "not now", "type": "server_error"}}, status=503)
        reply, ask = Reply(text=" ".join(["word"] * words)), {"stream_options": {"include_usage": True}}
        anthropic = request.path.endswith("/messages")
        if not _STREAM.search(body):
            return web.json_response((messages_answer if anthropic else chat_answer)(ask, reply))
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        try:
            for chunk in (messages_stream if anthropic else chat_stream)(ask, reply):
                await response.write(chunk)
                await asyncio.sleep(gap_ms / 1000)
            await response.write_eof()
        except ConnectionError:  # the gateway was killed, or its client hung up
            pass
        return response
