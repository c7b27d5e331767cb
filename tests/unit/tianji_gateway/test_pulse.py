"""Signs of life: only into silence, never into what is being sent."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from tianji_gateway.caller import Caller
from tianji_gateway.pulse import Pulse

EVERY_S = 0.005


class Wire:
    """What a client gets, through a server that takes a piece whenever it is let."""

    def __init__(self) -> None:
        self.sent: list[MutableMapping[str, Any]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.more = asyncio.Event()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        await self.open.wait()
        self.sent.append(message)
        self.more.set()

    async def receive(self) -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def bodies(self, count: int) -> list[bytes]:
        """Wait until so many pieces have been sent."""
        async with asyncio.timeout(30):
            while len(found := [one["body"] for one in self.sent if "body" in one]) < count:
                self.more.clear()
                await self.more.wait()
        return found


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def caller(wire: Wire) -> Caller:
    made = Caller({"headers": []}, wire.receive, wire.send)
    made.keep_alive(EVERY_S, b"alive", lambda: [(b"early", b"1")])
    return made


async def test_the_first_sign_of_life_brings_the_head_with_it(caller: Caller, wire: Wire) -> None:
    await wire.bodies(2)
    await caller.begin(lambda: [(b"late", b"1")])
    await caller.write(b"piece")
    await caller.finish(b"end")

    heads = [one for one in wire.sent if one["type"] == "http.response.start"]
    assert [head["headers"] for head in heads] == [[(b"early", b"1")]]
    assert [one["body"] for one in wire.sent[1:]][-2:] == [b"piece", b"end"]


async def test_a_client_that_is_served_gets_none_until_it_is_silent_for_a_whole_turn() -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        beats += 1

    pulse = Pulse(60, beat)
    for _ in range(3):
        pulse.silent = False
        pulse._look()
        await asyncio.sleep(0)
    assert beats == 0
    pulse._look()
    await pulse.end()

    assert beats == 1


async def test_a_client_that_takes_nothing_gets_none_either(caller: Caller, wire: Wire) -> None:
    await caller.begin(list)
    wire.open.clear()
    writing = asyncio.create_task(caller.write(b"piece"))
    await asyncio.sleep(EVERY_S * 5)
    wire.open.set()
    await writing
    caller.unwatch()

    assert [one["body"] for one in wire.sent[1:]] == [b"piece"]


async def test_what_is_written_waits_for_a_sign_of_life_on_its_way(caller: Caller, wire: Wire) -> None:
    await wire.bodies(1)
    wire.open.clear()
    await asyncio.sleep(EVERY_S * 4)
    writing = asyncio.create_task(caller.write(b"piece"))
    await asyncio.sleep(0)
    wire.open.set()
    await writing
    caller.unwatch()

    bodies = [one["body"] for one in wire.sent if "body" in one]
    assert bodies[-1] == b"piece"
    assert set(bodies[:-1]) == {b"alive"}


async def test_nothing_comes_after_the_end(caller: Caller, wire: Wire) -> None:
    await caller.begin(list)
    await caller.finish(b"end")
    await asyncio.sleep(EVERY_S * 5)

    assert wire.sent[-1] == {"type": "http.response.body", "body": b"end", "more_body": False}


async def test_an_error_status_is_still_possible_while_none_was_sent(wire: Wire) -> None:
    caller = Caller({"headers": []}, wire.receive, wire.send)
    caller.keep_alive(60, b"alive", list)
    await caller.hush()

    assert not caller.started
