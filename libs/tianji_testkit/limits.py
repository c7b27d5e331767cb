"""Several limiters, as of several gateway processes, over one Redis; and a ledger beside them."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field

from tianji.limits.client import WAIT_S, RedisStore
from tianji.limits.contract import Bound, Chain, Exhausted, LimitsUnavailable
from tianji.limits.exchange import BARRIER_S, LEASE_S
from tianji.limits.ledger_side import LedgerSide
from tianji.limits.limiter import HeldLimits
from tianji.limits.opening import Seeding
from tianji.limits.seeding import ProcessSum, SeedAnswer, SeedRequest
from tianji.limits.taken import Taken

USD = 10**9


class Ledger:
    """What all processes have settled, and the worker's answer to a gateway that asks."""

    def __init__(self, url: str) -> None:
        self.side = LedgerSide(url)
        self.spent: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        self.asked = 0

    def add(self, taken: Taken, process: str, cost: int) -> None:
        for charge in taken.charges:
            self.spent[charge.bound, charge.window, process] += cost

    def of(self, bound: str) -> int:
        return sum(amount for (name, _, _), amount in self.spent.items() if name == bound)

    async def answer(self, request: SeedRequest) -> SeedAnswer:
        self.asked += 1
        wanted = {(counter.bound, counter.window) for counter in request.counters}
        sums = [
            ProcessSum(bound, window, process, amount)
            for (bound, window, process), amount in self.spent.items()
            if (bound, window) in wanted
        ]
        return SeedAnswer(sums, await self.side.seed(request.counters, sums))


@dataclass
class Gateway:
    """One process' limiter, and the calls that go through it."""

    name: str
    limits: HeldLimits
    store: RedisStore
    ledger: Ledger
    admitted: list[float] = field(default_factory=list)
    refused: list[Exhausted] = field(default_factory=list)
    unavailable: int = 0
    longest_s: float = 0.0
    """The longest that a call waited to be admitted or refused."""

    async def begin(self, chain: Chain, cost: int = 0, tokens: int = 0) -> Taken | None:
        """Begin a call; None when it was refused."""
        now, began = time.time(), time.monotonic()
        try:
            taken = self.limits.take(chain, cost, tokens, now) or await self.limits.ask(
                chain, cost, tokens, now
            )
        except Exhausted as refusal:
            self.refused.append(refusal)
        except LimitsUnavailable:
            self.unavailable += 1
        else:
            self.admitted.append(time.monotonic())
            return taken
        finally:
            self.longest_s = max(self.longest_s, time.monotonic() - began)
        return None

    def end(self, taken: Taken, cost: int = 0, tokens: int = 0) -> None:
        """End a call that cost so much."""
        self.limits.settle(taken, cost, tokens)
        self.ledger.add(taken, self.name, cost)


class Fleet:
    """Several gateways."""

    def __init__(
        self, url: str, barrier_s: float = BARRIER_S, lease_s: float = LEASE_S, wait_s: float = WAIT_S
    ) -> None:
        """`wait_s` is how long they wait for Redis: a busy machine is not a Redis that is away."""
        self.url = url
        self.ledger = Ledger(url)
        self.gateways: list[Gateway] = []
        self.soft: list[tuple[Bound, str, int]] = []
        self.barrier_s = barrier_s
        self.lease_s = lease_s
        self.wait_s = wait_s

    def add(self, name: str) -> Gateway:
        """Start one more."""
        store = RedisStore(self.url, name, barrier_s=self.barrier_s, wait_s=self.wait_s)
        limits = HeldLimits(store, Seeding(self.ledger.answer, None).seed, self._told, lease_s=self.lease_s)
        limits.start()
        gateway = Gateway(name, limits, store, self.ledger)
        self.gateways.append(gateway)
        return gateway

    async def settled(self) -> None:
        """Wait until all gateways have told Redis what they know."""
        await asyncio.sleep(1.3)

    def _told(self, bound: Bound, window: str, spent: int) -> None:
        self.soft.append((bound, window, spent))

    async def close(self) -> None:
        """Stop all."""
        await asyncio.gather(*(gateway.limits.close() for gateway in self.gateways))
        await self.ledger.side.close()
