"""What a management write waits for before it answers, and what its answer then says."""

from __future__ import annotations

import asyncio

from tianji.bus.client import Bus
from tianji.store.pool import Store
from tianji.store.rows import one
from tianji_control.publish.align import Published
from tianji_control.publish.compile import Q
from tianji_control.publish.fleet import Fleet
from tianji_control.publish.publisher import Publisher

WAIT_S = 1.0
LOOK_S = 0.05
"""The publisher that leads may be another process's: its work shows in Postgres only."""

LAGGING = "x-tianji-lagging"
"""Answer header: the gateways that have not applied the change yet."""
UNPUBLISHED = "x-tianji-unpublished"
"""Answer header, `true` when the change is stored and no gateway was told yet."""


class Confirmation:
    """Waits until a change has reached all live gateways."""

    def __init__(self, store: Store, bus: Bus, publisher: Publisher, fleet: Fleet) -> None:
        self._store = store
        self._bus = bus
        self._publisher = publisher
        self._fleet = fleet

    async def applied(self, notes: list[int], timeout_s: float = WAIT_S) -> dict[str, str]:
        """Wait for a committed change; return the headers that say how far it got."""
        if not notes:
            return {}
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        published = await self._when_published(notes, deadline)
        if published is None:
            return {UNPUBLISHED: "true"}
        laggards = await self._fleet.confirmed(
            published.config_sequence, published.keys_sequence, deadline - loop.time()
        )
        return {LAGGING: ",".join(laggards)} if laggards else {}

    async def published(self) -> Published:
        """Return what was published last."""
        async with self._store.connection() as db:
            found = await one(db, Q.published, Published)
        assert found is not None
        return found

    async def _when_published(self, notes: list[int], deadline: float) -> Published | None:
        loop = asyncio.get_running_loop()
        while self._bus.connected:
            async with self._store.connection() as db:
                if published := await one(db, Q.published_with, Published, ids=notes):
                    return published
            remaining = deadline - loop.time()
            if remaining <= 0:
                return None
            await self._publisher.progressed(min(remaining, LOOK_S))
        return None
