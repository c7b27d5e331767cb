"""One limiter, or two, over the model of the store: what calls are told, and what is given back."""

from __future__ import annotations

import pytest

from tianji.limits import keys
from tianji.limits.budgets import BudgetSeat
from tianji.limits.chains import SeatBook
from tianji.limits.contract import NO_LIMIT, Bound, Chain, Exhausted, Kind, LimitsUnavailable
from tianji.limits.exchange import BARRIER_S
from tianji.limits.limiter import HeldLimits
from tianji.limits.memory import Memory
from tianji.limits.opening import Seeding
from tianji.limits.seeding import ProcessSum, SeedAnswer, SeedRequest
from tianji.limits.trades import BudgetOp
from tianji.limits.windows import rule
from tianji_testkit.limits_world import START, World, begin, begun

TEAM = Bound("team:1", "budget", 100, who="team Blue", born=START)


def store_sum(world: World, bound: Bound, window: str = "all") -> int:
    return sum(world.model.budgets[keys.budget(bound.id, window)].taken.values())


async def test_what_a_call_does_not_spend_is_there_for_the_next() -> None:
    world = World()
    limits = world.process("p")
    chain = Chain([TEAM])

    first = await begin(limits, chain, 100, 0, world.now)
    with pytest.raises(Exhausted):
        await begin(limits, chain, 1, 0, world.now)
    limits.settle(first, 40, 0)

    assert limits.take(chain, 60, 0, world.now) is not None
    assert limits.take(chain, 1, 0, world.now) is None


async def test_a_refusal_names_holder_limit_spent_and_reset() -> None:
    world = World()
    limits = world.process("p")
    daily = Bound("key:1", "budget", 100, who="key ci", rule=rule("1d"), born=START)
    chain = Chain([daily])
    limits.settle(await begin(limits, chain, 70, 0, world.now), 70, 0)
    running = await begin(limits, chain, 20, 0, world.now)

    with pytest.raises(Exhausted, match="key ci") as refusal:
        await begin(limits, chain, 11, 0, world.now)

    told = refusal.value
    assert (told.bound, told.needs, told.spent, told.held) == (daily, 11, 70, 20)
    assert told.resets_at == START // 86_400 * 86_400 + 86_400
    assert told.retry_after_s == told.resets_at - START
    assert running.charges[0].bound == "key:1"


async def test_to_settle_twice_changes_nothing() -> None:
    world = World()
    limits = world.process("p")
    chain = Chain([TEAM, Bound("key:1", "parallel", 1)])
    taken = await begin(limits, chain, 50, 0, world.now)

    limits.settle(taken, 50, 0)
    limits.settle(taken, 50, 0)
    await limits.tell(flush=True)

    assert limits.left(TEAM, world.now).remaining == 50
    assert limits.take(chain, 0, 0, world.now) is not None
    assert limits.take(chain, 0, 0, world.now) is None


async def test_a_cost_beyond_the_reservation_counts() -> None:
    world = World()
    limits, other = world.process("p"), world.process("q")
    limits.settle(await begin(limits, Chain([TEAM]), 10, 0, world.now), 95, 0)
    await limits.tell(flush=True)

    with pytest.raises(Exhausted):
        await begin(other, Chain([TEAM]), 6, 0, world.now)


async def test_a_process_that_ends_gives_back_what_it_did_not_spend() -> None:
    world = World()
    limits = world.process("p")
    limits.settle(await begin(limits, Chain([TEAM]), 10, 0, world.now), 7, 0)
    assert store_sum(world, TEAM) > 7

    await limits.close()

    assert store_sum(world, TEAM) == 7


async def test_who_waits_for_a_budget_is_served_in_turn_not_who_has_it_at_hand() -> None:
    world = World()
    limits, other = world.process("p"), world.process("q")
    chain, theirs = Chain([TEAM]), Chain([TEAM])
    held = await begin(limits, chain, 90, 0, world.now)
    with pytest.raises(Exhausted) as refusal:
        await begin(other, theirs, 60, 0, world.now)
    assert (refusal.value.contended, refusal.value.held) == (True, 90)
    world.now += 0.2
    assert await begun(limits, chain, 60, 0, world.now) is None
    limits.settle(held, 10, 0)
    world.now += 0.2
    assert await begun(limits, chain, 60, 0, world.now) is None  # it came later
    held = await begin(other, theirs, 60, 0, world.now)

    other.settle(held, 5, 0)
    world.now += 0.2
    assert await begun(other, theirs, 60, 0, world.now) is None
    assert await begin(limits, chain, 60, 0, world.now)


async def test_who_does_not_wait_any_more_keeps_nothing_from_others() -> None:
    world = World()
    limits, other = world.process("p"), world.process("q")
    held = await begin(limits, Chain([TEAM]), 90, 0, world.now)
    assert await begun(other, Chain([TEAM]), 60, 0, world.now) is None
    assert await begun(other, Chain([TEAM]), 101, 0, world.now) is None  # it can never have that
    limits.settle(held, 10, 0)
    world.now += 1.1

    assert await begin(limits, Chain([TEAM]), 60, 0, world.now)


async def test_what_idles_goes_back_when_others_may_need_it() -> None:
    world = World()
    limits, other = world.process("p"), world.process("q")
    limits.settle(await begin(limits, Chain([TEAM]), 90, 0, world.now), 0, 0)
    world.now += 2
    await limits.tell(flush=True)

    assert await begin(other, Chain([TEAM]), 100, 0, world.now)


async def test_what_is_held_is_not_spent_long_after_the_last_word_of_the_store() -> None:
    """Another process may have been granted it by then, where the store lost what it knew."""
    world = World()
    limits = world.process("p")
    chain = Chain([TEAM])
    limits.settle(await begin(limits, chain, 10, 0, world.now), 0, 0)

    world.now += 3.9
    assert limits.take(chain, 10, 0, world.now) is not None
    world.now += 0.2
    assert limits.take(chain, 10, 0, world.now) is None


async def test_without_the_store_a_budget_is_not_known_and_limits_go_by_this_process_share() -> None:
    world = World()
    limits, other = world.process("p"), world.process("q")
    chain = Chain([Bound("key:1", "rpm", 10)])
    await begin(limits, chain, 0, 0, world.now)
    await other.tell(flush=True)
    await limits.tell(flush=True)
    admitted = 1
    with pytest.raises(Exhausted) as refusal:
        while True:
            world.now += 0.01
            world.fault = "lost"
            await begin(limits, chain, 0, 0, world.now)
            admitted += 1
    world.now += 10
    world.fault = "lost"
    with pytest.raises(LimitsUnavailable):
        await begin(limits, Chain([TEAM]), 1, 0, world.now)

    assert 5 <= admitted <= 10
    assert 50 < refusal.value.retry_after_s < 70


@pytest.mark.parametrize("lose", [False, True])
@pytest.mark.parametrize("kind", ["rpm", "tpm", "parallel"])
async def test_nobody_gets_what_others_took_of_their_own_while_the_store_was_away(
    kind: Kind, lose: bool
) -> None:
    """It is told of by each at its next message only, be the store as it was or a new one."""
    world = World()
    bound, names = Bound("key:1", kind, 30), ("p", "q", "r")
    fleet = {name: (world.process(name), Chain([bound])) for name in names}
    for _ in range(2):
        for limits, _ in fleet.values():
            await limits.tell(flush=True)

    async def admitted(name: str) -> int:
        limits, chain = fleet[name]
        count = 0
        while await begun(limits, chain, 0, 1, world.now):
            count += 1
            world.now += 0.001
        return count

    in_all = sum([1 for name in names if await begun(*fleet[name], 0, 1, world.now)])
    for limits, _ in fleet.values():
        await limits.tell(flush=True)
    world.away = True
    for limits, _ in fleet.values():
        await limits.tell(flush=True)
    in_all += sum([await admitted(name) for name in names])
    world.now += 1
    world.away = False
    if lose:
        world.lose()
    for name in reversed(names):
        await fleet[name][0].tell(flush=True)
        in_all += await admitted(name)

    assert 20 <= in_all <= 30


@pytest.mark.parametrize("kind", ["rpm", "parallel"])
async def test_a_store_that_is_new_to_all_gives_out_no_more_than_there_is(kind: Kind) -> None:
    """Also around the end of the time in which it does not give what began before it."""
    world = World()
    world.lose()
    chain = Chain([Bound("key:1", kind, 20)])
    fleet = [world.process(name) for name in ("p", "q", "r")]
    for limits in fleet:
        await limits.tell(flush=True)
    world.now += BARRIER_S - 0.1
    in_all = sum([1 for limits in fleet for _ in range(3) if await begun(limits, chain, 0, 0, world.now)])
    world.now += 0.2
    for limits in reversed(fleet):
        while await begun(limits, chain, 0, 0, world.now):
            in_all += 1

    assert in_all == 20


async def test_a_call_that_is_served_anyway_is_counted_when_the_store_is_back() -> None:
    world = World()
    limits = world.process("p")
    await limits.tell(flush=True)
    chain = Chain([TEAM, Bound("key:1", "rpm", 10), Bound("key:1", "tpm", 99)])
    taken = limits.force(chain, 30, 50, world.now)
    limits.settle(taken, 25, 60)

    await limits.tell(flush=True)

    assert store_sum(world, TEAM) == 25
    assert sum(world.model.rates[keys.rate("rpm", "key:1", 60)].granted.values()) == 1
    assert sum(world.model.rates[keys.rate("tpm", "key:1", 60)].granted.values()) == 60


async def test_a_message_that_comes_late_does_nothing() -> None:
    world = World()
    limits = world.process("p")
    chain = Chain([TEAM])
    limits.settle(await begin(limits, chain, 10, 0, world.now), 10, 0)
    world.fault = "lost"
    await limits.tell(flush=True)
    await limits.tell(flush=True)
    limits.settle(await begin(limits, chain, 60, 0, world.now), 60, 0)
    await limits.tell(flush=True)

    _, process, sequence, ops = world.late[0]
    assert isinstance(ops[0][1], BudgetOp)
    assert world.model.trade(process, sequence, ops, int(world.now * 1000)) is None
    assert store_sum(world, TEAM) >= 70


async def test_a_soft_budget_refuses_nothing_and_is_told_once_in_a_window() -> None:
    world = World()
    limits, other = world.process("p"), world.process("q")
    soft = Bound("team:1", "budget", NO_LIMIT, rule=rule("1d"), born=START, soft=50)
    for process in (limits, other, limits):
        taken = await begin(process, Chain([soft]), 0, 0, world.now)
        process.settle(taken, 40, 0)
        await process.tell(flush=True)
    assert [(bound.id, spent) for bound, _, spent in world.soft] == [("team:1", 80)]

    world.now += 86_400
    taken = await begin(other, Chain([soft]), 0, 0, world.now)
    other.settle(taken, 60, 0)
    await other.tell(flush=True)
    assert [spent for _, _, spent in world.soft] == [80, 60]


async def test_a_new_window_is_a_new_counter_and_a_call_is_charged_to_the_one_it_began_in() -> None:
    world = World()
    limits = world.process("p")
    chain = Chain([Bound("key:1", "budget", 100, rule=rule("1d"), born=START)])
    running = await begin(limits, chain, 100, 0, world.now)
    world.now += 86_400
    following = await begin(limits, chain, 100, 0, world.now)

    limits.settle(running, 100, 0)

    assert running.charges != following.charges
    assert limits.left(chain.bounds[0], world.now).remaining == 0


async def test_a_free_call_passes_a_spent_budget() -> None:
    world = World()
    limits = world.process("p")
    chain = Chain([TEAM])
    limits.settle(await begin(limits, chain, 100, 0, world.now), 100, 0)

    assert limits.take(chain, 0, 0, world.now) is not None


async def test_a_gateway_without_redis_counts_by_itself_from_what_the_ledger_knows() -> None:
    async def ledger(request: SeedRequest) -> SeedAnswer:
        return SeedAnswer([ProcessSum("organization:1", "all", "elsewhere", 90)])

    memory = Memory("p", lambda: START)
    limits = HeldLimits(memory, Seeding(ledger, memory).seed, lambda bound, window, spent: None)
    chain = Chain([Bound("organization:1", "budget", 100), Bound("key:1", "rpm", 2)])

    assert await begin(limits, chain, 10, 0, START)
    with pytest.raises(Exhausted) as refusal:
        await begin(limits, chain, 1, 0, START)
    assert (refusal.value.spent, refusal.value.held) == (90, 10)


async def test_an_old_budget_is_not_granted_while_the_ledger_cannot_tell() -> None:
    limits = HeldLimits(
        Memory("p", lambda: START), Seeding(None, None).seed, lambda bound, window, spent: None
    )

    with pytest.raises(LimitsUnavailable, match="NATS_URL"):
        await begin(limits, Chain([Bound("organization:1", "budget", 100)]), 10, 0, START)


async def _spend(limits: HeldLimits, bound: Bound, cost: int, now: float) -> None:
    limits.settle(await begin(limits, Chain([bound]), cost, 0, now), cost, 0)


async def test_a_budget_that_was_forgotten_here_is_still_spent() -> None:
    """Nobody used it for long and its holder's record was dropped; the store knows it, or the ledger does."""
    world = World()
    with_redis = world.process("p")
    memory = Memory("p", world.clock)
    alone = HeldLimits(memory, Seeding(None, memory).seed, lambda *told: None, clock=world.clock)
    for limits in (with_redis, alone):
        await _spend(limits, TEAM, 70, world.now)
    world.spent[keys.budget(TEAM.id, "all"), "p"] = 70

    for lose in (lambda: None, world.lose):
        lose()
        for _ in range(2):
            world.now += 700
            await with_redis.tell(flush=True)
            await alone.tell(flush=True)
        for limits in (with_redis, alone):
            with pytest.raises(Exhausted):
                await begin(limits, Chain([TEAM]), 31, 0, world.now)


async def test_what_runs_in_a_process_that_dies_with_the_store_counts_when_the_ledger_has_it() -> None:
    """So the ledger is asked at the end of the waiting, not at its beginning."""
    world = World()
    limits, other = world.process("p"), world.process("q")
    await begin(limits, Chain([TEAM]), 80, 0, world.now)
    world.now += 1
    world.lose()
    with pytest.raises(LimitsUnavailable):
        await begin(other, Chain([TEAM]), 1, 0, world.now)

    world.spent[keys.budget(TEAM.id, "all"), "p"] = 80  # dead, and its spool was taken over
    world.now += 6
    with pytest.raises(Exhausted):
        await begin(other, Chain([TEAM]), 40, 0, world.now)
    assert await begin(other, Chain([TEAM]), 20, 0, world.now)


@pytest.mark.parametrize("kind", ["rpm", "rpd", "tpm", "tpd", "parallel"])
async def test_a_lowered_limit_holds_at_once_for_what_was_granted_before(kind: Kind) -> None:
    world = World()
    limits = world.process("p")
    wide, narrow = Bound("key:1", kind, 1000), Bound("key:1", kind, 1)
    taken = [await begin(limits, Chain([wide]), 0, 1, world.now) for _ in range(3)]
    for one in taken[1:]:
        limits.settle(one, 0, 1)

    with pytest.raises(Exhausted):
        await begin(limits, Chain([narrow]), 0, 1, world.now)


async def test_what_calls_did_cost_is_told_apart_from_what_others_hold() -> None:
    world = World()
    limits, other = world.process("p"), world.process("q")
    await begin(other, Chain([TEAM]), 40, 0, world.now)
    limits.settle(await begin(limits, Chain([TEAM]), 10, 0, world.now), 7, 0)
    assert limits.left(TEAM, world.now).spent == 7
    await limits.tell(flush=True)
    limits.settle(await begin(limits, Chain([TEAM]), 10, 0, world.now), 5, 0)

    assert limits.left(TEAM, world.now).spent == 12


async def test_a_call_that_is_served_anyway_is_counted_once_when_the_ledger_has_it_already() -> None:
    world = World()
    limits = world.process("p")
    world.lose()
    chain = Chain([TEAM])
    limits.settle(limits.force(chain, 30, 0, world.now), 25, 0)
    world.spent[keys.budget(TEAM.id, "all"), "p"] = 25
    for _ in range(7):
        world.now += 1
        await limits.tell(flush=True)
    limits.settle(await begin(limits, chain, 10, 0, world.now), 5, 0)
    await limits.close()

    assert store_sum(world, TEAM) == 30


async def test_what_is_remembered_of_idle_budgets_is_bounded() -> None:
    book = SeatBook(most_past=2)
    bounds = [Bound(f"key:{number}", "budget", 100) for number in range(4)]
    seats = [book.seat(bound, START) for bound in bounds]
    for number, seat in enumerate(seats):
        assert isinstance(seat, BudgetSeat) and seat.met
        seat.draw(10 + number, START)
        seat.settle(10 + number, 10 + number)
        book.retire(seat)
    del seats, seat

    met = [book.seat(bound, START) for bound in bounds]

    assert [(seat.met, seat.charged) for seat in met if isinstance(seat, BudgetSeat)] == [
        (False, 0),
        (False, 0),
        (True, 12),
        (True, 13),
    ]


@pytest.mark.parametrize("lasts", [1, 3, 5], ids=lambda steps: f"{steps / 4} s")
async def test_tokens_that_calls_did_not_use_are_there_for_others(lasts: int) -> None:
    world = World()
    tokens = Bound("key:1", "tpm", 10_000)
    limits, chain = world.process("p"), Chain([tokens])
    used = 0
    for _ in range(8):
        running = [await begin(limits, chain, 0, 480, world.now) for _ in range(3)]
        for step in range(lasts):
            world.now += 0.25
            if step % 4 == 2:
                await limits.tell(flush=True)
        for taken in running:
            limits.settle(taken, 0, 50)
            used += 50
    await limits.tell(flush=True)

    assert limits.left(tokens, world.now).remaining == tokens.limit - used


async def test_who_is_refused_again_is_told_the_same_wait() -> None:
    world = World()
    limits, chain = world.process("p"), Chain([Bound("key:1", "tpm", 300)])
    with pytest.raises(Exhausted) as refusal:
        await begin(limits, chain, 0, 301, world.now)
    await begin(limits, chain, 0, 300, world.now)
    with pytest.raises(Exhausted) as again:
        await begin(limits, chain, 0, 301, world.now)

    assert again.value.retry_after_s == refusal.value.retry_after_s == 60
