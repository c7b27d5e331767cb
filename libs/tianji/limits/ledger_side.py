"""What the worker writes to Redis: the ledger's figures, which are the truth that counters follow.

Hold a lock of the ledger on the counters' rows while calling these: a seed that was read before a
process was folded away must not be written after it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import msgspec
from redis.exceptions import ConnectionError, RedisError

from tianji.domain.events import Charge
from tianji.errors import Unavailable
from tianji.limits import keys
from tianji.limits.client import RedisLink
from tianji.limits.scripts import FOLD, SEED, Script
from tianji.limits.seeding import Counter, ProcessSum, expires_at

WAIT_S = 2.0


class LedgerSide:
    """The worker's connection to the counters in Redis."""

    def __init__(self, url: str, wait_s: float = WAIT_S) -> None:
        self._link = RedisLink(url, "tianji-ledger", wait_s)
        self._wait_s = wait_s
        self._one = asyncio.Lock()

    async def seed(self, counters: Sequence[Counter], sums: Sequence[ProcessSum]) -> bool:
        """Write the sums of all `counters`, also of those that have none: then they are known to be 0.

        Nothing is ever lowered. Returns False when no gateway has begun to count in this Redis yet;
        raises Unavailable when Redis does not answer.
        """
        of: defaultdict[Charge, list[tuple[str, int]]] = defaultdict(list)
        for one in sums:
            of[Charge(one.bound, one.window)].append((one.process, one.spent_nano))
        told = [(expires_at(counter.ends), of[counter.charge]) for counter in counters]
        names = [keys.EPOCH, *(keys.budget(counter.bound, counter.window) for counter in counters)]
        return bool(await self._run(SEED, names, [msgspec.msgpack.encode(told)]))

    async def fold(self, process: str, totals: Sequence[tuple[Charge, int]]) -> None:
        """Put an ended process' part of counters into that of all ended ones.

        `totals` is what the ledger knows of all ended processes, this one included, in nano-USD. What the
        process had taken and not spent comes free; so call it when the ledger has all of its events.
        """
        names = [keys.budget(charge.bound, charge.window) for charge, _ in totals]
        if names:
            await self._run(FOLD, names, [process, msgspec.msgpack.encode([total for _, total in totals])])

    async def close(self) -> None:
        """Cut the connection."""
        await self._link.drop()

    async def _run(self, script: Script, names: list[str], args: list[object]) -> object:
        async with self._one:
            try:
                async with asyncio.timeout(self._wait_s):
                    return await self._answer(script, names, args)
            except (RedisError, OSError, TimeoutError) as fault:
                await self._link.drop()
                raise Unavailable(
                    f"Redis at {self._link.where} does not answer: {type(fault).__name__}"
                ) from None

    async def _answer(self, script: Script, names: list[str], args: list[object]) -> object:
        """Run a script; on a new connection where Redis has started anew since the last one."""
        if not await self._link.connect():
            try:
                return await self._link.run(script, names, args)
            except (ConnectionError, OSError):
                await self._link.drop()
                await self._link.connect()
        return await self._link.run(script, names, args)
