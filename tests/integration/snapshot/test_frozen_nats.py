"""A NATS that stands still with its connections open, as when its machine hangs."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tianji.embedded import Nats
from tianji.errors import Unavailable
from tianji_gateway.snapshot.lookup import ANSWER_S

ADDED_S = ANSWER_S / 4
"""Of a hundred look-ups one may take longer, on a busy machine; if any waited, they would be many."""


@asynccontextmanager
async def frozen(nats: Nats) -> AsyncIterator[None]:
    assert nats.pid is not None
    os.kill(nats.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(nats.pid, signal.SIGCONT)


async def test_no_key_waits_once_the_silence_is_noticed_beside_the_requests(
    control, gateway, own_nats, until
) -> None:
    await control.head()
    await control.key("known")
    await control.key("new")
    feed = await gateway()
    await feed.keys.key("known")

    async with frozen(own_nats):
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await feed.keys.key("new")
        assert time.monotonic() - began < 10 * ANSWER_S
        assert not feed.answered

        known, new = [], []
        until_s = time.monotonic() + 7.0
        while time.monotonic() < until_s:
            began = time.perf_counter()
            assert await feed.keys.key("known")
            known.append(time.perf_counter() - began)
            began = time.perf_counter()
            with pytest.raises(Unavailable):
                await feed.keys.key("new")
            new.append(time.perf_counter() - began)
            await asyncio.sleep(0.002)
        assert not feed.synced
        assert not feed._bus.connected

    for waits in known, new:
        waits.sort()
        assert waits[int(len(waits) * 0.99)] < ADDED_S
    await until(lambda: feed.synced and feed.keys.following)
    assert await feed.keys.key("new")


async def test_a_silence_is_noticed_without_a_request(control, gateway, own_nats, until) -> None:
    await control.head()
    await control.key("new")
    feed = await gateway()

    async with frozen(own_nats):
        await until(lambda: not feed.answered)
        began = time.perf_counter()
        with pytest.raises(Unavailable):
            await feed.keys.key("new")
        assert time.perf_counter() - began < ANSWER_S
    await until(lambda: feed.answered)
    assert await feed.keys.key("new")


async def test_what_was_known_before_a_watch_was_lost_is_not_believed_after_it(
    control, gateway, own_nats, until
) -> None:
    await control.head()
    await control.key("h", alias="before")
    feed = await gateway()
    await feed.keys.key("h")

    async with frozen(own_nats):
        await until(lambda: not feed.keys.following)
        assert (await feed.keys.key("h")).alias == "before"
    await control.key("h", alias="after")
    await until(lambda: feed.keys.following)

    assert (await feed.keys.key("h")).alias == "after"


async def test_each_change_of_state_is_told_in_one_line(control, gateway, own_nats, until, caplog) -> None:
    await control.head()
    await control.bus.close()
    feed = await gateway()
    await until(lambda: feed.synced)

    with caplog.at_level(logging.INFO):
        async with frozen(own_nats):
            await until(lambda: not feed._bus.connected)
            await asyncio.sleep(5)
        await until(lambda: feed.synced)

    told = [line.getMessage() for line in caplog.records if line.name.startswith("tianji")]
    assert [line.split(" at ")[0] for line in told] == ["no connection to NATS", "connected to NATS"]
