"""Several processes' limiters over the model of the store, with a clock and faults of our making."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from tianji.limits import keys
from tianji.limits.contract import NO_SPLIT, Bound, Chain, Exhausted, LimitsUnavailable, Split
from tianji.limits.exchange import BARRIER_S
from tianji.limits.limiter import HeldLimits
from tianji.limits.seeding import Counter
from tianji.limits.taken import Taken
from tianji.limits.trades import Answer, EpochChanged, Op, StoreAway
from tianji_testkit.limits_model import Model

START = 1_000_000.0


class World:
    """The store, the ledger and the clock that all processes share."""

    def __init__(self) -> None:
        self.now = START
        self.model = Model(began=START - BARRIER_S, barrier_s=BARRIER_S)
        self.soft: list[tuple[Bound, str, int]] = []
        self.epoch = 1
        self.fault = ""
        self.away = False
        """Whether the store answers nobody."""
        self.late: list[tuple[int, str, int, list[tuple[str, Op]]]] = []
        self.spent: defaultdict[tuple[str, str], int] = defaultdict(int)
        """By counter's key and process."""

    def clock(self) -> float:
        return self.now

    def process(self, name: str, sequence: int = 0) -> HeldLimits:
        """Start a process; of two with the same name the later has the higher sequence."""
        return HeldLimits(ModelStore(self, name, sequence), self.seed, self._told, clock=self.clock)

    def _told(self, bound: Bound, window: str, spent: int) -> None:
        self.soft.append((bound, window, spent))

    def lose(self) -> None:
        self.model = Model(began=self.now, barrier_s=BARRIER_S)
        self.epoch += 1

    async def seed(self, counters: Sequence[Counter]) -> None:
        for counter in counters:
            key = keys.budget(counter.bound, counter.window)
            sums = {process: amount for (name, process), amount in self.spent.items() if name == key}
            self.model.seed(key, sums)


class ModelStore:
    """One process' way to the model."""

    def __init__(self, world: World, process: str, sequence: int) -> None:
        self.world = world
        self.process = process
        self.epoch = ""
        self.sequence = sequence

    async def trade(self, ops: list[tuple[str, Op]]) -> Answer:
        world = self.world
        fault, world.fault = world.fault, ""
        self.sequence += 1
        if world.away:
            raise StoreAway("away")
        if fault == "lost":
            world.late.append((world.epoch, self.process, self.sequence, ops))
            raise StoreAway("lost")
        if self.epoch != str(world.epoch):
            self.epoch = str(world.epoch)
            raise EpochChanged(self.epoch)
        now_ms = int(world.now * 1000)
        replies = world.model.trade(self.process, self.sequence, ops, now_ms)
        assert replies is not None
        if fault == "unanswered":
            raise StoreAway("unanswered")
        return Answer(replies, world.model.live(now_ms), now_ms, self.epoch)

    async def close(self) -> None:
        pass


async def begin(
    limits: HeldLimits, chain: Chain, cost: int, tokens: int, now: float, split: Split = NO_SPLIT
) -> Taken:
    """Take, or ask and carry the messages until there is an answer. Raises what `ask` raises."""
    taken = limits.take(chain, cost, tokens, now, split)
    if taken is not None:
        return taken
    asking = asyncio.ensure_future(limits.ask(chain, cost, tokens, now, split))
    while not asking.done():
        await asyncio.sleep(0)
        await limits.tell()
    return asking.result()


async def begun(
    limits: HeldLimits, chain: Chain, cost: int, tokens: int, now: float, split: Split = NO_SPLIT
) -> Taken | None:
    """Begin a call; None when it is refused."""
    try:
        return await begin(limits, chain, cost, tokens, now, split)
    except (Exhausted, LimitsUnavailable):
        return None
