"""What a call leaves behind goes at once: what waits for the garbage collector holds up the next calls."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from tianji_gateway.caller import Caller
from tianji_gateway.flow.account import Account
from tianji_testkit.upstream import Reply

CALLS = 5


@pytest.fixture
def left() -> Iterator[list[object]]:
    """Keep what the garbage collector would have to take apart."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield gc.garbage
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


async def whole(gateway: Any) -> None:
    async with gateway.chat() as answer:
        assert answer.status == 200
        await answer.read()


async def streamed(gateway: Any) -> None:
    async with gateway.chat(stream=True) as answer:
        assert answer.status == 200
        await answer.read()


async def refused(gateway: Any) -> None:
    async with gateway.chat(key="sk-unknown") as answer:
        assert answer.status == 401


async def failed(gateway: Any) -> None:
    gateway.upstream.will(Reply(status=400, body=b'{"error": {"message": "no"}}'))
    async with gateway.chat() as answer:
        assert answer.status == 400


@pytest.mark.parametrize("call", [whole, streamed, refused, failed])
async def test_a_call_leaves_nothing_to_the_garbage_collector(
    gateway: Any, left: list[object], call: Callable[[Any], Awaitable[None]]
) -> None:
    for _ in range(CALLS):
        await call(gateway)

    gc.collect()

    assert [one for one in left if isinstance(one, Caller | Account)] == []
