"""Keys blocked under load: how long any gateway still lets them in, and who is named as late."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from bench.scale.figures import Table, quantile, spread_ms
from bench.scale.gateway import Gateway

from tianji_testkit.proxy import Proxy
from tianji_testkit.system import System

CONFIG = """
model_list:
  - model_name: m
    litellm_params:
      model: openai/m
      mock_response: Hello.
"""
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
AT_ONCE = 4
"""Keys that are being blocked at the same time."""
PAUSE_S = 0.02
BACKGROUND = 8
GIVE_UP_S = 10.0
LAGGING = "x-tianji-lagging"


@dataclass
class Block:
    """One key and what became of it."""

    secret: str
    asked: float = 0.0
    answered: float = 0.0
    lagging: str = ""
    accepted: list[tuple[float, float]] = field(default_factory=list)
    """When each call that was let in was sent, and when its answer was there."""
    refused: int = 0

    @property
    def late(self) -> int:
        """Count the calls sent after the answer and let in."""
        return sum(sent > self.answered for sent, _ in self.accepted)

    @property
    def after_answer_s(self) -> float:
        """Return how long after the answer the last accepted call was sent."""
        return max(0.0, max(sent for sent, _ in self.accepted) - self.answered)

    @property
    def after_request_s(self) -> float:
        """Return how long after the block was asked for the last accepted call was sent."""
        return max(0.0, max(sent for sent, _ in self.accepted) - self.asked)


class Admin:
    """Calls the management API and the gateways."""

    def __init__(self, system: System, http: aiohttp.ClientSession) -> None:
        self._base = system.control_url
        self._headers = {"authorization": f"Bearer {system.master_key}"}
        self.http = http
        self.gateways = system.gateway_urls

    async def call(self, path: str, body: object) -> tuple[dict[str, str], dict[str, str]]:
        """Make a management call; return its answer and headers."""
        async with self.http.post(self._base + path, json=body, headers=self._headers) as answer:
            if answer.status != 200:
                raise SystemExit(f"{path}: {answer.status} {await answer.text()}")
            return await answer.json(), {name.lower(): value for name, value in answer.headers.items()}

    async def new_key(self) -> str:
        """Make a key."""
        made, _ = await self.call("/key/generate", {})
        return made["key"]

    async def chat(self, url: str, secret: str) -> int:
        """Make a call and return its status."""
        headers = {"authorization": f"Bearer {secret}"}
        async with self.http.post(url + "/v1/chat/completions", json=CHAT, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def knock(self, url: str, block: Block, open: asyncio.Event) -> None:
        """Call one gateway with a key again and again until it is refused."""
        while True:
            sent = time.monotonic()
            status = await self.chat(url, block.secret)
            if status == 401:
                block.refused += 1
                return
            if status != 200:
                raise SystemExit(f"a call was answered with {status}")
            block.accepted.append((sent, time.monotonic()))
            open.set()
            if block.answered and time.monotonic() > block.answered + GIVE_UP_S:
                return
            await asyncio.sleep(PAUSE_S)

    async def block(self) -> Block:
        """Make a key, use it at all gateways, block it, and use it until all refuse it."""
        block = Block(await self.new_key())
        doors = [(url, asyncio.Event()) for url in self.gateways]
        knocking = [asyncio.create_task(self.knock(url, block, open)) for url, open in doors]
        for _, open in doors:
            await open.wait()
        block.asked = time.monotonic()
        _, headers = await self.call("/key/block", {"key": block.secret})
        block.answered = time.monotonic()
        block.lagging = headers.get(LAGGING, "")
        await asyncio.gather(*knocking)
        return block


@asynccontextmanager
async def load(admin: Admin) -> AsyncIterator[list[float]]:
    """Keep all gateways busy as long as the block lasts; yields how long each call took."""
    secret = await admin.new_key()
    took: list[float] = []

    async def client(number: int) -> None:
        while True:
            began = time.monotonic()
            status = await admin.chat(admin.gateways[number % len(admin.gateways)], secret)
            if status != 200:
                raise SystemExit(f"a call of a good key was answered with {status}")
            took.append(time.monotonic() - began)
            number += 1
            await asyncio.sleep(PAUSE_S)

    clients = [asyncio.create_task(client(number)) for number in range(BACKGROUND)]
    yield took
    for task in clients:
        task.cancel()
    await asyncio.gather(*clients, return_exceptions=True)


async def cut_off(system: System, admin: Admin, folder: Path, table: Table) -> None:
    """Join one more gateway by hand over a wire, cut the wire, and see that it is named."""
    env = system.env
    nats = urlsplit(env["NATS_URL"])
    async with Proxy(nats.hostname or "", nats.port or 4222) as wire:
        url = nats._replace(netloc=nats.netloc.rpartition("@")[0] + f"@127.0.0.1:{wire.port}").geturl()
        joined = {"TIANJI_SALT_KEY": env["TIANJI_SALT_KEY"], "TIANJI_MAX_SNAPSHOT_AGE": "10"}
        async with Gateway(folder / "cut-off", url, **joined) as gateway:
            keys = [await admin.new_key() for _ in range(2)]
            for key in keys:
                await gateway.first_answer(admin.http, key)
            wire.cut()
            cut = time.monotonic()
            for key, wait_s in zip(keys, (0, 7), strict=True):
                await asyncio.sleep(max(0.0, cut + wait_s - time.monotonic()))
                began = time.monotonic()
                _, headers = await admin.call("/key/block", {"key": key})
                named = "cut-off-" in headers.get(LAGGING, "")
                answer = f"named: {named}, answered after {(time.monotonic() - began) * 1e3:.0f} ms"
                table.row(f"block {wait_s} s after a gateway was cut off from NATS", answer)
                if not named:
                    raise SystemExit(f"the gateway that was cut off is not named: {headers}")
            while await gateway.ask(admin.http, keys[0]) != 503:  # noqa: ASYNC110  nothing tells
                await asyncio.sleep(0.05)
            table.row("it refuses under max_snapshot_age=10 after", f"{time.monotonic() - cut:.1f} s")


async def run(folder: Path, gateways: int, blocks: int) -> None:
    """Measure all of it."""
    table = Table(f"{blocks} keys blocked under load at {gateways} gateways ({os.cpu_count()} cores)")
    environ = {"TIANJI_LOG_LEVEL": "WARNING"}
    system = System(folder, CONFIG, gateways=gateways, environ=environ)
    await asyncio.to_thread(system.start, 300)
    try:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as http:
            admin = Admin(system, http)
            table.row("the system is up", "")
            done = await _block_all(admin, blocks, table)
            _tell(done, table)
            await cut_off(system, admin, folder, table)
    finally:
        await asyncio.to_thread(system.stop)


async def _block_all(admin: Admin, count: int, table: Table) -> list[Block]:
    remaining = iter(range(count))
    done: list[Block] = []

    async def worker() -> None:
        for _ in remaining:
            done.append(await admin.block())

    async with load(admin) as took:
        await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    table.row(f"{len(took)} background calls, meanwhile", spread_ms(took))
    return done


def _tell(done: list[Block], table: Table) -> None:
    quiet = [block for block in done if not block.lagging]
    table.row("calls with these keys that were let in", str(sum(len(block.accepted) for block in done)))
    table.row("answers that named a laggard", str(len(done) - len(quiet)))
    table.row("the API's answer", spread_ms([block.answered - block.asked for block in done]))
    table.row("from the request to the last accepted call", spread_ms([b.after_request_s for b in done]))
    table.row("from the answer to the last accepted call", spread_ms([b.after_answer_s for b in done]))
    late = sum(block.late for block in quiet)
    table.row("calls accepted after an answer that named no laggard", str(late))
    if late or quantile([block.after_answer_s for block in done], 0.99) > 0.25:
        raise SystemExit("a blocked key was let in for too long")
