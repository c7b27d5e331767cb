import asyncio
import logging
import time
from collections.abc import AsyncIterator

import msgspec
import pytest

from tianji.bus.client import Bus
from tianji.bus.subjects import CONFIG_BUCKET, FLEET_SUBJECTS, KEYS_BUCKET
from tianji.domain.fleet import FleetReport
from tianji.embedded import Nats
from tianji.errors import Unavailable


@pytest.fixture
async def bus(own_nats: Nats) -> AsyncIterator[Bus]:
    bus = await Bus.connect(own_nats.start(), "test")
    assert await bus.wait_connected(30)
    await bus.ensure_layout()
    yield bus
    await bus.close()


async def lose(bus: Bus, nats: Nats) -> None:
    nats.stop()
    async with asyncio.timeout(30):
        await bus.wait_lost()


async def test_a_start_does_not_wait_for_nats_and_finds_it_later(own_nats: Nats) -> None:
    url = own_nats.start()
    own_nats.stop()
    connections = 0

    def connected() -> None:
        nonlocal connections
        connections += 1

    began = time.monotonic()
    bus = await Bus.connect(url, "test")
    bus.on_reconnect(connected)
    assert time.monotonic() - began < 1
    assert not await bus.wait_connected(0.5)
    with pytest.raises(Unavailable):
        await bus.kv_get(CONFIG_BUCKET, "a")

    own_nats.start()
    assert await bus.wait_connected(30)
    assert connections == 1
    await lose(bus, own_nats)
    own_nats.start()
    assert await bus.wait_connected(30)
    assert connections == 2
    await bus.close()


async def test_one_line_is_logged_per_change_of_state(
    own_nats: Nats, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tianji.bus")
    bus = await Bus.connect(own_nats.start(), "test")
    await bus.wait_connected(30)
    await lose(bus, own_nats)
    assert not await bus.wait_connected(1.5)
    own_nats.start()
    await bus.wait_connected(30)
    lines = [record.message for record in caplog.records if record.name.startswith("tianji.bus")]
    await bus.close()

    assert [line.split(" to ")[0] for line in lines] == ["connected", "no connection", "connected"]
    assert own_nats.secret("password") not in caplog.text


async def test_a_refused_password_is_tried_again_without_end(own_nats: Nats) -> None:
    url = own_nats.start().replace(own_nats.secret("password"), "wrong")

    bus = await Bus.connect(url, "test")

    assert not await bus.wait_connected(1)
    await bus.close()


async def test_values_are_written_read_and_deleted_with_their_sequence(bus: Bus) -> None:
    assert await bus.kv_get(CONFIG_BUCKET, "a") is None
    first = await bus.kv_put(CONFIG_BUCKET, "a", b"1")
    second = await bus.kv_put(CONFIG_BUCKET, "a", b"")
    third = await bus.kv_put(CONFIG_BUCKET, "b", b"3")

    assert (first, second, third) == (1, 2, 3)
    assert await bus.kv_get(CONFIG_BUCKET, "a") == (b"", 2)
    assert await bus.kv_all(CONFIG_BUCKET) == {"a": (b"", 2), "b": (b"3", 3)}
    assert await bus.kv_delete(CONFIG_BUCKET, "a") == 4
    assert await bus.kv_delete(CONFIG_BUCKET, "never-there") == 5
    assert await bus.kv_get(CONFIG_BUCKET, "a") is None
    assert await bus.kv_all(CONFIG_BUCKET) == {"b": (b"3", 3)}
    assert await bus.last_sequence(CONFIG_BUCKET) == 5
    assert await bus.kv_all(KEYS_BUCKET) == {}


async def test_a_bucket_that_is_not_there_is_not_an_empty_one(bus: Bus) -> None:
    await bus.js.delete_stream(f"KV_{KEYS_BUCKET}")

    for asking in (
        bus.kv_get(KEYS_BUCKET, "a"),
        bus.kv_put(KEYS_BUCKET, "a", b""),
        bus.kv_all(KEYS_BUCKET),
        bus.last_sequence(KEYS_BUCKET),
    ):
        with pytest.raises(Unavailable):
            await asking


async def test_a_conversation_ends_when_the_connection_does(bus: Bus, own_nats: Nats) -> None:
    async def ask_nobody() -> None:
        async with bus.talk("waiting", 30):
            await asyncio.Event().wait()

    asking = asyncio.create_task(ask_nobody())
    await asyncio.sleep(0)
    began = time.monotonic()
    await lose(bus, own_nats)

    with pytest.raises(Unavailable):
        await asking
    assert time.monotonic() - began < 10  # far less than the conversation lasts


async def test_a_fleet_report_reaches_who_listens(bus: Bus) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(message: object) -> None:
        heard.put_nowait(message.data)  # type: ignore[attr-defined]

    await bus.nc.subscribe(FLEET_SUBJECTS, cb=take)
    report = FleetReport(gateway_id="host.example-12", revision=3)
    await bus.publish_fleet(report)

    async with asyncio.timeout(30):
        assert msgspec.json.decode(await heard.get(), type=FleetReport) == report


async def test_closing_takes_no_longer_than_its_deadline(own_nats: Nats) -> None:
    bus = await Bus.connect(own_nats.start(), "test")
    await bus.wait_connected(30)
    await lose(bus, own_nats)

    began = time.monotonic()
    await bus.close(1.0)

    assert time.monotonic() - began < 5
    assert not bus.connected


async def test_a_bus_that_is_closed_before_it_began_to_connect_closes() -> None:
    bus = await Bus.connect("nats://127.0.0.1:9", "test")

    await bus.close()

    assert not bus.connected
