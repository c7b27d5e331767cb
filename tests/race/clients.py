"""Clients that ask as fast as they are let, of all gateways in turn."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from random import Random

import aiohttp
from race.provider import prompt

_LOOK_EVERY_S = 0.02


async def until(reached: Callable[[], bool], longest_s: float) -> None:
    """Wait for something, but not for ever."""
    for _ in range(round(longest_s / _LOOK_EVERY_S)):
        if reached():
            return
        await asyncio.sleep(_LOOK_EVERY_S)


@dataclass
class Crowd:
    """All clients of a race, and what they were told."""

    gateways: Sequence[str]
    key: str
    name: str
    model: str = "m"
    most_words: int = 25
    length: int | None = 25
    """How long an answer may be, as requests say it; None: they do not."""
    wait_ms: int = 5
    pause_s: float = 0.1
    """What a client waits that was refused."""
    began: float = field(default_factory=time.monotonic)
    served: list[float] = field(default_factory=list)
    """When each call that was served began, in seconds since the start."""
    spent: Decimal = Decimal(0)
    """The sum of the prices that answers told."""
    statuses: Counter[int] = field(default_factory=Counter)
    last_served: float = 0.0
    first_refused_at: Decimal | None = None
    """What had been spent when a call was refused for the first time."""
    stopping: bool = False
    bodies: dict[int, str] = field(default_factory=dict)
    """The last error of each status."""

    @property
    def trouble(self) -> str:
        """Return the last error that was no refusal."""
        others = [text for status, text in self.bodies.items() if status not in (422, 429)]
        return f"; {others[-1][:300]}" if others else ""

    async def run(self, clients: int, seed: int = 1) -> None:
        """Ask until `stopping`."""
        timeout = aiohttp.ClientTimeout(total=30)
        connector = aiohttp.TCPConnector(limit=0)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
            asyncio.TaskGroup() as group,
        ):
            for number in range(clients):
                group.create_task(self._client(number, Random(seed * 1000 + number), http))

    async def quiet(self, for_s: float, longest_s: float) -> None:
        """Wait until nobody has been served for a while."""
        self.last_served = time.monotonic()
        await until(lambda: time.monotonic() > self.last_served + for_s, longest_s)

    async def _client(self, number: int, random: Random, http: aiohttp.ClientSession) -> None:
        for turn in count():
            if self.stopping:
                return
            words = random.randint(1, self.most_words)
            asked = prompt(f"{self.name}-{number}-{turn}", wait_ms=self.wait_ms, words=words)
            body: dict[str, object] = {
                "model": self.model,
                "messages": [{"role": "user", "content": asked}],
            }
            if self.length is not None:
                body["max_tokens"] = self.length
            gateway = self.gateways[(number + turn) % len(self.gateways)]
            began = time.monotonic() - self.began
            try:
                await self._ask(http, gateway, body, began)
            except (aiohttp.ClientError, TimeoutError) as fault:
                self.bodies[0] = repr(fault)
                self.statuses[0] += 1
                await asyncio.sleep(self.pause_s)

    async def _ask(
        self, http: aiohttp.ClientSession, gateway: str, body: dict[str, object], began: float
    ) -> None:
        headers = {"authorization": f"Bearer {self.key}"}
        async with http.post(gateway + "/v1/chat/completions", json=body, headers=headers) as answer:
            text = await answer.text()
        self.statuses[answer.status] += 1
        if answer.status == 200:
            self.served.append(began)
            self.last_served = time.monotonic()
            self.spent += Decimal(answer.headers["x-litellm-response-cost"])
            return
        self.bodies[answer.status] = text
        if self.first_refused_at is None and answer.status in (422, 429):
            self.first_refused_at = self.spent
        await asyncio.sleep(self.pause_s)
