"""What is down costs no request and no row: each server alone, all together, and a gateway on top."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import psycopg
import pytest
import pytest_asyncio

from tianji.embedded import Nats, Postgres, Server, Valkey
from tianji.obs.trouble import LASTS_S
from tianji_cli.home import Home
from tianji_cli.http import is_ready
from tianji_testkit import processes
from tianji_testkit.http import call
from tianji_testkit.system import System
from tianji_testkit.upstream import FakeUpstream, Reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIG = """
litellm_settings:
  num_retries: 0
model_list:
  - model_name: gpt
    litellm_params:
      model: openai/gpt-4o-mini
      api_base: {root}/v1
      api_key: sk-provider
"""
AWAY_S = 2.5
AT_ONCE_S = 2.5
"""Far less than a server stands still here, and more than a busy machine adds to a call."""
SERVERS = ("postgres", "nats", "redis")
CLIENTS = 4


@dataclass
class Traffic:
    """What clients saw while a block ran."""

    answers: list[tuple[int, str]] = field(default_factory=list)
    """Status and call id of every call, or 0 and the fault."""
    worst_s: float = 0.0

    @property
    def ids(self) -> set[str]:
        """Return the calls that were answered."""
        return {call_id for status, call_id in self.answers if status == 200}

    @property
    def failed(self) -> list[tuple[int, str]]:
        """Return the calls that were not."""
        return [answer for answer in self.answers if answer[0] != 200]


@dataclass
class Place:
    """A system whose servers are the test's own, to be stopped and started again."""

    system: System
    servers: dict[str, Server]
    upstream: FakeUpstream
    http: aiohttp.ClientSession
    key: str
    read_log: int = 0

    async def call(self, traffic: Traffic) -> None:
        """Make one call."""
        began = time.monotonic()
        body = {"model": "gpt", "messages": [{"role": "user", "content": "Hello"}]}
        headers = {"authorization": f"Bearer {self.key}"}
        url = self.system.url + "/v1/chat/completions"
        try:
            async with self.http.post(url, json=body, headers=headers) as answer:
                text = await answer.text()
                ok = answer.status == 200
                traffic.answers.append((answer.status, answer.headers["x-litellm-call-id"] if ok else text))
        except (aiohttp.ClientError, TimeoutError) as fault:
            traffic.answers.append((0, repr(fault)))
        traffic.worst_s = max(traffic.worst_s, time.monotonic() - began)

    @asynccontextmanager
    async def traffic(self) -> AsyncIterator[Traffic]:
        """Make calls for as long as the block lasts."""
        traffic = Traffic()

        async def client() -> None:
            while True:
                await asyncio.gather(self.call(traffic), asyncio.sleep(0.02))

        clients = [asyncio.create_task(client()) for _ in range(CLIENTS)]
        yield traffic
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)

    @asynccontextmanager
    async def without(self, part: str) -> AsyncIterator[None]:
        """Take a part away, or `all` of them, for as long as the block lasts."""
        names = SERVERS if part == "all" else [part] if part in SERVERS else []
        for name in names:
            await asyncio.to_thread(self.servers[name].stop)
        no_control = part in ("all", "control")
        killing = asyncio.create_task(self._keep_killing("control")) if no_control else None
        try:
            yield
        finally:
            for name in names:
                self.servers[name].launch()
            if killing:
                killing.cancel()
            await eventually(lambda: all(self.servers[name].answers() for name in names))

    @asynccontextmanager
    async def frozen(self, part: str) -> AsyncIterator[None]:
        """Stop a server's processes where they are; its connections stay open."""
        pid = self.servers[part].pid
        assert pid is not None
        pids = processes.tree(pid)
        processes.send(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            processes.send(pids, signal.SIGCONT)

    def kill(self, part: str) -> None:
        """Kill a part with all its processes."""
        for pid in Home(self.system.home).running().pids[part]:
            processes.send(processes.tree(pid), signal.SIGKILL)

    def said(self) -> list[str]:
        """Return what gateway, control plane and worker have logged since this was asked last."""
        lines = self.system.log.read_text()[self.read_log :].splitlines()
        self.read_log = len(self.system.log.read_text())
        told = [json.loads(line) for line in lines if line.startswith("{")]
        return [line["message"] for line in told if line["logger"] != "tianji_gateway.access"]

    async def settled(self) -> None:
        """Wait until all that runs reaches what it needs."""
        urls = [self.system.url, self.system.control_url, self.system.worker_url]
        await eventually(lambda: all(is_ready(url) for url in urls) and self._reaches_all())

    def rows(self) -> dict[str, dict[str, Any]]:
        """Read the ledger, by call id."""
        with psycopg.connect(
            self.servers["postgres"].url, row_factory=psycopg.rows.dict_row, connect_timeout=30
        ) as db:
            return {str(row["id"]): row for row in db.execute("SELECT * FROM spend_logs")}

    async def complete(self, traffic: Traffic) -> bool:
        """Wait until the ledger holds the calls; return whether its sums are those of its rows."""
        await eventually(lambda: traffic.ids <= self.rows().keys())
        with psycopg.connect(self.servers["postgres"].url, connect_timeout=30) as db:
            sums = db.execute(
                "SELECT (SELECT (count(*), sum(cost_usd)) FROM spend_logs),"
                " (SELECT (requests, spend_usd) FROM spend_totals WHERE scope = 'total')"
            ).fetchone()
        return sums is not None and sums[0] == sums[1]

    def _reaches_all(self) -> bool:
        """Whether the gateway has found out that all it needs is there again."""
        _, told = call("GET", self.system.url + "/health/readiness", key="")
        return set(told["servers"].values()) == {"connected"}

    async def _keep_killing(self, part: str) -> None:
        while True:
            self.kill(part)
            await asyncio.sleep(0.1)


async def eventually(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within_s):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110  nothing in this process tells
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    """Run servers that a test may take away."""
    folder = tmp_path_factory.mktemp("servers")
    servers: dict[str, Server] = {
        "postgres": Postgres(folder / "postgres", throwaway=True),
        "nats": Nats(folder / "nats"),
        "redis": Valkey(folder / "redis"),
    }
    for server in servers.values():
        server.start()
    yield servers
    for server in servers.values():
        server.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory, servers: dict[str, Server]) -> AsyncIterator[Place]:
    """Start a system once for this file."""
    urls = {"postgres": "DATABASE_URL", "nats": "NATS_URL", "redis": "REDIS_URL"}
    environ = {urls[name]: server.url for name, server in servers.items()}
    timeout = aiohttp.ClientTimeout(total=30)
    async with FakeUpstream() as upstream, aiohttp.ClientSession(timeout=timeout) as http:
        folder = tmp_path_factory.mktemp("outages")
        with System(folder, CONFIG.format(root=upstream.root), environ=environ) as system:
            headers = {"authorization": f"Bearer {system.master_key}"}
            async with http.post(system.url + "/key/generate", json={}, headers=headers) as answer:
                key = (await answer.json())["key"]
            place = Place(system, servers, upstream, http, key)
            await place.call(Traffic())
            await eventually((system.home / "snapshot" / "keys.snapshot").exists)
            yield place


@pytest.mark.parametrize("part", ["control", "redis", "all"])
async def test_nothing_fails_and_nothing_is_lost_while_something_is_away(place: Place, part: str) -> None:
    async with place.traffic() as traffic:
        async with place.without(part):
            before = len(traffic.ids)
            await asyncio.sleep(AWAY_S)
            served = len(traffic.ids) - before
        await asyncio.sleep(0.5)

    assert not traffic.failed
    assert served > 20
    assert await place.complete(traffic)


async def test_a_frozen_redis_fails_no_request(place: Place) -> None:
    async with place.traffic() as traffic:
        async with place.frozen("redis"):
            await asyncio.sleep(2 * AWAY_S)
        await asyncio.sleep(0.5)

    assert not traffic.failed
    assert traffic.worst_s < AT_ONCE_S
    assert await place.complete(traffic)


@pytest.mark.parametrize(
    ("part", "how", "said"),
    [
        ("nats", "frozen", ["no connection to NATS", "connected to NATS"] * 3),
        ("nats", "without", ["no connection to NATS", "connected to NATS"] * 3),
        ("postgres", "frozen", ["waiting for Postgres", "Postgres answers"] * 2),
        ("postgres", "without", ["waiting for Postgres", "Postgres answers"] * 2),
    ],
)
async def test_without_a_server_no_call_fails_and_each_process_says_one_line_then_and_one_when_it_is_back(
    place: Place, part: str, how: str, said: list[str]
) -> None:
    await place.settled()
    place.said()
    async with place.traffic() as traffic:
        async with getattr(place, how)(part):
            before = len(traffic.ids)
            await asyncio.sleep(LASTS_S + 2.0)
            served = len(traffic.ids) - before
        await asyncio.sleep(2.0)

    lines = place.said()
    assert sorted(line.split(" at ")[0] for line in lines) == sorted(said), lines
    assert not traffic.failed
    assert served > 20
    assert traffic.worst_s < AT_ONCE_S
    assert await place.complete(traffic)


async def test_a_stream_of_a_killed_gateway_becomes_one_row_marked_interrupted(place: Place) -> None:
    place.upstream.will(Reply(text="one two three four", hold_after=2))
    body = {"model": "gpt", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    headers = {"authorization": f"Bearer {place.key}"}
    url = place.system.url + "/v1/chat/completions"
    async with place.http.post(url, json=body, headers=headers) as answer:
        await answer.content.readline()
        call_id = answer.headers["x-litellm-call-id"]
        place.kill("gateway")
        with pytest.raises(aiohttp.ClientError):
            await answer.read()

    await eventually(lambda: call_id in place.rows())

    row = place.rows()[call_id]
    assert row["status"] == "interrupted"
    assert row["metadata"]["cost_estimated"] is True
    assert await place.complete(Traffic())


async def test_a_gateway_killed_while_all_is_down_comes_back_and_serves_from_disk(place: Place) -> None:
    async with place.without("all"):
        place.kill("gateway")
        traffic = Traffic()
        async with asyncio.timeout(30):
            while not traffic.ids:
                await asyncio.sleep(0.1)
                await place.call(traffic)
        async with place.http.get(place.system.url + "/health/readiness") as answer:
            told = await answer.json()
        async with place.traffic() as later:
            await asyncio.sleep(1.0)

    assert answer.status == 200
    assert told["snapshot"]["in_step"] is False
    assert told["servers"]["nats"] == "not reachable"
    assert {status for status, _ in traffic.failed} <= {0}
    assert not later.failed
    assert await place.complete(later)
    assert await place.complete(traffic)
