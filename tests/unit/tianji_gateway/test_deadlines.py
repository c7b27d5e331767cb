from __future__ import annotations

import asyncio
import gc

import pytest

from tianji_gateway import deadlines
from tianji_gateway.deadlines import Due, Span, Within, put_off

SHORT_S = 0.02
LONG_S = 60.0


async def test_what_is_put_off_is_done_in_order_when_its_time_has_come() -> None:
    done: list[int] = []

    for number in range(3):
        put_off(SHORT_S, lambda number=number: done.append(number))
    assert done == []
    await asyncio.sleep(SHORT_S * 3)

    assert done == [0, 1, 2]


async def test_what_is_put_off_later_waits_for_its_own_time() -> None:
    loop, span = asyncio.get_running_loop(), Span(asyncio.get_running_loop(), 0.1)
    at: list[float] = []
    began = loop.time()

    span.put_off(lambda: at.append(loop.time() - began))
    await asyncio.sleep(0.06)
    span.put_off(lambda: at.append(loop.time() - began))
    await asyncio.sleep(0.15)

    assert len(at) == 2
    assert at[0] >= 0.09
    assert at[1] >= 0.15


async def test_what_is_cancelled_is_not_done() -> None:
    done: list[int] = []

    put_off(SHORT_S, lambda: done.append(1)).cancel()
    put_off(SHORT_S, lambda: done.append(2))
    await asyncio.sleep(SHORT_S * 3)

    assert done == [2]


async def test_deadlines_that_were_cancelled_are_forgotten_long_before_they_come() -> None:
    span = Span(asyncio.get_running_loop(), LONG_S)
    stays = span.put_off(lambda: None)

    for _ in range(5000):
        due = span.put_off(object().__hash__)
        due.cancel()
    gc.collect()

    held = [one for one in gc.get_objects() if isinstance(one, Due) and one.span is span]
    assert len(held) < 1100
    assert stays.act is not None


async def test_a_fault_in_one_leaves_the_others_as_they_were() -> None:
    done: list[int] = []
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))

    put_off(SHORT_S, lambda: [][0])
    put_off(SHORT_S, lambda: done.append(1))
    await asyncio.sleep(SHORT_S * 3)

    assert done == [1]
    assert len(faults) == 1


async def test_spans_that_clients_choose_do_not_pile_up() -> None:
    done: list[int] = []

    for number in range(deadlines._SPANS * 2):
        put_off(0.01 + number / 1e6, lambda: done.append(1))
    await asyncio.sleep(0.1)

    assert len(done) == deadlines._SPANS * 2
    assert len(deadlines._spans) <= deadlines._SPANS


async def test_what_takes_too_long_ends_with_a_timeout() -> None:
    with pytest.raises(TimeoutError), Within(SHORT_S):
        await asyncio.sleep(LONG_S)

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_ends_in_time_is_not_disturbed_later() -> None:
    with Within(SHORT_S):
        await asyncio.sleep(0)

    await asyncio.sleep(SHORT_S * 3)


async def test_a_cancellation_from_outside_stays_one() -> None:
    async def work() -> None:
        with Within(LONG_S):
            await asyncio.sleep(LONG_S)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_fault_inside_passes() -> None:
    with pytest.raises(KeyError), Within(LONG_S):
        raise KeyError
