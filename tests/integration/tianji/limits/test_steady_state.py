"""A quiet stream of calls needs hardly any word with Redis, however many bounds they have."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tianji.limits.contract import Bound, Chain
from tianji.limits.windows import rule
from tianji_testkit.limits import USD, Fleet

HOLDERS = ["organization", "team", "member", "user", "key", "customer", "tag", "model"]


def long_chain(run: str, born: float) -> Chain:
    """Return a chain of eight budgets and six limits, none of them near its end."""
    budgets = [
        Bound(f"{holder}:{run}", "budget", 1000 * USD, rule=rule("1mo"), born=born) for holder in HOLDERS
    ]
    limits = [
        Bound(f"key:{run}", "rpm", 60_000),
        Bound(f"team:{run}", "rpm", 90_000),
        Bound(f"key:{run}", "tpm", 90_000_000),
        Bound(f"team:{run}", "tpm", 90_000_000),
        Bound(f"key:{run}", "parallel", 500),
        Bound(f"model:{run}", "rpm", 90_000),
    ]
    return Chain([*limits, *budgets])


async def test_a_thousand_calls_over_three_gateways_need_fewer_than_twenty_trips(
    fleet: Callable[..., Fleet], new_holder: Callable[[str], str]
) -> None:
    here = fleet(3, barrier_s=0)
    run, born = new_holder("x"), time.time() + 1
    run_s, pause_s = 4.0, 0.05
    calls = 0

    async def one_client(number: int, seconds: float) -> None:
        nonlocal calls
        gateway = here.gateways[number % 3]
        chain = chains[number % 3]
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            taken = await gateway.begin(chain, cost=2_000_000, tokens=500)
            await asyncio.sleep(pause_s)
            assert taken is not None
            gateway.end(taken, cost=1_000_000, tokens=700)
            calls += 1

    chains = [long_chain(run, born) for _ in here.gateways]
    await asyncio.gather(*(one_client(number, 1.5) for number in range(30)))
    before = sum(gateway.store.calls for gateway in here.gateways)
    calls = 0
    await asyncio.gather(*(one_client(number, run_s) for number in range(30)))
    trips = sum(gateway.store.calls for gateway in here.gateways) - before

    # A busy machine makes fewer calls in the time, and the same trips that the time asks for.
    assert calls > 100
    assert trips < 20 * 30 * run_s / pause_s / 1000
