"""The gateway as a process of its own: from NATS to the socket, and down again without a loss."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from tianji.bus.client import Bus
from tianji.bus.subjects import CONFIG_BUCKET, KEYS_BUCKET
from tianji.domain.deployments import Deployment
from tianji.domain.keys import KeyRecord, hash_of
from tianji.domain.snapshot import DEPLOYMENT, HEAD, KEY, SETTINGS, Head, Settings, digest_of, record_name
from tianji_testkit.upstream import FakeUpstream, Reply

SECRET = "sk-process-1234"
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


class Process:
    """One `tianji gateway`."""

    def __init__(self, home: Path, nats_url: str, workers: int = 1) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", str(workers)]
        self._environ = {
            **os.environ,
            "NATS_URL": nats_url,
            "TIANJI_HOME": str(home),
            "TIANJI_SALT_KEY": "salt",
            "TIANJI_DRAIN_SECONDS": "5",
            "TIANJI_LOG_FORMAT": "json",
        }
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, session: aiohttp.ClientSession, path: str = "/health/readiness") -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tianji_cli", "gateway", *self._arguments),
            env=self._environ,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(30):
            while True:
                try:
                    async with session.get(self.url + path) as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.05)

    async def stop(self) -> tuple[int, str]:
        """Ask it to stop; return its exit status and its log."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        _, log = await asyncio.wait_for(self.process.communicate(), 30)
        assert self.process.returncode is not None
        return self.process.returncode, log.decode()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers={"authorization": f"Bearer {SECRET}"}) as made:
        yield made


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as fake:
        yield fake


async def _publish(nats_url: str, upstream: FakeUpstream) -> None:
    deployment = Deployment(
        id="d",
        model_name="m",
        provider="openai",
        model="m",
        params={"api_base": upstream.api_base, "api_key": "x"},
    )
    records = {
        record_name(SETTINGS, "global"): msgspec.json.encode(Settings()),
        record_name(DEPLOYMENT, "d"): msgspec.json.encode(deployment),
    }
    head = Head(revision=3, digest=digest_of(records), records=len(records))
    key = KeyRecord(hash=hash_of(SECRET), alias="p")
    bus = await Bus.connect(nats_url, "test")
    assert await bus.wait_connected(30)
    await bus.ensure_layout()
    await bus.kv_put(KEYS_BUCKET, record_name(KEY, key.hash), msgspec.json.encode(key))
    for name, value in {**records, HEAD: msgspec.json.encode(head)}.items():
        await bus.kv_put(CONFIG_BUCKET, name, value)
    await bus.close()


async def test_a_stream_under_way_is_finished_before_the_process_ends(
    tmp_path: Path, nats_url: str, upstream: FakeUpstream, session: aiohttp.ClientSession
) -> None:
    await _publish(nats_url, upstream)
    gateway = Process(tmp_path, nats_url)
    await gateway.start(session)
    reply = Reply(hold_after=2)
    upstream.will(reply)
    async with session.post(gateway.url + "/v1/chat/completions", json={**CHAT, "stream": True}) as answer:
        assert answer.status == 200
        await answer.content.readany()
        stopping = asyncio.create_task(gateway.stop())
        await _refuses(gateway)
        reply.release.set()
        text = await answer.text()
    status, log = await stopping

    assert text.endswith("data: [DONE]\n\n")
    assert status == 0
    lines = [msgspec.json.decode(line) for line in log.splitlines() if line.startswith("{")]
    served = [
        line for line in lines if line["message"] == "request" and line.get("route") == "/v1/chat/completions"
    ]
    assert [(line["status"], line["key"]) for line in served] == [(200, "p")]
    assert SECRET not in log
    assert "Traceback" not in log


async def _refuses(gateway: Process) -> None:
    """Wait until the process takes no new connections."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            except ConnectionError:
                return
            writer.close()
            await asyncio.sleep(0.02)


async def test_two_workers_share_a_port(
    tmp_path: Path, nats_url: str, upstream: FakeUpstream, session: aiohttp.ClientSession
) -> None:
    await _publish(nats_url, upstream)
    gateway = Process(tmp_path, nats_url, workers=2)
    await gateway.start(session)
    try:
        answers = await asyncio.gather(*(_answered(session, gateway.url) for _ in range(40)))
    finally:
        status, _ = await gateway.stop()

    assert answers == [200] * 40
    assert status == 0


async def _answered(session: aiohttp.ClientSession, url: str) -> int:
    async with session.post(url + "/v1/chat/completions", json=CHAT) as answer:
        await answer.read()
        return answer.status


async def test_a_gateway_that_has_never_seen_a_configuration_says_so(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    gateway = Process(tmp_path, "nats://127.0.0.1:9")
    await gateway.start(session, "/health/liveliness")
    try:
        async with session.get(gateway.url + "/health/readiness") as answer:
            assert answer.status == 503
            ready: Any = await answer.json()
        assert await _answered(session, gateway.url) == 503
    finally:
        await gateway.stop()

    assert ready["servers"]["nats"] == "not reachable"


async def test_two_gateways_do_not_share_a_port_by_mistake(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    first = Process(tmp_path, "nats://127.0.0.1:9")
    await first.start(session, "/health/liveliness")
    try:
        second = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tianji_cli", "gateway", "--host", "127.0.0.1"),
            *("--port", str(first.port)),
            env={
                **os.environ,
                "NATS_URL": "nats://127.0.0.1:9",
                "TIANJI_SALT_KEY": "x",
                "TIANJI_HOME": str(tmp_path),
            },
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await asyncio.wait_for(second.communicate(), 30)
    finally:
        await first.stop()

    assert second.returncode != 0
    assert f"cannot listen on 127.0.0.1:{first.port}" in said.decode()


async def test_a_gateway_that_cannot_write_its_spool_ends_and_says_why(
    nats_url: str, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    (tmp_path / "spool").touch()
    gateway = Process(tmp_path, nats_url)
    starting = asyncio.create_task(gateway.start(session))
    async with asyncio.timeout(30):
        while gateway.process is None:  # noqa: ASYNC110  nothing tells
            await asyncio.sleep(0.01)
        await gateway.process.wait()
    starting.cancel()

    status, log = await gateway.stop()

    assert status == 1
    assert "the gateway cannot start: the spool" in log
    assert "Traceback" not in log
