"""Tells the fleet what this process acts on: at once on each change, and every second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import structs

from tianji.bus.client import Bus
from tianji.domain.fleet import FleetReport
from tianji.errors import Unavailable

EVERY_S = 1.0


class Confirmer:
    """Publishes this process's report."""

    def __init__(self, bus: Bus, report: Callable[[], FleetReport]) -> None:
        """`report` is asked for what is true at the moment of telling."""
        self._bus = bus
        self._report = report
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Have the report told at once."""
        self._changed.set()

    async def run(self) -> None:
        """Tell for ever. A report that does not get through is not repeated: the next one says more."""
        while True:
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            await self._tell(self._report())

    async def leave(self) -> None:
        """Say that this process stops and need not be waited for."""
        await self._tell(structs.replace(self._report(), leaving=True))

    async def _tell(self, report: FleetReport) -> None:
        try:
            await self._bus.publish_fleet(report)
        except Unavailable:
            return
