"""The races: many clients on several gateways against one budget, one rate, one number of slots."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from race.clients import Crowd, until
from race.place import Place

BUDGET = Decimal("1.00")


@dataclass
class Outcome:
    """What a race came to."""

    what: str
    trouble: str
    allowed: float
    peak: float
    """The most that was used at once, or within the window."""
    used: float
    """How much of what is allowed was used over the race: 1 is all."""
    served: int
    refused: int
    unavailable: int
    said: str = ""

    @property
    def passed(self) -> bool:
        """Whether more was used than is allowed."""
        return self.peak > self.allowed

    def wasted(self, least: float) -> bool:
        """Say whether less than that share could be used; with Redis in trouble nothing is promised."""
        return self.trouble == "none" and self.used < least


async def budget(place: Place, trouble: str, clients: int, name: str) -> Outcome:
    """Spend a budget of 1.00 to its end."""
    key, hashed = await place.key(max_budget=float(BUDGET), key_alias=name)
    crowd = Crowd(place.system.gateway_urls, key, name)
    async with asyncio.TaskGroup() as group:
        group.create_task(crowd.run(clients))
        await until(lambda: crowd.spent > BUDGET * Decimal("0.4"), 60)
        await place.hurt(trouble)
        await crowd.quiet(3.0 if trouble == "none" else 12.0, 90)
        crowd.stopping = True
    billed = await place.billed(hashed, len(crowd.served))
    return Outcome(
        "budget 1.00",
        trouble,
        float(BUDGET),
        float(max(billed, crowd.spent)),
        float(billed / BUDGET),
        *_counts(crowd),
        said=f"told {crowd.spent}, rows {billed}, first refusal at {crowd.first_refused_at}{crowd.trouble}",
    )


async def rpm(place: Place, trouble: str, clients: int, name: str) -> Outcome:
    """Ask more often than a key may, for more than a minute."""
    limit, longer_s = 600, 15.0
    key, _ = await place.key(rpm_limit=limit, key_alias=name)
    crowd = Crowd(place.system.gateway_urls, key, name, most_words=1)
    async with asyncio.TaskGroup() as group:
        group.create_task(crowd.run(clients))
        await asyncio.sleep(5)
        await place.hurt(trouble)
        await asyncio.sleep(60 + longer_s - (time.monotonic() - crowd.began))
        crowd.stopping = True
    arrived = sorted(at for marker, at in place.provider.arrivals if marker.startswith(f"{name}-"))
    return Outcome(
        f"rpm {limit}",
        trouble,
        limit,
        _most_within(arrived, 60.0),
        sum(at < arrived[0] + 60 for at in arrived) / limit,
        *_counts(crowd),
        said=crowd.trouble,
    )


async def parallel(place: Place, trouble: str, clients: int, name: str) -> Outcome:
    """Ask for more at the same time than a key may."""
    limit = 20
    lasts_s = 10.0 if trouble == "none" else 18.0  # until slots that Redis lost may be given again, and on
    key, _ = await place.key(max_parallel_requests=limit, key_alias=name)
    crowd = Crowd(place.system.gateway_urls, key, name, most_words=1, wait_ms=3000, pause_s=0.2)
    async with asyncio.TaskGroup() as group:
        group.create_task(crowd.run(clients))
        await asyncio.sleep(3)
        place.provider.watch()
        began = time.monotonic()
        await place.hurt(trouble)
        await asyncio.sleep(lasts_s)
        busy_s, peak = place.provider.watched()
        lasted_s = time.monotonic() - began
        crowd.stopping = True
    return Outcome(f"parallel {limit}", trouble, limit, peak, busy_s / lasted_s / limit, *_counts(crowd))


CONTESTS = {"budget": budget, "rpm": rpm, "parallel": parallel}


def _counts(crowd: Crowd) -> tuple[int, int, int]:
    statuses = crowd.statuses
    others = sum(number for status, number in statuses.items() if status not in (200, 422, 429))
    return statuses[200], statuses[422] + statuses[429], others


def _most_within(times: Iterable[float], span_s: float) -> int:
    """Return the most of these times that lie within any span of this length."""
    sorted_times = sorted(times)
    most, first = 0, 0
    for last, at in enumerate(sorted_times):
        while sorted_times[first] <= at - span_s:
            first += 1
        most = max(most, last - first + 1)
    return most
