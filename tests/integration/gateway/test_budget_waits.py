"""Calls that wait while what is left of a budget is only reserved, by calls that will cost less."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tianji.domain.limits import Limits
from tianji.domain.snapshot import Settings
from tianji_testkit.upstream import Reply

KEY = "sk-waits-0123456789"
PRICES = {"input_cost_per_token": 0, "output_cost_per_token": 0.001}
ANSWER = Reply(text=" ".join(["word"] * 5))
"""It costs 0.005 USD."""
SOON_S = 7
"""A call that is refused is counted, which takes seconds for the first one of a process."""


@pytest.fixture
def limited(gateway: Any, upstream: Any) -> Any:
    serve(gateway)
    upstream.usual = ANSWER
    return gateway


def serve(gateway: Any, **general: Any) -> None:
    gateway.serve("gpt-4o-mini", {"params": PRICES}, settings=Settings(general=general))


async def asked(gateway: Any, **fields: Any) -> tuple[int, float, dict[str, Any]]:
    """Return status, seconds and body of a call."""
    began = time.monotonic()
    async with gateway.chat(KEY, **fields) as answer:
        return answer.status, time.monotonic() - began, await answer.json()


async def running(upstream: Any, number: int) -> None:
    """Wait until so many calls are at the provider."""
    async with asyncio.timeout(10):
        while len(upstream.requests) < number:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_call_waits_for_those_that_hold_what_it_needs(limited: Any, upstream: Any) -> None:
    limited.people.add(KEY, limits=Limits(max_budget="0.1"))
    slow = Reply(text=ANSWER.text, delay_s=4)
    upstream.will(slow)
    first = asyncio.create_task(asked(limited, max_tokens=90))
    await running(upstream, 1)

    status, seconds, _ = await asked(limited, max_tokens=90)

    assert (status, (await first)[0]) == (200, 200)
    assert 2 < seconds < 9


@pytest.mark.parametrize("wait_s", [0, 0.4])
async def test_it_waits_no_longer_than_the_config_says(limited: Any, upstream: Any, wait_s: float) -> None:
    serve(limited, budget_wait_seconds=wait_s)
    limited.people.add(KEY, limits=Limits(max_budget="0.1"))
    upstream.usual = slow = Reply(hold_head=True)
    first = asyncio.create_task(asked(limited, max_tokens=90))
    await running(upstream, 1)

    status, seconds, body = await asked(limited, max_tokens=90)
    slow.release.set()
    await first

    assert status == 422
    assert wait_s <= seconds < wait_s + SOON_S
    facts = body["error"]["facts"]
    assert (facts["spent"], facts["reserved"]) == (0, 0.09)


async def test_what_cannot_come_free_is_refused_at_once(limited: Any, upstream: Any) -> None:
    limited.people.add(KEY, limits=Limits(max_budget="0.1"))
    await asked(limited, max_tokens=20)
    upstream.usual = slow = Reply(hold_head=True)
    first = asyncio.create_task(asked(limited, max_tokens=20))
    await running(upstream, 2)

    status, seconds, _ = await asked(limited, max_tokens=96)
    slow.release.set()
    await first

    assert (status, seconds < SOON_S) == (422, True)


async def test_so_many_wait_and_no_more(limited: Any, upstream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tianji_gateway.flow.shorten.MOST_WAITING", 1)
    limited.people.add(KEY, limits=Limits(max_budget="0.1"))
    upstream.usual = slow = Reply(text=ANSWER.text, hold_head=True)
    first = asyncio.create_task(asked(limited, max_tokens=90))
    await running(upstream, 1)
    others = [asyncio.create_task(asked(limited, max_tokens=90)) for _ in range(3)]
    refused, still = await asyncio.wait(others, timeout=3)
    slow.release.set()

    assert [one.result()[0] for one in refused] == [422, 422]
    assert [(await one)[0] for one in (*still, first)] == [200, 200]


@pytest.mark.parametrize("fields", [{}, {"max_tokens": 20}])
async def test_many_at_once_spend_a_budget_before_one_is_refused(limited: Any, fields: Any) -> None:
    """Without a length, an answer may be some times as long as those that were seen."""
    limited.people.add(KEY, limits=Limits(max_budget="0.2"))
    spent = told = 0.0

    async def client(ask: Callable[[], Awaitable[tuple[int, float, dict[str, Any]]]]) -> None:
        nonlocal spent, told
        while (await ask())[0] == 200:
            spent += 0.005
        told = told or spent

    async with asyncio.TaskGroup() as clients:
        for _ in range(12):
            clients.create_task(client(lambda: asked(limited, **fields)))

    assert 0.18 <= round(told, 9) <= round(spent, 9) <= 0.2


async def test_no_answer_is_paid_for_that_would_be_cut_shorter_than_usual(
    limited: Any, upstream: Any
) -> None:
    limited.people.add(KEY, limits=Limits(max_budget="0.11"))
    upstream.usual = Reply(text=" ".join(["word"] * 30))
    statuses = [(await asked(limited))[0] for _ in range(4)]
    assert statuses == [200, 200, 200, 422]  # 0.02 is left, which pays for 20 words
    serve(limited, lowest_max_tokens=8)
    assert (await asked(limited))[0] == 200
