"""The races: many clients on several gateways against one budget, one number of slots, or one minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal

from race.clients import Crowd, until
from race.minutes import chain, rpm, tpm, tpm_unsaid
from race.outcome import Outcome, counts
from race.place import Place
from race.troubles import GATEWAY, hurt

BUDGET = Decimal("1.00")
_SLOTS_FREE_S = 10.0
"""After so long the slots of a gateway that died can be had."""


async def budget(place: Place, trouble: str, clients: int, name: str) -> Outcome:
    """Spend a budget of 1.00 to its end."""
    key, hashed = await place.key(max_budget=float(BUDGET), key_alias=name)
    crowd = Crowd(place.system.gateway_urls, key, name)
    async with asyncio.TaskGroup() as group:
        group.create_task(crowd.run(clients))
        await until(lambda: crowd.spent > BUDGET * Decimal("0.4"), 60)
        await hurt(place, trouble)
        await crowd.quiet(3.0 if trouble == "none" else 12.0, 90)
        crowd.stopping = True
    billed = await place.billed(hashed, place.provider.calls_of(name))
    return Outcome(
        "budget 1.00",
        trouble,
        float(BUDGET),
        float(max(billed, crowd.spent)),
        float(billed / BUDGET),
        *counts(crowd),
        said=f"told {crowd.spent}, rows {billed}, first refusal at {crowd.first_refused_at}{crowd.trouble}",
    )


async def parallel(place: Place, trouble: str, clients: int, name: str) -> Outcome:
    """Ask for more at the same time than a key may; where a gateway dies, count once its slots are free."""
    limit = 20
    lasts_s = 10.0 if trouble == "none" else 18.0  # until slots that Redis lost may be given again, and on
    key, _ = await place.key(max_parallel_requests=limit, key_alias=name)
    crowd = Crowd(place.system.gateway_urls, key, name, most_words=1, wait_ms=3000, pause_s=0.2)
    async with asyncio.TaskGroup() as group:
        group.create_task(crowd.run(clients))
        await asyncio.sleep(3)
        place.provider.watch()
        began = time.monotonic()
        await hurt(place, trouble)
        peak = 0
        if trouble == GATEWAY:
            await asyncio.sleep(_SLOTS_FREE_S)
            _, peak = place.provider.watched()
            place.provider.watch()
            began = time.monotonic()
        await asyncio.sleep(lasts_s)
        busy_s, later = place.provider.watched()
        lasted_s = time.monotonic() - began
        crowd.stopping = True
    used = busy_s / lasted_s / limit
    return Outcome(f"parallel {limit}", trouble, limit, max(peak, later), used, *counts(crowd))


Contest = Callable[[Place, str, int, str], Awaitable[Outcome]]
CONTESTS: dict[str, Contest] = {
    "budget": budget,
    "rpm": rpm,
    "tpm": tpm,
    "tpm-unsaid": tpm_unsaid,
    "parallel": parallel,
    "chain": chain,
}
