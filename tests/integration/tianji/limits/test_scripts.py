"""The script that Redis runs against the model, message by message, with Redis' own clock."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import redis
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tianji.limits import keys
from tianji.limits.client import RedisStore
from tianji.limits.contract import NO_LIMIT
from tianji.limits.ledger_side import LedgerSide
from tianji.limits.seeding import Counter, ProcessSum
from tianji.limits.trades import Answer, BudgetOp, EpochChanged, Op, ParallelOp, RateOp, RatePart
from tianji_testkit.limits_model import Model
from tianji_testkit.properties import times

T = TypeVar("T")
Want = tuple[int, ...]
AMOUNT = st.integers(0, 60)
SOME = st.tuples(AMOUNT, AMOUNT, AMOUNT).map(lambda some: tuple(sorted(some, reverse=True)))
WANTS = st.one_of(st.just((0, 0, 0)), SOME)
MOST = st.one_of(st.just(NO_LIMIT), st.integers(0, 60))
STARTS = st.sampled_from([-1.0, 0.0, 3e9])


def budget_op(want: Want, taken: int, part: float, starts: float, first: bool) -> BudgetOp:
    most, need, least = want
    return BudgetOp(taken, int(taken * part), most, need, max(1, least), 200, starts, first, 0, 90)


def rate_op(
    want: Want, add: int, back: list[tuple[int, int]], was: list[int] | None, part: RatePart | None, most: int
) -> RateOp:
    wants, need, least = want
    now = int(time.time() * 50)
    returns = [(now + slot, amount) for slot, amount in back]
    history = None if was is None else [(now - slot, amount) for slot, amount in enumerate(was)]
    return RateOp(wants, need, max(1, least), 100, 100, 20, 40, 120, add, returns, history, part, most)


BUDGET_OPS = st.builds(budget_op, WANTS, AMOUNT, st.sampled_from([0.0, 0.5, 1.0]), STARTS, st.booleans())
RATE_OPS = st.builds(
    rate_op,
    WANTS,
    st.sampled_from([0, 0, 3]),
    st.lists(st.tuples(st.integers(-5, 6), st.integers(1, 20)), max_size=2),
    st.one_of(st.none(), st.lists(st.integers(1, 9), max_size=4)),
    st.one_of(
        st.none(),
        st.builds(
            RatePart,
            st.sampled_from(["a", "b", "c"]),
            st.integers(0, 60),
            st.sampled_from([0, 50]),
            st.booleans(),
        ),
    ),
    MOST,
)
PARALLEL_OPS = st.builds(
    lambda want, taken, expire, most: ParallelOp(taken, *want[:2], max(1, want[2]), 50, expire, most),
    WANTS,
    st.integers(0, 20),
    st.sampled_from([15, 10_000]),
    MOST,
)
MESSAGES = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.lists(st.one_of(BUDGET_OPS, RATE_OPS, PARALLEL_OPS), min_size=1, max_size=6),
        st.sampled_from([0, 0, 0, 0.005, 0.03]),
        st.sampled_from([None, None, None, {"p0": 30, "": 20}]),
    ),
    min_size=1,
    max_size=20,
)


def key_of(op: Op, run: str) -> str:
    if isinstance(op, BudgetOp):
        # What began before the data set is another counter than what began after it.
        return keys.budget(run, f"{op.starts:.0f}")
    if isinstance(op, ParallelOp):
        return keys.parallel(run)
    return keys.rate("rpm", run, "whole" if op.part is None else f"even {op.part.even}")


async def settled(first: Callable[[], Awaitable[T]]) -> T:
    try:
        return await first()
    except EpochChanged:
        return await first()


async def run(url: str, messages: list[Any], barrier_s: float) -> None:
    run = secrets.token_hex(4)
    stores = [RedisStore(url, f"p{number}", wait_s=30, barrier_s=barrier_s) for number in range(2)]
    ledger = LedgerSide(url)
    model: Model | None = None
    try:
        for store in stores:
            first = await settled(lambda store=store: store.trade([]))  # type: ignore[misc]
            model = model or Model(float(first.epoch.partition(":")[0]), barrier_s)
            model.trade(f"p{stores.index(store)}", 1, [], first.time_ms)
        assert model is not None
        for count, (process, ops, pause, sums) in enumerate(messages, 2):
            await asyncio.sleep(pause)
            named = [(key_of(op, run), op) for op in ops]
            answer: Answer = await stores[process].trade(named)
            expected = model.trade(f"p{process}", count, named, answer.time_ms)
            assert answer.replies == expected
            assert answer.live == model.live(answer.time_ms)
            if sums is not None:
                told = [ProcessSum(run, "0", name, amount) for name, amount in sums.items()]
                assert await ledger.seed([Counter(run, "0")], told)
                model.seed(keys.budget(run, "0"), sums)
    finally:
        for open_one in (*stores, ledger):
            await open_one.close()


@given(MESSAGES, st.sampled_from([0.0, 3600.0]))
@times(0.6, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_redis_answers_as_the_model_does(redis_url: str, messages: list[Any], barrier_s: float) -> None:
    redis.Redis.from_url(redis_url).flushall()
    asyncio.run(run(redis_url, messages, barrier_s))
