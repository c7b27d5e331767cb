"""Loops that must not die, and their end."""

from __future__ import annotations

import asyncio

import pytest

from tianji.errors import Unavailable
from tianji_control import loops


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "FIRST_PAUSE_S", 0.001)


async def test_a_fault_does_not_end_a_loop() -> None:
    runs = 0
    done = asyncio.Event()

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise ValueError
        if runs == 2:
            raise Unavailable
        done.set()

    task = asyncio.create_task(loops.forever("test", work))
    await asyncio.wait_for(done.wait(), 5)
    await loops.stop([task])
    assert task.cancelled()


async def test_what_is_retried_runs_until_it_succeeds_once() -> None:
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise ValueError

    await asyncio.wait_for(loops.retried("test", work), 5)
    assert runs == 3


async def test_a_task_that_loses_a_cancellation_is_stopped_all_the_same() -> None:
    async def deaf_once() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    task = asyncio.create_task(deaf_once())
    await asyncio.sleep(0)
    await asyncio.wait_for(loops.stop([task]), 5)
    assert task.done()
