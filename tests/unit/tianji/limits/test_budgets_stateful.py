"""Several processes' limiters over the model of the store, with every fault that we can think of."""

from __future__ import annotations

import asyncio

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from tianji.limits import keys
from tianji.limits.contract import Bound, Chain
from tianji.limits.exchange import KEEP_S
from tianji.limits.limiter import HeldLimits
from tianji.limits.taken import Taken
from tianji_testkit.limits_world import START, World, begun
from tianji_testkit.properties import times

TEAM = Bound("team:1", "budget", 150, born=START)
OLD = Bound("organization:1", "budget", 200)
CHAIN = [TEAM, OLD]


class Budgets(RuleBasedStateMachine):
    """Calls of several processes; each call is settled with at most what was reserved."""

    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.starts = 0
        self.processes: list[tuple[str, HeldLimits]] = []
        self.running: dict[int, tuple[str, HeldLimits, Taken]] = {}
        self.chains: dict[str, Chain] = {}
        for number in range(3):
            self._start(f"p{number}")

    def teardown(self) -> None:
        self.loop.close()

    def _start(self, name: str) -> None:
        self.starts += 1
        self.processes.append((name, self.world.process(name, self.starts * 1_000_000)))
        self.chains[name] = Chain(CHAIN)

    @rule(target=calls, process=st.integers(0, 2), costs=st.lists(st.sampled_from([1, 15, 40]), min_size=1))
    def begin(self, process: int, costs: list[int]):  # type: ignore[no-untyped-def]
        name, limits = self.processes[process]
        mine = []
        for cost in costs:
            taken = self.loop.run_until_complete(begun(limits, self.chains[name], cost, 0, self.world.now))
            if taken is not None:
                self.running[id(taken)] = (name, limits, taken)
                mine.append(id(taken))
        return multiple(*mine)

    @rule(call=consumes(calls), part=st.sampled_from([0, 0.5, 1]))
    def settle(self, call: int, part: float) -> None:
        if call in self.running:
            name, limits, taken = self.running.pop(call)
            self._bill(name, taken, int(taken.cost * part))
            limits.settle(taken, int(taken.cost * part), 0)

    def _bill(self, name: str, taken: Taken, cost: int) -> None:
        for charge in taken.charges:
            self.world.spent[keys.budget(charge.bound, charge.window), name] += cost

    @rule(seconds=st.sampled_from([1, 2, 6, 35]))
    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.world.now += 1
            for _, limits in self.processes:
                self.loop.run_until_complete(limits.tell(flush=True))

    @rule()
    def idle(self) -> None:
        """Nobody calls for a while; holders' records are read anew, and idle budgets are forgotten."""
        self.world.now += 2 * KEEP_S
        for name, limits in self.processes:
            self.chains[name] = Chain(CHAIN)
            for _ in range(2):
                self.loop.run_until_complete(limits.tell(flush=True))

    @rule(fault=st.sampled_from(["lost", "unanswered"]))
    def break_the_next_message(self, fault: str) -> None:
        self.world.fault = fault

    @rule()
    def deliver_late(self) -> None:
        for epoch, process, sequence, ops in self.world.late:
            if epoch == self.world.epoch:
                self.world.model.trade(process, sequence, ops, int(self.world.now * 1000))
        self.world.late.clear()

    @rule()
    def lose_the_store(self) -> None:
        self.world.now += 0.5
        self.world.lose()

    @rule(process=st.integers(0, 2))
    def kill_a_process(self, process: int) -> None:
        """Its calls are billed at what was reserved: nobody knows their end."""
        name, limits = self.processes.pop(process)
        for call, (_, owner, taken) in list(self.running.items()):
            if owner is limits:
                self._bill(name, taken, taken.cost)
                del self.running[call]
        self._start(f"p{self.starts}")

    @invariant()
    def no_budget_is_passed(self) -> None:
        for bound in CHAIN:
            key = keys.budget(bound.id, "all")
            spent = sum(amount for (name, _), amount in self.world.spent.items() if name == key)
            running = sum(taken.cost for _, _, taken in self.running.values())
            assert spent + running <= bound.limit


Budgets.TestCase.settings = times(2, stateful_step_count=40)
test_no_order_of_faults_passes_a_budget = Budgets.TestCase
