"""Many calls at once over several gateways: never over a limit, and nearly all of it let through."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

from tianji.limits.contract import Bound, Chain, Share
from tianji.limits.windows import rule
from tianji_testkit.limits import USD, Fleet, Gateway


async def spend(gateway: Gateway, chain: Chain, most: int, until: Callable[[], bool], seed: int) -> None:
    chance = random.Random(seed)
    while not until():
        taken = await gateway.begin(chain, cost=most)
        if taken is None:
            await asyncio.sleep(0.01)
            continue
        await asyncio.sleep(chance.random() * 0.01)
        gateway.end(taken, cost=chance.randint(most // 2, most))


async def test_a_budget_is_never_passed_and_nearly_all_of_it_is_spent(
    fleet: Callable[..., Fleet], new_holder: Callable[[str], str]
) -> None:
    here = fleet(3)
    key = Bound(new_holder("key"), "budget", USD, born=time.time() + 1)
    team = Bound(new_holder("team"), "budget", 3 * USD, rule=rule("1d"), born=time.time() + 1)
    ends = time.monotonic() + 10

    def over() -> bool:
        return time.monotonic() > ends or all(len(gateway.refused) > 30 for gateway in here.gateways)

    async with asyncio.TaskGroup() as clients:
        for client in range(64):
            gateway = here.gateways[client % 3]
            chain = Chain([key, team])
            clients.create_task(spend(gateway, chain, 2_000_000, over, client))

    assert 0.95 * USD < here.ledger.of(key.id) <= USD
    assert here.ledger.of(team.id) == here.ledger.of(key.id)
    refusal = here.gateways[0].refused[-1]
    assert refusal.bound.id == key.id
    assert refusal.resets_at is None


async def call_for(gateway: Gateway, chain: Chain, seconds: float, tokens: int, lasts_s: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        taken = await gateway.begin(chain, tokens=tokens)
        await asyncio.sleep(lasts_s)
        if taken is not None:
            gateway.end(taken, tokens=tokens)


def most_within(moments: list[float], seconds: float) -> int:
    """Return the most moments in any period of so many seconds."""
    moments = sorted(moments)
    most = first = 0
    for count, moment in enumerate(moments, 1):
        while moments[first] <= moment - seconds:
            first += 1
        most = max(most, count - first)
    return most


async def test_requests_never_pass_their_limit_in_any_period_and_nearly_all_are_let_through(
    fleet: Callable[..., Fleet], new_holder: Callable[[str], str]
) -> None:
    here = fleet(3, barrier_s=0)
    limit, per_s, seconds = 300, 3, 7.0
    chain = [Bound(new_holder("key"), "rpm", limit, per_s=per_s)]

    async with asyncio.TaskGroup() as clients:
        for client in range(30):
            gateway = here.gateways[client % 3]
            clients.create_task(call_for(gateway, Chain(chain), seconds, 0, 0.01))

    admitted = [moment for gateway in here.gateways for moment in gateway.admitted]
    assert most_within(admitted, per_s) <= limit
    assert most_within(admitted, per_s) >= 0.95 * limit


async def test_priorities_get_their_parts_of_a_model_that_all_want(
    fleet: Callable[..., Fleet], new_holder: Callable[[str], str]
) -> None:
    here = fleet(6, barrier_s=0, wait_s=5)
    limit, per_s, seconds = 300, 3, 10.0
    whole, parts = new_holder("model"), new_holder("priority")
    reserved = {"prod": 180, "dev": 60}

    def chain(priority: str) -> Chain:
        share = Share(priority, reserved[priority], limit // 2)
        return Chain(
            [
                Bound(whole, "rpm", limit, per_s=per_s),
                Bound(parts, "rpm", limit, per_s=per_s, share=share),
            ]
        )

    of = {"prod": here.gateways[:3], "dev": here.gateways[3:]}
    began = time.monotonic()
    async with asyncio.TaskGroup() as clients:
        for priority, gateways in of.items():
            for client in range(15):
                call = call_for(gateways[client % 3], chain(priority), seconds, 0, 0.01)
                clients.create_task(call)

    admitted = {name: [at for one in of[name] for at in one.admitted] for name in of}
    assert most_within([*admitted["prod"], *admitted["dev"]], per_s) <= limit
    for name, most in reserved.items():
        assert most_within(admitted[name], per_s) <= max(most, limit // 2)
        steady = [at for at in admitted[name] if at > began + 2 * per_s]
        assert most_within(steady, per_s) >= most / 5  # on a busy machine, too: nobody is starved
