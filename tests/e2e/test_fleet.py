"""Two gateways and one that joins by hand: blocked keys, who is late, who is cut off."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio

from tianji.embedded import ports
from tianji_testkit import processes
from tianji_testkit.proxy import Proxy
from tianji_testkit.system import clean_environ

pytestmark = pytest.mark.asyncio(loop_scope="module")

BLOCKS = 20
LAGGING = "x-tianji-lagging"
CHAT = {"model": "gpt", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture(scope="module")
def gateways() -> int:
    """Return how many gateways the system starts."""
    return 2


class Third:
    """A gateway that joined by hand, over a wire that a test can cut."""

    def __init__(self, url: str, wire: Proxy) -> None:
        self.url = url
        self.wire = wire


@pytest_asyncio.fixture(loop_scope="module")
async def third(door: Any, tmp_path: Path) -> AsyncIterator[Third]:
    """Start it with what `tianji env` prints, but for the wire."""
    env = door.system.env
    nats = urlsplit(env["NATS_URL"])
    port = ports.free()
    async with Proxy(nats.hostname, nats.port) as wire:
        user = nats.netloc.rpartition("@")[0]
        environ = clean_environ() | {
            "NATS_URL": nats._replace(netloc=f"{user}@127.0.0.1:{wire.port}").geturl(),
            "TIANJI_SALT_KEY": env["TIANJI_SALT_KEY"],
            "TIANJI_HOME": str(tmp_path),
            "TIANJI_GATEWAY_ID": "third",
        }
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(  # noqa: ASYNC220  it is waited for in a thread
                [sys.executable, "-m", "tianji_cli", "gateway", "--host", "127.0.0.1", "--port", str(port)],
                env=environ,
                stderr=log,
            )
        gateway = Third(f"http://127.0.0.1:{port}", wire)
        try:
            await ready(door.http, gateway.url)
            yield gateway
        finally:
            process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(process.wait, 20)


async def ready(http: aiohttp.ClientSession, url: str) -> None:
    """Wait until a gateway serves."""
    async with asyncio.timeout(30):
        while True:
            try:
                async with http.get(url + "/health/readiness") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.05)


async def block(door: Any, key: str) -> str:
    """Block a key and return whom the answer names."""
    headers = {"authorization": f"Bearer {door.master_key}"}
    url = door.system.control_url + "/key/block"
    async with door.http.post(url, json={"key": key}, headers=headers) as answer:
        assert answer.status == 200
        return str(answer.headers.get(LAGGING, ""))


async def fleet(door: Any) -> dict[str, dict[str, Any]]:
    """Return what /fleet tells, by gateway."""
    status, told = await door.call("GET", "/fleet", base=door.system.control_url)
    assert status == 200
    return {one["gateway_id"].rpartition("-")[0]: one for one in told["gateways"]}


async def until(door: Any, holds: Callable[[dict[str, dict[str, Any]]], bool]) -> None:
    """Wait until /fleet tells something."""
    async with asyncio.timeout(40):
        while not holds(await fleet(door)):  # noqa: ASYNC110  the fleet tells who asks
            await asyncio.sleep(0.1)


async def test_after_the_answer_no_gateway_lets_a_blocked_key_in(door: Any) -> None:
    urls = door.system.gateway_urls
    for _ in range(BLOCKS):
        key = await door.new_key()
        assert {await door.chat(key=key, base=url) for url in urls} == {200}

        async def calling(url: str, key: str = key) -> list[tuple[float, int]]:
            seen = [(time.monotonic(), 200)]
            while seen[-1][1] == 200:
                sent = time.monotonic()
                seen.append((sent, await door.chat(key=key, base=url)))
            return seen

        callers = [asyncio.create_task(calling(url)) for url in urls]
        lagging = await block(door, key)
        answered = time.monotonic()
        seen = [call for calls in await asyncio.gather(*callers) for call in calls]

        assert {status for _, status in seen} == {200, 401}
        if not lagging:
            assert [sent for sent, status in seen if status == 200 and sent > answered] == []


async def test_each_answer_says_which_snapshot_it_was_made_from(door: Any) -> None:
    _, told = await door.call("GET", "/fleet")
    headers = {"authorization": f"Bearer {door.master_key}"}
    for url in door.system.gateway_urls:
        async with door.http.post(url + "/v1/chat/completions", json=CHAT, headers=headers) as answer:
            assert answer.headers["x-tianji-snapshot"] == str(told["revision"])


async def test_a_gateway_joins_by_hand_and_is_named_when_it_is_cut_off(door: Any, third: Third) -> None:
    soon, later = await door.new_key(), await door.new_key()
    assert await door.chat(key=soon, base=third.url) == 200
    assert await door.chat(key=later, base=third.url) == 200
    assert (await fleet(door))["third"]["live"]

    third.wire.cut()
    assert "third-" in await block(door, soon)
    assert await door.chat(key=soon, base=third.url) == 200  # it does not know, and goes on
    await until(door, lambda told: not told["third"]["live"])
    assert min([await _seconds_to_block(door, later) for _ in range(3)]) < 0.8
    async with door.http.get(third.url + "/health/readiness") as answer:
        assert answer.status == 200
        assert (await answer.json())["servers"]["nats"] == "not reachable"

    third.wire.mend()
    await until(door, lambda told: told["third"]["live"] and not told["third"]["lagging"])
    assert await door.chat(key=soon, base=third.url) == 401
    assert await door.chat(key=later, base=third.url) == 401
    assert await block(door, later) == ""


async def _seconds_to_block(door: Any, key: str) -> float:
    """Block a key; return how long that took: one try among busy neighbours says little."""
    began = time.monotonic()
    assert "third-" in await block(door, key)
    return time.monotonic() - began


async def test_a_killed_process_is_not_named_once_another_has_taken_its_place(door: Any) -> None:
    key = await door.new_key()
    before = await processes_told(door)

    for pid in processes.tree(door.system.pids["gateway"][0]):
        os.kill(pid, signal.SIGKILL)

    async with asyncio.timeout(40):
        while True:
            now = await processes_told(door)
            if len(now) == len(before) and len(now - before) == 1:
                break
            await asyncio.sleep(0.1)
    await until(door, lambda told: not any(one["lagging"] for one in told.values()))
    assert await block(door, key) == ""


async def processes_told(door: Any) -> set[str]:
    """Return the ids of all processes that /fleet tells of."""
    _, told = await door.call("GET", "/fleet", base=door.system.control_url)
    return {one["gateway_id"] for one in told["gateways"]}
