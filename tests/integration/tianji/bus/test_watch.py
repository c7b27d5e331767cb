import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tianji.bus.client import Bus
from tianji.bus.subjects import CONFIG_BUCKET
from tianji.bus.watch import SILENCE_S, Entry
from tianji.embedded import Nats
from tianji.errors import Unavailable


@pytest.fixture
async def bus(own_nats: Nats) -> AsyncIterator[Bus]:
    bus = await Bus.connect(own_nats.start(), "test")
    assert await bus.wait_connected(30)
    await bus.ensure_layout()
    yield bus
    await bus.close()


async def test_it_brings_what_is_there_and_then_every_change(bus: Bus) -> None:
    for value in (b"1", b"2"):
        await bus.kv_put(CONFIG_BUCKET, "a", value)
    async with bus.watch(CONFIG_BUCKET) as watch:
        assert not watch.caught_up
        assert await watch.next() == Entry("a", b"2", 2)
        assert watch.caught_up

        await bus.kv_delete(CONFIG_BUCKET, "a")
        assert await watch.next() == Entry("a", None, 3)


async def test_with_only_new_changes_it_starts_behind_what_is_there(bus: Bus) -> None:
    await bus.kv_put(CONFIG_BUCKET, "a", b"1")
    async with bus.watch(CONFIG_BUCKET, only_new=True) as watch:
        assert watch.start_sequence == 1
        assert watch.caught_up
        assert await watch.next(within_s=0.05) is None

        await bus.kv_put(CONFIG_BUCKET, "b", b"2")
        assert await watch.next() == Entry("b", b"2", 2)


async def test_an_empty_bucket_is_caught_up_at_once(bus: Bus) -> None:
    async with bus.watch(CONFIG_BUCKET) as watch:
        assert watch.caught_up


async def test_a_quiet_bucket_keeps_its_watch(bus: Bus) -> None:
    async with bus.watch(CONFIG_BUCKET) as watch:
        assert await watch.next(within_s=SILENCE_S + 0.5) is None
        await bus.kv_put(CONFIG_BUCKET, "a", b"1")
        assert await watch.next() == Entry("a", b"1", 1)


async def test_a_lost_connection_ends_it_at_once(bus: Bus, own_nats: Nats) -> None:
    async with bus.watch(CONFIG_BUCKET) as watch:
        own_nats.stop()
        began = time.monotonic()
        with pytest.raises(Unavailable, match="lost"):
            await watch.next()
    assert time.monotonic() - began < 2


async def test_a_consumer_that_vanishes_ends_it_within_seconds(bus: Bus) -> None:
    async with bus.watch(CONFIG_BUCKET) as watch:
        for info in await bus.js.consumers_info(f"KV_{CONFIG_BUCKET}"):
            await bus.js.delete_consumer(f"KV_{CONFIG_BUCKET}", info.name)
        async with asyncio.timeout(SILENCE_S + 2):
            with pytest.raises(Unavailable):
                await watch.next()


async def test_a_change_that_is_missed_ends_it(bus: Bus) -> None:
    async with bus.watch(CONFIG_BUCKET) as watch:
        await bus.kv_put(CONFIG_BUCKET, "a", b"1")
        await bus.kv_put(CONFIG_BUCKET, "b", b"2")
        await watch._waiting.get()
        with pytest.raises(Unavailable, match="missed"):
            await watch.next()


async def test_it_leaves_nothing_behind(bus: Bus, own_nats: Nats) -> None:
    before = set(bus.nc._subs)
    async with bus.watch(CONFIG_BUCKET):
        pass
    assert await bus.js.consumers_info(f"KV_{CONFIG_BUCKET}") == []
    kept = set(bus.nc._subs)

    async with bus.watch(CONFIG_BUCKET) as watch:
        own_nats.stop()
        with pytest.raises(Unavailable):
            await watch.next()

    assert len(kept - before) <= 1  # nats-py's own inbox for answers
    assert set(bus.nc._subs) == kept


async def test_thousands_of_values_all_come(bus: Bus) -> None:
    names = [f"n{number}" for number in range(3000)]
    for start in range(0, 3000, 500):
        await asyncio.gather(*(bus.kv_put(CONFIG_BUCKET, n, b"x" * 500) for n in names[start : start + 500]))

    assert sorted(await bus.kv_all(CONFIG_BUCKET)) == sorted(names)
