"""One gateway as a process of its own, on a NATS that the benchmark has filled."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from tianji.embedded import ports
from tianji_testkit.system import clean_environ

CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


class Gateway:
    """Runs as long as the block lasts."""

    def __init__(self, home: Path, nats_url: str, **environ: str) -> None:
        self.port = ports.free()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = home.with_suffix(".log")
        self._environ: Mapping[str, str] = {
            **clean_environ(),
            "NATS_URL": nats_url,
            "TIANJI_HOME": str(home),
            "TIANJI_SALT_KEY": "salt",
            "TIANJI_GATEWAY_ID": home.name,
            "TIANJI_UNKNOWN_KEYS_PER_MINUTE": "0",
            "TIANJI_LEDGER_FAILURE_MODE": "serve",
            "TIANJI_LOG_LEVEL": "WARNING",
            **environ,
        }
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Gateway:
        """Start; do not wait."""
        arguments = ("-m", "tianji_cli", "gateway", "--host", "127.0.0.1", "--port", str(self.port))
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, env=self._environ, stderr=log
            )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop and wait for its end."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            await self._process.wait()

    @property
    def pid(self) -> int:
        """The first of its processes."""
        assert self._process is not None
        return self._process.pid

    async def ask(self, http: aiohttp.ClientSession, key: str, body: object = CHAT) -> int:
        """Make a chat call and return its status."""
        headers = {"authorization": f"Bearer {key}"}
        async with http.post(self.url + "/v1/chat/completions", json=body, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def first_answer(self, http: aiohttp.ClientSession, key: str) -> None:
        """Ask until there is an answer."""
        async with asyncio.timeout(120):
            while True:
                try:
                    if await self.ask(http, key) == 200:
                        return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.01)
