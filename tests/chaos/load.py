"""Clients: plain and streamed calls over several keys and models, some of which hang up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Literal

import aiohttp
import msgspec
from chaos.provider import prompt

Ending = Literal["complete", "hung up", "refused", "broken", "error", "silent"]

MODELS = {"gpt": "/v1/chat/completions", "claude": "/v1/messages"}
PATIENCE_S = 45.0
HANG_UP_CHANCE = 0.08
FAIL_FIRST_CHANCE = 0.03


@dataclass
class Call:
    """One call as its client saw it. A client that could not get through makes a new call."""

    marker: str
    gateway: int
    model: str
    stream: bool
    began: float
    ended: float = 0.0
    ending: Ending = "silent"
    status: int = 0
    call_id: str = ""
    cost: Decimal | None = None
    """The header `x-litellm-response-cost` of a plain answer."""
    overhead_ms: float = 0.0
    retries: int = 0
    words: int = 0
    told: str = ""
    """What went wrong."""


@dataclass
class Load:
    """Calls until it is told to stop."""

    gateways: Sequence[str]
    keys: Sequence[str]
    seed: int
    name: str = ""
    """What the markers of its calls begin with."""
    calls: list[Call] = field(default_factory=list)
    stopping: bool = False

    async def run(self, clients: int) -> None:
        """Run clients until `stopping`; each finishes its call."""
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S, sock_connect=5.0)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
            asyncio.TaskGroup() as group,
        ):
            for number in range(clients):
                group.create_task(self._client(number, http))

    async def _client(self, number: int, http: aiohttp.ClientSession) -> None:
        random = Random(self.seed * 1000 + number)
        gateway = number % len(self.gateways)
        count = 0
        while not self.stopping:
            call = Call(
                marker=f"{self.name}{number}-{count}",
                gateway=gateway,
                model=random.choice(list(MODELS)),
                stream=random.random() < 0.5,
                began=time.monotonic(),
                words=random.randint(1, 25),
            )
            count += 1
            self.calls.append(call)
            await _make(call, http, self.gateways[gateway], random.choice(self.keys), random)
            call.ended = time.monotonic()
            if call.ending in ("refused", "broken"):
                gateway = (gateway + 1) % len(self.gateways)
                await asyncio.sleep(0.1)
            else:
                gateway = random.randrange(len(self.gateways))
                await asyncio.sleep(random.uniform(0, 0.1))


async def _make(call: Call, http: aiohttp.ClientSession, base: str, key: str, random: Random) -> None:
    body = _body(call, random)
    headers = {"authorization": f"Bearer {key}", "x-litellm-end-user-id": call.marker}
    hang_up_s = random.uniform(0, 0.4) if random.random() < HANG_UP_CHANCE else None
    answered = False
    try:
        async with asyncio.timeout(hang_up_s):
            async with http.post(base + MODELS[call.model], json=body, headers=headers) as answer:
                answered = True
                await _take(call, answer)
    except TimeoutError as fault:
        waited = time.monotonic() - call.began
        call.ending = "hung up" if hang_up_s is not None and waited < PATIENCE_S / 2 else "silent"
        call.told = repr(fault)
    except aiohttp.ClientConnectorError as fault:
        call.ending, call.told = "refused", repr(fault)
    except (aiohttp.ClientError, ConnectionError) as fault:
        call.ending, call.told = ("broken" if answered else "refused"), repr(fault)


async def _take(call: Call, answer: aiohttp.ClientResponse) -> None:
    call.status = answer.status
    call.call_id = answer.headers.get("x-litellm-call-id", "")
    call.overhead_ms = float(answer.headers.get("x-litellm-overhead-duration-ms", "0"))
    call.retries = int(answer.headers.get("x-litellm-attempted-retries", "0"))
    body = await answer.read()
    ends = b"data: [DONE]\n\n" if call.model == "gpt" else b'"type":"message_stop"'
    if answer.status >= 400 or (call.stream and ends not in body):
        call.ending, call.told = "error", body[-500:].decode(errors="replace")
        return
    if not call.stream:
        msgspec.json.decode(body)
        call.cost = Decimal(answer.headers["x-litellm-response-cost"])
    call.ending = "complete"


def _body(call: Call, random: Random) -> dict[str, Any]:
    text = prompt(
        call.marker,
        wait_ms=random.choice([0, 5, 20, 50, 300]),
        words=call.words,
        gap_ms=random.choice([0, 2, 10, 30]),
        fail=int(random.random() < FAIL_FIRST_CHANCE),
    )
    body = {"model": call.model, "messages": [{"role": "user", "content": text}]}
    return (
        body
        | ({"max_tokens": 100} if call.model == "claude" else {})
        | ({"stream": True} if call.stream else {})
    )
