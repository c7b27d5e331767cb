"""Sliding limits and parallel slots of several processes over the model of the store."""

from __future__ import annotations

import asyncio

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from tianji.limits.contract import Bound, Chain
from tianji.limits.exchange import BARRIER_S, FLUSH_S
from tianji.limits.limiter import HeldLimits
from tianji.limits.parallel import EXPIRE_MS, RENEW_S
from tianji.limits.taken import Taken
from tianji_testkit.limits_world import World, begun
from tianji_testkit.properties import times

REQUESTS = Bound("key:1", "rpm", 20, per_s=5)
TOKENS = Bound("key:1", "tpm", 300, per_s=5)
PARALLEL = Bound("key:1", "parallel", 7)
AMOUNTS = st.lists(st.integers(1, 60), min_size=1, max_size=9)
CHAIN = [PARALLEL, REQUESTS, TOKENS]


class Limits(RuleBasedStateMachine):
    """Calls that end with no more tokens than were counted before; nothing goes wrong but processes."""

    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.starts = 0
        self.processes: list[tuple[HeldLimits, Chain]] = []
        self.running: dict[int, tuple[HeldLimits, Taken]] = {}
        self.admitted: list[list[float]] = []
        """When, and how many tokens by now."""
        self.place: dict[int, int] = {}
        self.dead: list[tuple[float, int]] = []
        for _ in range(3):
            self._start()

    def teardown(self) -> None:
        self.loop.close()

    @initialize(age_s=st.sampled_from([0.0, BARRIER_S - 1, BARRIER_S]))
    def begin_with_a_store(self, age_s: float) -> None:
        """Processes and store begin at nearly the same time, or the store is there for long."""
        self.world.model.began = self.world.now - age_s

    def _start(self) -> None:
        self.starts += 1
        self.processes.append((self.world.process(f"p{self.starts}"), Chain(CHAIN)))

    @rule(
        target=calls, process=st.integers(0, 2), tokens=st.lists(st.integers(1, 60), min_size=1, max_size=9)
    )
    def begin(self, process: int, tokens: list[int]):  # type: ignore[no-untyped-def]
        limits, chain = self.processes[process]
        begun_now = []
        for amount in tokens:
            taken = self.loop.run_until_complete(begun(limits, chain, 0, amount, self.world.now))
            if taken is not None:
                self.running[self.starts * 1000 + len(self.admitted)] = (limits, taken)
                self.place[self.starts * 1000 + len(self.admitted)] = len(self.admitted)
                begun_now.append(self.starts * 1000 + len(self.admitted))
                self.admitted.append([self.world.now, amount])
        return multiple(*begun_now)

    @rule(call=consumes(calls), part=st.sampled_from([0, 0.3, 1]))
    def settle(self, call: int, part: float) -> None:
        if call in self.running:
            limits, taken = self.running.pop(call)
            used = int(taken.tokens * part)
            limits.settle(taken, 0, used)
            self.admitted[self.place[call]][1] = used

    @rule(steps=st.integers(1, 12))
    def pass_time(self, steps: int) -> None:
        for step in range(steps):
            self.world.now += 0.25
            if step % 4 == 3:
                for limits, _ in self.processes:
                    self.loop.run_until_complete(limits.tell(flush=True))

    @rule(process=st.integers(0, 2))
    def kill_a_process(self, process: int) -> None:
        killed, _ = self.processes.pop(process)
        mine = [call for call, (limits, _) in self.running.items() if limits is killed]
        self.dead.append((self.world.now, len(mine)))
        for call in mine:
            del self.running[call]
        self._start()

    @invariant()
    def no_limit_is_passed_in_any_period(self) -> None:
        for start, _ in self.admitted:
            within = [used for at, used in self.admitted if start <= at < start + REQUESTS.per_s]
            assert len(within) <= REQUESTS.limit
            assert sum(within) <= TOKENS.limit

    @invariant()
    def no_more_run_than_may(self) -> None:
        """Slots of a dead process are taken for ten seconds from when it last told of them."""
        taken_s = EXPIRE_MS / 1000 - RENEW_S - FLUSH_S
        held = sum(count for at, count in self.dead if self.world.now - at < taken_s)
        assert len(self.running) + held <= PARALLEL.limit


Limits.TestCase.settings = times(0.6, stateful_step_count=40)
test_no_order_of_calls_passes_a_limit = Limits.TestCase
