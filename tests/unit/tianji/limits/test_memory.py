"""A gateway without Redis: its memory grants of sliding limits what the shared store would."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from tianji.limits import keys
from tianji.limits.contract import NO_LIMIT
from tianji.limits.memory import Memory
from tianji.limits.trades import EpochChanged, Op, RateOp, RatePart
from tianji_testkit.limits_model import Model
from tianji_testkit.properties import times

AMOUNT = st.integers(0, 40)


@st.composite
def steps(draw: st.DrawFn) -> tuple[int, str, RateOp]:
    most, need, least = sorted(draw(st.tuples(AMOUNT, AMOUNT, AMOUNT)), reverse=True)
    name = draw(st.sampled_from([None, "a", "b", "c"]))
    even = draw(st.booleans())
    part = (
        None
        if name is None
        else RatePart(name, draw(st.integers(0, 60)), draw(st.sampled_from([0, 50])), even)
    )
    returns = draw(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=2))
    add = draw(st.sampled_from([0, 0, 3]))
    share = draw(st.sampled_from([NO_LIMIT, 0, 30]))
    op = RateOp(most, need, max(1, least), 100, 1000, 100, 200, 600, add, returns, None, part, share)
    key = keys.rate("rpm", "one", "whole" if part is None else f"even {even}")
    return draw(st.sampled_from([0, 40, 300])), key, op


async def compared(some: list[tuple[int, str, RateOp]]) -> None:
    now_ms = 0
    model = Model(began=-100.0, barrier_s=0.0)
    memory = Memory("p", lambda: now_ms / 1000)
    try:
        await memory.trade([])
    except EpochChanged:
        pass
    for count, (pause, key, op) in enumerate(some, 1):
        now_ms += pause
        ops: list[tuple[str, Op]] = [(key, op)]
        assert (await memory.trade(ops)).replies == model.trade("p", count, ops, now_ms)


@times(2)
@given(st.lists(steps(), max_size=25))
def test_memory_answers_as_the_model_does(some: list[tuple[int, str, RateOp]]) -> None:
    asyncio.run(compared(some))
