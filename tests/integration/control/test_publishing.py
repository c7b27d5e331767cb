"""What is committed reaches NATS: whenever NATS comes, whoever leads, whatever was lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tianji.bus.client import Bus
from tianji.bus.subjects import CONFIG_BUCKET, KEYS_BUCKET
from tianji.domain.fleet import FleetReport
from tianji.domain.snapshot import record_name
from tianji.embedded import Nats
from tianji.errors import Unavailable
from tianji_control.publish import fleet

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Gateway:
    """Reports like a gateway; applies what it is told to."""

    def __init__(self, bus: Bus, id: str) -> None:
        self.bus = bus
        self.id = id

    async def report(self, config: int, keys: int, **more: object) -> None:
        report = FleetReport(gateway_id=self.id, config_sequence=config, keys_sequence=keys, **more)
        await self.bus.publish_fleet(report)

    async def report_all(self) -> None:
        config, keys = await asyncio.gather(
            self.bus.last_sequence(CONFIG_BUCKET), self.bus.last_sequence(KEYS_BUCKET)
        )
        await self.report(config, keys)


@asynccontextmanager
async def gateway_beside(control, id: str) -> AsyncIterator[Gateway]:
    """Run a gateway that reports each change at once."""
    bus = await Bus.connect(control.runtime.settings.nats_url, id)
    await bus.wait_connected(30)
    gateway = Gateway(bus, id)

    async def follow() -> None:
        while True:
            await gateway.report_all()
            await asyncio.sleep(0.02)

    following = asyncio.create_task(follow())
    try:
        yield gateway
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await gateway.report(0, 0, leaving=True)
        await bus.close()


async def heard(control, count: int) -> None:
    async with asyncio.timeout(30):
        while len(control.runtime.fleet.live()) != count:
            await control.runtime.fleet.reported(0.2)


async def until_lost(control, *ids: str) -> None:
    async with asyncio.timeout(30):
        while [member.report.gateway_id for member in control.runtime.fleet.lost()] != list(ids):
            await control.runtime.fleet.reported(0.1)


async def test_a_write_answers_when_the_gateways_have_it(control) -> None:
    async with gateway_beside(control, "quick"):
        await heard(control, 1)
        answer = await control.post("/key/generate", {})
        assert "x-tianji-lagging" not in answer.headers
        _, sequence = await control.bus.kv_get(KEYS_BUCKET, record_name("key", answer.json()["token"]))
        [member] = control.runtime.fleet.live()
        assert member.report.keys_sequence >= sequence
        told = (await control.get("/fleet")).json()
        assert [entry["gateway_id"] for entry in told["gateways"]] == ["quick"]
    await heard(control, 0)


async def test_a_gateway_that_lags_is_named(control) -> None:
    stuck = Gateway(control.bus, "stuck")
    await stuck.report(0, 0)
    async with gateway_beside(control, "quick"):
        await heard(control, 2)
        loop = asyncio.get_running_loop()
        began = loop.time()
        answer = await control.post("/key/generate", {})
        assert answer.status == 200
        assert answer.headers["x-tianji-lagging"] == "stuck"
        assert 0.8 < loop.time() - began < 10
        await stuck.report(0, 0, leaving=True)
    await heard(control, 0)


async def test_a_gateway_that_fell_silent_is_named_until_it_is_replaced_and_nobody_waits_for_it(
    control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet, "LIVE_S", 0.3)
    silent = Gateway(control.bus, "a-1")
    await silent.report(1 << 60, 1 << 60)
    async with gateway_beside(control, "b-1"):
        await until_lost(control, "a-1")
        answer = await control.post("/key/generate", {})
        assert answer.headers["x-tianji-lagging"] == "a-1"
        told = {one["gateway_id"]: one for one in (await control.get("/fleet")).json()["gateways"]}
        assert not told["a-1"]["live"]
        assert told["a-1"]["lagging"]
        assert told["b-1"]["live"]

        async with gateway_beside(control, "a-2"):
            while control.runtime.fleet.lost():
                await control.runtime.fleet.reported(0.2)
            answer = await control.post("/key/generate", {})
            assert "x-tianji-lagging" not in answer.headers
    await silent.report(0, 0, leaving=True)
    await heard(control, 0)


async def test_a_silent_gateway_is_forgotten_in_the_end(control, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "LIVE_S", 0.1)
    monkeypatch.setattr(fleet, "FORGET_S", 0.3)
    await Gateway(control.bus, "a-1").report(0, 0)
    await until_lost(control, "a-1")

    async with asyncio.timeout(30):
        while control.runtime.fleet.lost():
            await control.runtime.fleet.reported(0.1)


async def test_a_report_that_cannot_be_read_harms_nothing(control) -> None:
    await control.bus.nc.publish("tianji.fleet.bad", b"\xff")
    assert (await control.post("/key/generate", {})).status == 200


async def test_an_emptied_bucket_is_filled_again(control) -> None:
    made = await control.made_key()
    before, records = await control.config_records()
    for bucket in (KEYS_BUCKET, CONFIG_BUCKET):
        await control.bus.js.delete_stream(f"KV_{bucket}")
    await refilled(control, made["token"])
    after, again = await control.config_records()
    assert after.revision > before.revision
    assert again == records


async def test_what_a_bucket_held_wrongly_is_removed_when_it_is_filled(control) -> None:
    made = await control.made_key()
    gone = await control.made_key()
    await control.post("/key/delete", {"keys": [gone["key"]]})
    await control.bus.js.delete_stream(f"KV_{KEYS_BUCKET}")
    await control.bus.ensure_layout()
    await control.bus.kv_put(KEYS_BUCKET, record_name("key", gone["token"]), b"{}")
    await control.bus.kv_put(CONFIG_BUCKET, record_name("deployment", "stray"), b"{}")
    control.runtime.publisher.suspect()
    await refilled(control, made["token"])
    await control.published()
    assert await control.record("key", gone["token"]) is None
    assert "stray" not in await control.deployments()


async def refilled(control, hash: str) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                if await control.record("key", hash) is not None and control.runtime.publisher.aligned:
                    return
            except Unavailable:  # the bucket is not there for a while
                pass
            await asyncio.sleep(0.05)


async def test_a_standby_takes_over_and_writes_go_through_any(control, control_settings, running) -> None:
    async with running(control_settings()) as other:
        leads = [control.runtime.publisher.leading, other.runtime.publisher.leading]
        assert sorted(leads) == [False, True]
        made = await other.made_key()
        assert await control.record("key", made["token"]) is not None
        assert (await control.get(f"/key/info?key={made['token']}")).status == 200
        both = await asyncio.gather(*(each.made_key() for each in (control, other) for _ in range(10)))
        for key in both:
            assert await control.record("key", key["token"]) is not None
        await control.config_records()


async def test_writes_are_kept_until_nats_comes(
    control_settings, running, own_nats: Nats, empty_postgres_url: str
) -> None:
    url = own_nats.start()
    own_nats.stop()
    settings = control_settings(nats_url=url, database_url=empty_postgres_url)
    async with running(settings) as alone:
        answer = await alone.post("/key/generate", {})
        assert answer.status == 200
        assert answer.headers["x-tianji-unpublished"] == "true"
        assert (await alone.get("/health/readiness")).json()["nats"] == "Not connected"
        await asyncio.to_thread(own_nats.start)
        await alone.bus.wait_connected(30)
        await refilled(alone, answer.json()["token"])
        await alone.published()
        second = await alone.post("/key/generate", {})
        assert "x-tianji-unpublished" not in second.headers
        own_nats.stop()
        await alone.bus.wait_lost()
        third = await alone.post("/key/block", {"key": second.json()["key"]})
        assert third.status == 200 and third.headers["x-tianji-unpublished"] == "true"
        await asyncio.to_thread(own_nats.start)
        await alone.bus.wait_connected(30)
        await alone.published()
        assert (await alone.record("key", second.json()["token"]))["blocked"] is True


async def test_a_crash_between_commit_and_publish_loses_nothing(
    control_settings, running, own_nats: Nats, empty_postgres_url: str
) -> None:
    settings = control_settings(nats_url=own_nats.start(), database_url=empty_postgres_url)
    async with running(settings) as first:
        await first.published()
        async with first.runtime.store.transaction() as db:
            await db.execute("INSERT INTO keys (hash, name) VALUES ('left-behind', 'sk-...hind')")
            await db.execute("INSERT INTO outbox (kind, object_id) VALUES ('key', 'left-behind')")
    async with running(settings) as second:
        await second.published()
        assert await second.record("key", "left-behind") is not None


async def test_a_restart_changes_no_revision(
    control_settings, running, own_nats: Nats, empty_postgres_url: str
) -> None:
    settings = control_settings(nats_url=own_nats.start(), database_url=empty_postgres_url)
    async with running(settings) as first:
        await first.published()
        head, _ = await first.config_records()
    async with running(settings) as second:
        await second.published()
        again, _ = await second.config_records()
    assert again == head
