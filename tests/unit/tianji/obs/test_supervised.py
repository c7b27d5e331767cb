"""Loops that must not die, and their end."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tianji.errors import Unavailable
from tianji.obs import supervised, trouble


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "FIRST_PAUSE_S", 0.001)


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

    task = asyncio.create_task(supervised.forever("test", work))
    await asyncio.wait_for(done.wait(), 30)
    await supervised.stop([task])
    assert task.cancelled()


async def test_an_outage_is_told_once_and_again_after_a_success(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trouble, "LASTS_S", 0.0)

    class Away(Exception):
        pass

    runs = 0
    done = asyncio.Event()

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs == 6:
            done.set()
        if runs != 4:
            raise Away("no server\nat all")

    with caplog.at_level(logging.WARNING):
        task = asyncio.create_task(supervised.forever("test", work, outages=(Away,)))
        await asyncio.wait_for(done.wait(), 30)
        await supervised.stop([task])

    assert [(one.message, one.__dict__["fault"]) for one in caplog.records] == [
        ("test waits for a server", "no server at all")
    ] * 2


async def test_what_is_retried_runs_until_it_succeeds_once() -> None:
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise ValueError

    await asyncio.wait_for(supervised.retried("test", work), 30)
    assert runs == 3


async def test_a_task_that_loses_a_cancellation_is_stopped_all_the_same() -> None:
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
                if lost == 2:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await asyncio.wait_for(supervised.stop([task]), 30)

    assert task.cancelled()
    assert lost == 2


async def test_loops_that_run_together_end_together_though_one_loses_a_cancellation() -> None:
    ended: list[str] = []

    async def deaf(times: int) -> None:
        for _ in range(times):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass
        ended.append("deaf")
        await asyncio.Event().wait()

    async def fails() -> None:
        raise OSError("away")

    running = asyncio.create_task(supervised.together(deaf(1), deaf(2)))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await supervised.stop([running])
    assert (running.cancelled(), ended) == (True, ["deaf", "deaf"])

    async with asyncio.timeout(5):
        with pytest.raises(OSError, match="away"):
            await supervised.together(deaf(1), fails())
    assert len(ended) == 3


async def test_tasks_that_have_ended_are_no_trouble() -> None:
    async def fail() -> None:
        raise ValueError

    task = asyncio.create_task(fail())
    await asyncio.wait([task])

    await supervised.stop([task])
    await supervised.stop([])

    assert isinstance(task.exception(), ValueError)
