"""Many walks on one system, and the shortest form of those that went wrong."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import aiohttp
from walks.steps import Step
from walks.walk import Different, Scene, Walk

from tianji_testkit.system import System

GATEWAYS = 2
MOST_FAILURES = 5
"""After so many the rest would tell nothing new."""
TELL_EVERY = 100

MODEL = """
  - model_name: {name}
    litellm_params: {{model: openai/gpt-4o-mini, mock_response: Hello.}}
"""
CONFIG = (
    "router_settings:\n  model_group_alias: {first: alpha}\nmodel_list:\n"
    + MODEL.format(name="alpha")
    + "".join(
        MODEL.format(name=name) + "    model_info: {access_groups: [betas]}\n"
        for name in ("beta-1", "beta-2")
    )
)


@dataclass
class Failure:
    """A walk that went wrong, in the shortest form found."""

    number: int
    what: str
    steps: list[Step]


@dataclass
class Tally:
    """What walks have come to."""

    walks: int = 0
    ended: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Scene]:
    """Run a system with two gateways for as long as the block lasts."""
    environ = {"TIANJI_UNKNOWN_KEYS_PER_MINUTE": "1000000"}
    system = System(folder, CONFIG, gateways=GATEWAYS, environ=environ)
    await asyncio.to_thread(system.start)
    try:
        master_key = await asyncio.to_thread(lambda: system.master_key)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as http:
            yield Scene(http, system.control_url, system.gateway_urls, master_key)
    finally:
        await asyncio.to_thread(system.stop)


async def walked(scene: Scene, seed: int, numbers: Iterable[int], steps: int, at_once: int) -> Tally:
    """Walk these of a seed's walks, some at once."""
    tally = Tally()
    waiting = iter(numbers)

    async def walker() -> None:
        for number in waiting:
            if len(tally.failures) >= MOST_FAILURES:
                return
            await _walk(scene, seed, number, steps, tally)

    await asyncio.gather(*(walker() for _ in range(at_once)))
    return tally


async def _walk(scene: Scene, seed: int, number: int, steps: int, tally: Tally) -> None:
    walk = Walk(scene, f"w{number}", f"{seed}-{number}", tally.counts)
    tally.walks += 1
    try:
        await walk.random(steps)
    except Different as different:
        failure = Failure(number, str(different), walk.taken)
        tally.failures.append(failure)
        await _shorten(scene, failure)
    finally:
        await walk.end()
    tally.ended += 1
    if tally.ended % TELL_EVERY == 0:
        print(f"  {tally.ended} walks, {len(tally.failures)} differences", flush=True)


async def _shorten(scene: Scene, failure: Failure) -> None:
    """Leave out what a walk goes wrong without."""
    attempts = count()
    place = 0
    while place < len(failure.steps):
        steps = failure.steps[:place] + failure.steps[place + 1 :]
        walk = Walk(scene, f"w{failure.number}-{next(attempts)}", "shorter", Counter())
        try:
            await walk.again(steps)
        except Different as different:
            failure.what, failure.steps = str(different), walk.taken
        else:
            place += 1
        await walk.end()
