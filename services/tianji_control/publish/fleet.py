"""Which gateways are there, and what each of them has applied."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

import msgspec
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg

from tianji.bus.client import Bus
from tianji.bus.subjects import FLEET_SUBJECTS
from tianji.domain.fleet import FleetReport
from tianji.obs import metrics

log = logging.getLogger(__name__)

LIVE_S = 5.0
"""A gateway that was not heard from for this long is not waited for."""
FORGET_S = 600.0
"""A gateway that fell silent without taking its leave is named for this long: it may serve on, cut off."""
HEARTBEAT_S = 1.0
HEARD_ALL_S = 1.2 * HEARTBEAT_S
"""After listening this long, every gateway that is there has been heard."""
SUBSCRIBE_S = 2.0


class Member(Struct, frozen=True):
    """A gateway's last report and when it came (the loop's clock)."""

    report: FleetReport
    heard: float


class Fleet:
    """Listens to what gateways say of themselves."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._members: dict[str, Member] = {}
        self._changed = asyncio.Event()
        self._reconnected = asyncio.Event()
        self._client: Client | None = None
        self._listening_since: float | None = None
        bus.on_reconnect(self._reconnected.set)

    async def run(self) -> None:
        """Listen, on whichever connection there is."""
        while True:
            await self._reconnected.wait()
            self._reconnected.clear()
            if self._bus.nc is self._client:
                continue  # the client itself has subscribed again
            async with self._bus.talk("listening to the fleet", SUBSCRIBE_S):
                await self._bus.nc.subscribe(FLEET_SUBJECTS, cb=self._take)
            self._client = self._bus.nc
            self._listening_since = _now()

    def live(self) -> list[Member]:
        """List the gateway processes heard from lately, by name."""
        return self._heard_within(LIVE_S)

    def lost(self) -> list[Member]:
        """List those that fell silent and that no other process of their gateway has replaced."""
        live = self.live()
        running = Counter(member.report.gateway for member in live)
        return [
            member
            for member in self._heard_within(FORGET_S)
            if member not in live and running[member.report.gateway] < member.report.processes
        ]

    def laggards(self, config_sequence: int, keys_sequence: int) -> list[str]:
        """Name the live gateways that have not applied these sequences yet."""
        return [
            member.report.gateway_id
            for member in self.live()
            if member.report.config_sequence < config_sequence or member.report.keys_sequence < keys_sequence
        ]

    async def confirmed(self, config_sequence: int, keys_sequence: int, timeout_s: float = 1.0) -> list[str]:
        """Wait until all live gateways have applied these sequences.

        Names those that have not in time, and those that are lost: for them nobody waits.
        """
        deadline_at = _now() + timeout_s
        while True:
            waiting = deadline_at - _now()
            laggards = self.laggards(config_sequence, keys_sequence)
            unheard = self._unheard_s()
            if waiting <= 0 or not (laggards or unheard):
                return sorted({*laggards, *(member.report.gateway_id for member in self.lost())})
            await self.reported(min(waiting, unheard) if unheard and not laggards else waiting)

    async def reported(self, timeout_s: float) -> None:
        """Wait until a gateway says something, or for `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return

    def _heard_within(self, seconds: float) -> list[Member]:
        now = _now()
        self._members = {id: one for id, one in self._members.items() if one.heard >= now - FORGET_S}
        return [one for _, one in sorted(self._members.items()) if one.heard >= now - seconds]

    def _unheard_s(self) -> float:
        """Return for how long there may still be a gateway that has not been heard yet."""
        if self._listening_since is None:
            return HEARD_ALL_S
        return max(0.0, self._listening_since + HEARD_ALL_S - _now())

    async def _take(self, message: Msg) -> None:
        try:
            report = msgspec.json.decode(message.data, type=FleetReport)
        except msgspec.MsgspecError:
            metrics.loop_failures.labels("fleet").inc()
            log.warning("a fleet report cannot be read", extra={"subject": message.subject})
            return
        if report.leaving:
            self._members.pop(report.gateway_id, None)
        else:
            self._members[report.gateway_id] = Member(report, _now())
        self._changed.set()
        self._changed = asyncio.Event()


def _now() -> float:
    return asyncio.get_running_loop().time()
