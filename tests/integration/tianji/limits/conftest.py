"""Fixtures: fleets of limiters over one Redis."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable

import pytest

from tianji.limits.client import WAIT_S
from tianji.limits.exchange import BARRIER_S, LEASE_S
from tianji_testkit.limits import Fleet


@pytest.fixture
async def fleet(redis_url: str) -> AsyncIterator[Callable[..., Fleet]]:
    """Return a function that starts so many gateways over the module's Redis."""
    fleets: list[Fleet] = []

    def start(
        count: int = 3,
        url: str = redis_url,
        barrier_s: float = BARRIER_S,
        lease_s: float = LEASE_S,
        wait_s: float = WAIT_S,
    ) -> Fleet:
        fleet = Fleet(url, barrier_s, lease_s, wait_s)
        fleets.append(fleet)
        for number in range(count):
            fleet.add(f"gateway-{len(fleets)}-{number}")
        return fleet

    yield start
    for one in fleets:
        await one.close()


@pytest.fixture(scope="module")
def new_holder() -> Callable[[str], str]:
    """Return a function that makes ids that no other test of the module has."""
    count = itertools.count()
    return lambda kind: f"{kind}:{next(count)}"
