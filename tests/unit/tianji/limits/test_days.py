"""Limits of a day: they slide over 24 hours, or begin anew at an hour of the day; and tokens by their way."""

from __future__ import annotations

import pytest

from tianji.limits.contract import DAY_S, Bound, Chain, Exhausted, Split, WindowRule
from tianji_testkit.limits_world import START, World, begin, begun

SLIDING = Bound("key:1", "tpd", 1000, per_s=DAY_S)
HALF_PAST_EIGHT = WindowRule(1, "d", offset_s=8 * 3600 + 1800)


async def test_a_sliding_day_comes_free_as_it_was_used() -> None:
    world = World()
    limits, chain = world.process("p"), Chain([SLIDING])
    limits.settle(await begin(limits, chain, 0, 600, world.now), 0, 600)
    world.now += DAY_S / 2
    await limits.tell(flush=True)
    with pytest.raises(Exhausted) as refusal:
        await begin(limits, chain, 0, 500, world.now)
    assert DAY_S / 2 <= refusal.value.retry_after_s <= DAY_S / 2 + DAY_S / 100

    assert await begun(limits, chain, 0, 400, world.now)
    world.now += DAY_S / 2
    assert await begun(limits, chain, 0, 1, world.now) is None
    world.now += DAY_S / 100
    await limits.tell(flush=True)
    assert await begun(limits, chain, 0, 500, world.now)


async def test_a_day_asks_the_store_no_more_often_than_a_minute() -> None:
    world = World()
    limits, chain = world.process("p"), Chain([Bound("key:1", "rpd", 1_000_000, per_s=DAY_S)])
    asked = 0
    for _ in range(600):
        if limits.take(chain, 0, 0, world.now) is None:
            asked += 1
            await begin(limits, chain, 0, 0, world.now)
        world.now += 0.1
        await limits.tell(flush=True)
    assert asked <= 30


async def test_a_day_that_begins_at_an_hour_begins_anew_then() -> None:
    world = World()
    limits = world.process("p")
    chain = Chain([Bound("deployment:1", "rpd", 2, rule=HALF_PAST_EIGHT, per_s=DAY_S)])
    for _ in range(2):
        assert await begun(limits, chain, 0, 0, world.now)
    with pytest.raises(Exhausted) as refusal:
        await begin(limits, chain, 0, 0, world.now)
    assert refusal.value.resets_at is not None
    assert refusal.value.resets_at % DAY_S == HALF_PAST_EIGHT.offset_s
    assert 0 < refusal.value.resets_at - START == refusal.value.retry_after_s <= DAY_S

    world.now = refusal.value.resets_at - 1
    assert await begun(limits, chain, 0, 0, world.now) is None
    world.now += 1
    assert await begun(limits, chain, 0, 0, world.now)
    assert limits.left(chain.bounds[0], world.now).remaining == 1


async def test_input_and_output_are_settled_apart() -> None:
    world = World()
    limits = world.process("p")
    inwards, outwards = Bound("deployment:1", "itpm", 100), Bound("deployment:1", "otpm", 50)
    chain = Chain([inwards, outwards])
    taken = await begin(limits, chain, 0, 0, world.now, Split(60, 50))
    assert await begun(limits, chain, 0, 0, world.now, Split(10, 10)) is None
    limits.settle(taken, 0, 0, Split(60, 5))
    await limits.tell(flush=True)
    world.now += 1
    assert limits.left(inwards, world.now).remaining == 40
    assert limits.left(outwards, world.now).remaining == 45
    with pytest.raises(Exhausted) as refusal:
        await begin(limits, chain, 0, 0, world.now, Split(41, 10))
    assert refusal.value.bound is inwards
    assert await begun(limits, chain, 0, 0, world.now, Split(40, 45))


async def test_a_call_that_outlives_its_slot_gives_back_nothing_of_others() -> None:
    world = World()
    limits, chain = world.process("p"), Chain([Bound("key:1", "tpm", 100, per_s=5)])
    long = await begin(limits, chain, 0, 60, world.now)
    for _ in range(40):
        world.now += 0.5
        await limits.tell(flush=True)
    assert await begun(limits, chain, 0, 90, world.now)
    limits.settle(long, 0, 0)
    await limits.tell(flush=True)
    assert await begun(limits, chain, 0, 50, world.now) is None
