"""The connection to Redis: scripts, restarts, silence, and what is said of them."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable

import pytest
import redis

from tianji.domain.events import Charge
from tianji.embedded import Valkey
from tianji.limits import keys
from tianji.limits.client import RedisStore
from tianji.limits.contract import NO_LIMIT, Bound, Chain
from tianji.limits.ledger_side import LedgerSide
from tianji.limits.seeding import Counter, ProcessSum
from tianji.limits.trades import EpochChanged, StoreAway
from tianji_testkit.limits import Fleet


async def joined(url: str, name: str) -> RedisStore:
    store = RedisStore(url, name, barrier_s=0)
    with pytest.raises(EpochChanged):
        await store.trade([])
    return store


async def test_scripts_that_redis_forgot_are_sent_again(redis_url: str) -> None:
    store = await joined(redis_url, "p")
    redis.Redis.from_url(redis_url).script_flush()

    answer = await store.trade([])
    await store.close()

    assert answer.live >= 1


async def test_a_data_set_that_was_emptied_is_told_from_the_one_before(redis_url: str) -> None:
    store = await joined(redis_url, "p")
    before = store.epoch
    redis.Redis.from_url(redis_url).flushall()

    with pytest.raises(EpochChanged):
        await store.trade([])
    await store.close()

    assert store.epoch != before


async def test_a_redis_that_was_restarted_is_another_data_set(own_valkey: Valkey) -> None:
    """It may have come back with less than it had granted."""
    store = await joined(own_valkey.start(), "p")
    own_valkey.stop()
    own_valkey.start()

    with pytest.raises(StoreAway):
        await store.trade([])
    with pytest.raises(EpochChanged):
        await store.trade([])
    await store.close()


async def test_a_stopped_redis_is_waited_for_briefly_and_told_once(
    own_valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "tianji.limits.client")
    store = await joined(own_valkey.start(), "p")
    assert own_valkey.pid is not None
    os.kill(own_valkey.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(3):
            with pytest.raises(StoreAway):
                await store.trade([])
        waited = time.monotonic() - began
    finally:
        os.kill(own_valkey.pid, signal.SIGCONT)
    await store.trade([])
    await store.close()

    assert waited < 3 * 0.25 + 0.5
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert own_valkey.secret("password") not in caplog.text


async def test_a_redis_that_may_drop_keys_is_warned_of(
    own_valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    url = own_valkey.start()
    server = redis.Redis.from_url(url)
    server.config_set("maxmemory", "100mb")
    server.config_set("maxmemory-policy", "allkeys-lru")

    store = await joined(url, "p")
    await store.close()

    assert "noeviction" in caplog.text


async def test_an_ended_process_keeps_of_a_budget_only_what_the_ledger_has_of_it(
    redis_url: str, fleet: Callable[..., Fleet], new_holder: Callable[[str], str]
) -> None:
    here = fleet(1, barrier_s=0)
    gone, team = here.add("gone"), new_holder("team")
    budget = Bound(team, "budget", 100, born=time.time() + 1)
    taken = await gone.begin(Chain([budget]), cost=90)
    assert taken is not None
    assert await here.gateways[0].begin(Chain([budget]), cost=50) is None
    side = LedgerSide(redis_url)

    await side.fold("gone", [(Charge(team, "all"), 30)])
    await side.fold("gone", [(Charge(team, "all"), 30)])
    await side.close()

    found = redis.Redis.from_url(redis_url, decode_responses=True).hgetall(keys.budget(team, "all"))
    assert (found["sum"], found["settled"], found["p:"]) == ("30", "30", "30")
    assert "p:gone" not in found


async def test_a_seed_raises_and_never_lowers(redis_url: str, new_holder: Callable[[str], str]) -> None:
    await (await joined(redis_url, "p")).close()
    side, team = LedgerSide(redis_url), new_holder("team")
    counter = [Counter(team, "all")]

    assert await side.seed(counter, [ProcessSum(team, "all", "a", 30), ProcessSum(team, "all", "", 5)])
    assert await side.seed(counter, [ProcessSum(team, "all", "a", 20)])
    await side.close()

    found = redis.Redis.from_url(redis_url, decode_responses=True).hgetall(keys.budget(team, "all"))
    assert (found["sum"], found["settled"], found["p:a"]) == ("35", "35", "30")


async def test_the_ledger_side_finds_a_redis_that_was_restarted(own_valkey: Valkey) -> None:
    side, counter = LedgerSide(own_valkey.start()), [Counter("team:1", "all")]
    assert not await side.seed(counter, [])  # no gateway has begun to count there
    own_valkey.stop()
    url = own_valkey.start()
    await (await joined(url, "p")).close()

    assert await side.seed(counter, [ProcessSum("team:1", "all", "a", 30)])
    await side.close()


async def test_however_much_is_wanted_together_can_be_told(
    fleet: Callable[..., Fleet], new_holder: Callable[[str], str]
) -> None:
    here = fleet(1, barrier_s=0)
    gateway, team = here.gateways[0], new_holder("team")
    chain = Chain([Bound(team, "budget", 100, born=time.time() + 1)])

    assert not any(await asyncio.gather(*(gateway.begin(chain, cost=NO_LIMIT) for _ in range(2000))))
    assert (gateway.unavailable, len(gateway.refused)) == (0, 2000)
