"""A control plane in miniature and gateways on a real NATS, to be killed, emptied and refilled."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from tianji.bus.client import Bus
from tianji.bus.subjects import CONFIG_BUCKET, FLEET_SUBJECTS, KEYS_BUCKET
from tianji.domain.deployments import Deployment
from tianji.domain.fleet import FleetReport
from tianji.domain.keys import KeyRecord
from tianji.domain.sealed import Sealer
from tianji.domain.snapshot import DEPLOYMENT, HEAD, KEY, Head, digest_of, record_name
from tianji.embedded import Nats
from tianji.errors import Unavailable
from tianji_gateway.snapshot.build import Builder
from tianji_gateway.snapshot.feed import SnapshotFeed

SALT = "a salt for tests"
PATIENCE_S = 30.0


class Control:
    """What the control plane does to NATS, and what it hears of the fleet."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.records: dict[str, bytes] = {}
        self.keys: dict[str, bytes] = {}
        self.revision = 0
        self.config_sequence = 0
        self.reports: dict[str, FleetReport] = {}
        self._heard = asyncio.Condition()

    async def listen(self) -> None:
        async def take(message: Any) -> None:
            report = msgspec.json.decode(message.data, type=FleetReport)
            async with self._heard:
                self.reports[report.gateway_id] = report
                self._heard.notify_all()

        await self.bus.nc.subscribe(FLEET_SUBJECTS, cb=take)
        await self.bus.nc.flush()

    async def crash(self, nats: Nats) -> None:
        """Kill the server and wait until that is noticed here."""
        assert nats.pid is not None
        os.kill(nats.pid, signal.SIGKILL)
        nats.stop()
        async with asyncio.timeout(PATIENCE_S):
            await self.bus.wait_lost()

    async def put(self, bucket: str, name: str, value: bytes) -> int:
        """Write as a publisher does: again and again until NATS has it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    return await self.bus.kv_put(bucket, name, value)
                except Unavailable:
                    await asyncio.sleep(0.01)

    async def model(self, id: str, name: str, **fields: Any) -> int:
        """Make a model and publish; return the head's sequence."""
        await self.stage(id, name, **fields)
        return await self.head()

    async def stage(self, id: str, name: str, **fields: Any) -> None:
        """Write a model's record; the head is still to come."""
        params = {"api_base": "http://127.0.0.1:9/v1"}
        secrets = {"api_key": Sealer(SALT).seal("sk-upstream")}
        deployment = Deployment(
            id=id, model_name=name, provider="p", model="m", params=params, secrets=secrets, **fields
        )
        await self.write(record_name(DEPLOYMENT, id), msgspec.json.encode(deployment))

    async def record(self, name: str, value: bytes) -> int:
        await self.write(name, value)
        return await self.head()

    async def write(self, name: str, value: bytes) -> None:
        self.records[name] = value
        await self.put(CONFIG_BUCKET, name, value)

    async def head(self) -> int:
        self.revision += 1
        head = Head(self.revision, digest_of(self.records), len(self.records))
        self.config_sequence = await self.put(CONFIG_BUCKET, HEAD, msgspec.json.encode(head))
        return self.config_sequence

    async def key(self, hash: str, **fields: Any) -> int:
        name = record_name(KEY, hash)
        self.keys[name] = msgspec.json.encode(KeyRecord(hash=hash, **fields))
        return await self.put(KEYS_BUCKET, name, self.keys[name])

    async def delete_key(self, hash: str) -> int:
        del self.keys[record_name(KEY, hash)]
        return await self.bus.kv_delete(KEYS_BUCKET, record_name(KEY, hash))

    async def refill(self) -> None:
        await self.bus.ensure_layout()
        for name, value in self.keys.items():
            await self.put(KEYS_BUCKET, name, value)
        for name, value in self.records.items():
            await self.put(CONFIG_BUCKET, name, value)
        await self.head()

    async def confirmed(self, holds: Callable[[FleetReport], bool], gateway: str = "g1") -> FleetReport:
        """Wait until a gateway has reported what `holds` asks for."""
        async with asyncio.timeout(PATIENCE_S), self._heard:
            await self._heard.wait_for(lambda: gateway in self.reports and holds(self.reports[gateway]))
        return self.reports[gateway]


@pytest.fixture
async def control(own_nats: Nats) -> AsyncIterator[Control]:
    bus = await Bus.connect(own_nats.start(), "control")
    assert await bus.wait_connected(30)
    await bus.ensure_layout()
    control = Control(bus)
    await control.listen()
    yield control
    await bus.close()


def find_provider(name: str) -> Any:
    def bind(deployment: Deployment, options: Mapping[str, Any]) -> Any:
        return SimpleNamespace(api_key=deployment.params["api_key"])

    return SimpleNamespace(bind=bind)


Gateway = Callable[..., Awaitable[SnapshotFeed]]


@pytest.fixture
async def gateway(own_nats: Nats, tmp_path: Path) -> AsyncIterator[Gateway]:
    """Return a function that starts a gateway's feed; `stop` it, or the test's end does."""
    started: list[tuple[SnapshotFeed, Bus]] = []

    async def start(name: str = "g1", patience_s: float = 2.0, **options: Any) -> SnapshotFeed:
        bus = await Bus.connect(own_nats.url, name)
        builder = Builder(Sealer(SALT), {}, find_provider)
        feed = SnapshotFeed(bus, builder, tmp_path / name, name, **options)
        started.append((feed, bus))
        await feed.start(patience_s)
        return feed

    yield start
    for feed, bus in started:
        await feed.stop()
        await bus.close()


Until = Callable[[Callable[[], bool]], Awaitable[None]]


@pytest.fixture
def until() -> Until:
    """Return a function that waits for what no event tells of, and fails when it does not come."""

    async def until(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    return until
