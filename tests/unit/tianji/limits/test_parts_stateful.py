"""A limit that priorities divide among themselves, used by several processes over the model of the store."""

from __future__ import annotations

import asyncio

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from tianji.limits.contract import Bound, Chain, Share
from tianji.limits.limiter import HeldLimits
from tianji.limits.taken import Taken
from tianji_testkit.limits_world import World, begun
from tianji_testkit.properties import times

PERIOD_S = 5
LIMITS = {"rpm": 20, "tpm": 400}
RESERVED = {"prod": 0.6, "dev": 0.1, "default_pool": 0.25}
OPEN = 0.5
AMOUNTS = st.lists(st.integers(1, 60), min_size=1, max_size=9)


def chain_of(priority: str) -> Chain:
    whole = [Bound("model:m", kind, limit, per_s=PERIOD_S) for kind, limit in LIMITS.items()]  # type: ignore[arg-type]
    parts = [
        Bound(
            "priority:m",
            kind,  # type: ignore[arg-type]
            limit,
            per_s=PERIOD_S,
            share=Share(priority, int(limit * RESERVED[priority]), int(limit * OPEN)),
        )
        for kind, limit in LIMITS.items()
    ]
    return Chain([*whole, *parts])


class Priorities(RuleBasedStateMachine):
    """Calls that end with no more tokens than were counted before; nothing goes wrong."""

    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.processes: list[tuple[HeldLimits, dict[str, Chain]]] = []
        self.running: dict[int, tuple[HeldLimits, Taken]] = {}
        self.admitted: list[tuple[float, str, list[int]]] = []
        """When, by whom, and how many tokens by now."""
        for name in ("p1", "p2", "p3"):
            self.processes.append((self.world.process(name), {p: chain_of(p) for p in RESERVED}))

    def teardown(self) -> None:
        self.loop.close()

    @rule(target=calls, process=st.integers(0, 2), priority=st.sampled_from(sorted(RESERVED)), tokens=AMOUNTS)
    def begin(self, process: int, priority: str, tokens: list[int]):  # type: ignore[no-untyped-def]
        limits, chains = self.processes[process]
        begun_now = []
        for amount in tokens:
            taken = self.loop.run_until_complete(begun(limits, chains[priority], 0, amount, self.world.now))
            if taken is not None:
                self.running[len(self.admitted)] = (limits, taken)
                begun_now.append(len(self.admitted))
                self.admitted.append((self.world.now, priority, [amount]))
        return multiple(*begun_now)

    @rule(call=consumes(calls), part=st.sampled_from([0, 0.3, 1]))
    def settle(self, call: int, part: float) -> None:
        limits, taken = self.running.pop(call)
        used = int(taken.tokens * part)
        limits.settle(taken, 0, used)
        self.admitted[call][2][0] = used

    @rule(steps=st.integers(1, 12))
    def pass_time(self, steps: int) -> None:
        for step in range(steps):
            self.world.now += 0.25
            if step % 4 == 3:
                for limits, _ in self.processes:
                    self.loop.run_until_complete(limits.tell(flush=True))

    @invariant()
    def neither_the_limit_nor_a_part_is_passed(self) -> None:
        for start, _, _ in self.admitted:
            within = [one for one in self.admitted if start <= one[0] < start + PERIOD_S]
            assert len(within) <= LIMITS["rpm"]
            assert sum(used for _, _, [used] in within) <= LIMITS["tpm"]
            for priority, reserved in RESERVED.items():
                own = [used for _, whose, [used] in within if whose == priority]
                assert len(own) <= LIMITS["rpm"] * max(reserved, OPEN)
                assert sum(own) <= LIMITS["tpm"] * max(reserved, OPEN)


Priorities.TestCase.settings = times(0.3, stateful_step_count=25)
test_no_order_of_calls_takes_what_is_reserved_for_others = Priorities.TestCase
