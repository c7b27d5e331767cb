"""Redis killed, emptied and stopped in the middle of a race: still never over a budget."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable

import pytest
import redis

from tianji.embedded import Valkey
from tianji.limits.contract import Bound, Chain
from tianji_testkit.limits import USD, Fleet, Gateway

Trouble = Callable[[Valkey], Awaitable[None]]

STOPPED_S = 3.0


async def killed(server: Valkey) -> None:
    server.kill()
    server.stop()
    await asyncio.sleep(1.0)
    server.start()


async def emptied(server: Valkey) -> None:
    redis.Redis.from_url(server.url).flushall()


async def stopped(server: Valkey) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    await asyncio.sleep(STOPPED_S)
    os.kill(server.pid, signal.SIGCONT)


async def spend(
    gateway: Gateway, chain: Chain, begun: asyncio.Event, over: Callable[[], bool], seed: int
) -> None:
    """Call until the end; a fifth of the first budget spent is a beginning."""
    chance, most = random.Random(seed), 1_000_000
    while not over():
        taken = await gateway.begin(chain, cost=most)
        await asyncio.sleep(0.02 + chance.random() * 0.03)
        if taken is not None:
            gateway.end(taken, cost=chance.randint(most // 2, most))
            if gateway.ledger.of(chain.bounds[0].id) >= 0.2 * USD:
                begun.set()


@pytest.mark.parametrize("trouble", [killed, emptied, stopped])
async def test_no_trouble_of_redis_opens_a_budget(
    fleet: Callable[..., Fleet], own_valkey: Valkey, trouble: Trouble
) -> None:
    here = fleet(3, url=own_valkey.start(), lease_s=1.2, barrier_s=1.6)
    await asyncio.sleep(2)  # the data set is new, too
    known = Bound("key:1", "budget", USD, born=time.time())
    old = Bound("organization:1", "budget", 2 * USD)
    begun = asyncio.Event()
    ends = time.monotonic() + 60

    def over() -> bool:
        spent = here.ledger.of(known.id) > 0.95 * USD
        return time.monotonic() > ends or (spent and all(len(one.refused) > 100 for one in here.gateways))

    async with asyncio.TaskGroup() as clients:
        for client in range(48):
            chain = Chain([known, old])
            clients.create_task(spend(here.gateways[client % 3], chain, begun, over, client))
        async with asyncio.timeout(30):
            await begun.wait()
        before = here.ledger.of(known.id)
        await trouble(own_valkey)

    spent = here.ledger.of(known.id)
    assert 0.2 * USD <= before < 0.9 * USD
    assert 0.95 * USD < spent <= USD
    assert max(gateway.longest_s for gateway in here.gateways) < STOPPED_S - 1
