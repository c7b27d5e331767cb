import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest

from tianji.bus import subjects
from tianji.bus.client import Bus
from tianji.embedded import Nats


@pytest.fixture
async def bus(own_nats: Nats) -> AsyncIterator[Bus]:
    bus = await Bus.connect(own_nats.start(), "test")
    assert await bus.wait_connected(30)
    yield bus
    await bus.close()


async def test_many_may_make_it_at_once_and_again(bus: Bus) -> None:
    await asyncio.gather(*(bus.ensure_layout() for _ in range(8)))
    await bus.ensure_layout()

    names = {info.config.name for info in await bus.js.streams_info()}
    assert names == {"KV_CONFIG", "KV_KEYS", "SPEND", "DEAD_LETTERS"}


async def test_it_is_made_again_in_a_server_that_was_emptied(bus: Bus, own_nats: Nats) -> None:
    await bus.ensure_layout()
    own_nats.stop()
    shutil.rmtree(own_nats.folder / "data")
    async with asyncio.timeout(30):
        await bus.wait_lost()
    own_nats.start()
    assert await bus.wait_connected(30)

    await bus.ensure_layout()

    assert await bus.kv_put(subjects.CONFIG_BUCKET, "a", b"") == 1


async def test_what_an_operator_set_is_left_and_what_is_ours_is_mended(bus: Bus) -> None:
    await bus.ensure_layout()
    stream = (await bus.js.stream_info("KV_KEYS")).config
    await bus.js.update_stream(config=stream.evolve(max_bytes=10_000_000, max_msgs_per_subject=5))

    await bus.ensure_layout()

    after = (await bus.js.stream_info("KV_KEYS")).config
    assert after.max_bytes == 10_000_000
    assert after.max_msgs_per_subject == 1


async def test_an_event_shipped_twice_is_kept_once_until_the_ledger_has_it(bus: Bus) -> None:
    await bus.ensure_layout()
    for _ in range(2):
        await bus.js.publish(subjects.spend_subject("g"), b"event", headers={"Nats-Msg-Id": "1"})
    assert (await bus.js.stream_info(subjects.SPEND_STREAM)).state.messages == 1

    ledger = await bus.js.pull_subscribe_bind(subjects.LEDGER_CONSUMER, subjects.SPEND_STREAM)
    (message,) = await ledger.fetch(10, timeout=20)
    await message.ack_sync()

    assert message.data == b"event"
    assert (await bus.js.stream_info(subjects.SPEND_STREAM)).state.messages == 0


async def test_events_wait_for_a_second_consumer_too(bus: Bus) -> None:
    await bus.ensure_layout()
    sink = await bus.js.pull_subscribe(subjects.SPEND_SUBJECTS, durable="sink", stream=subjects.SPEND_STREAM)
    await bus.js.publish(subjects.spend_subject("g"), b"event")
    ledger = await bus.js.pull_subscribe_bind(subjects.LEDGER_CONSUMER, subjects.SPEND_STREAM)
    await (await ledger.fetch(1, timeout=20))[0].ack_sync()

    (message,) = await sink.fetch(1, timeout=20)

    assert message.data == b"event"


async def test_a_deleted_name_leaves_a_mark_that_expires(bus: Bus) -> None:
    await bus.ensure_layout()
    await bus.kv_put(subjects.KEYS_BUCKET, "a", b"1")
    sequence = await bus.kv_delete(subjects.KEYS_BUCKET, "a")

    mark = await bus.js.get_msg("KV_KEYS", seq=sequence)

    assert mark.headers is not None
    assert mark.headers["Nats-TTL"] == "86400s"
