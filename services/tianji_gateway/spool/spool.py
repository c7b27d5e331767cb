"""The spool: what the gateway tells of a call is on disk when `began` and `ended` return."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections import deque
from pathlib import Path

from tianji.bus.client import Bus
from tianji.domain.events import Began, SpendEvent
from tianji.errors import Unavailable
from tianji.obs import metrics
from tianji.obs.trouble import Trouble
from tianji_gateway.spool import records, shipper
from tianji_gateway.spool.adopt import Orphan, take_over
from tianji_gateway.spool.claim import Claim
from tianji_gateway.spool.journal import Journal
from tianji_gateway.spool.records import Record
from tianji_gateway.spool.segments import Segments
from tianji_gateway.spool.settings import SpoolSettings
from tianji_gateway.spool.tally import Count, Tally

log = logging.getLogger(__name__)

FOLDER = "spool"
IDLE_S = 1.0
GATHER_S = 0.25
"""While events keep coming they are gathered for this long, so that many go in one message."""
COUNTS_S = 1.0
"""The growing file's counts are told this often at most."""
BACKOFF_S = (0.1, 5.0)
PROVE_S = 2.0
"""How often the disk is asked whether it takes anything, so that a gateway without calls knows it, too."""
HEADROOM = 1.1
"""Ended calls may pass the bound by this: refused ones would be lost, and only begun ones can end."""

_PROCESS_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


class Spool:
    """The spool of one gateway process. Made by `open`, ended by `close`; one event loop only."""

    def __init__(self, claim: Claim, journal: Journal, settings: SpoolSettings) -> None:
        """Use `open`."""
        self._claim = claim
        self._journal = journal
        self._settings = settings
        self._process_id = claim.folder.name
        self._orphans: list[Orphan] = []
        self._held: deque[Record] = deque()
        self._in_no_file = Tally(0)
        self._counts_told_at = 0.0
        self._wake = asyncio.Event()
        self._drained = asyncio.Event()
        self._running = False
        self._closing = False
        self._said_unwritable = False
        self.refused = 0
        """Requests refused because their record could not be written."""
        self.lost = 0
        """Records that were dropped: only in mode `serve`, with the disk and the memory full."""

    @classmethod
    def open(cls, home: Path, process_id: str, settings: SpoolSettings | None = None) -> Spool:
        """Open this process's folder below `home`; what an earlier process of that name left is kept.

        Raises Unavailable when the folder cannot be written or a living process holds it.
        """
        settings = settings or SpoolSettings()
        if not _PROCESS_ID.fullmatch(process_id):
            raise ValueError(f"{process_id!r} is no process id: use letters, digits, - and _")
        folder = home / FOLDER / process_id
        try:
            claim = Claim.make(folder)
            if claim is None:
                raise Unavailable(f"another process holds the spool {folder}")
            journal = Journal(Segments(folder, settings))
            journal.recover()
        except OSError as fault:
            raise Unavailable(f"the spool {folder} cannot be opened: {fault.strerror or fault}") from fault
        return cls(claim, journal, settings)

    def began(self, began: Began) -> None:
        """Write that a provider is about to be called.

        Raises Unavailable when it cannot be written and the mode is `refuse`: do not make the call.
        """
        payload = records.encode(began)
        try:
            self._write_held()
            self._require_room(1.0)
            self._claim.mark()
            self._journal.began(began.id, payload)
            self._say_writable()
        except OSError as fault:
            metrics.spool_failures.inc()
            self._say_unwritable(fault)
            if self._settings.failure_mode == "refuse":
                self.refused += 1
                raise Unavailable(
                    "this gateway cannot record what requests cost; its disk is full or failing"
                ) from fault
            self._in_no_file.add_one(Count(began.id, "began"))

    def ended(self, event: SpendEvent) -> None:
        """Write how a call ended, once per call and before the last byte of its answer.

        A record that the disk does not take waits in memory. Raises Unavailable when that is full
        too and the mode is `refuse`.
        """
        record = records.ended(event)
        try:
            self._write_held()
            self._require_room(HEADROOM)
            self._claim.mark()
            self._journal.ended(record)
            self._say_writable()
        except OSError as fault:
            metrics.spool_failures.inc()
            self._say_unwritable(fault)
            self._hold(record)
        self._wake.set()

    def prove(self) -> None:
        """Find out whether the spool can be written."""
        try:
            self._write_held()
            self._require_room(1.0)
            self._claim.prove()
            self._say_writable()
        except OSError as fault:
            self._say_unwritable(fault)

    @property
    def backlog(self) -> int:
        """How many ended calls the spend stream has not acknowledged."""
        return self._journal.backlog + len(self._held) + sum(o.journal.backlog for o in self._orphans)

    @property
    def writable(self) -> bool:
        """Whether what calls cost can be recorded, as far as was seen last."""
        return not self._said_unwritable

    @property
    def refuses(self) -> bool:
        """Whether calls are refused because what they cost cannot be recorded."""
        return self._said_unwritable and self._settings.failure_mode == "refuse"

    @property
    def open_calls(self) -> int:
        """How many calls of this process began and did not end."""
        return self._journal.open_calls

    async def run(self, bus: Bus) -> None:
        """Ship, sync and adopt until `close`; run it as a task beside the server."""
        self._running = True
        bus.on_reconnect(self._wake.set)
        try:
            async with asyncio.TaskGroup() as group:
                kept = (self._keep_adopting(), self._keep_synced(), self._keep_proving())
                helpers = [group.create_task(work) for work in kept]
                await self._keep_shipping(bus)
                for helper in helpers:
                    helper.cancel()
        finally:
            self._running = False
            self._drained.set()

    async def close(self) -> None:
        """Ship what is left, for a bounded time; what stays is taken over by the next process."""
        self._closing = True
        self._wake.set()
        if self._running:
            try:
                async with asyncio.timeout(self._settings.drain_s):
                    await self._drained.wait()
            except TimeoutError:
                log.warning("spend events stay in the spool", extra={"events": self.backlog})
        try:
            self._write_held()
        except OSError as fault:
            self._say_unwritable(fault)
            self.lost += len(self._held)
        self._journal.seal()
        for orphan in [Orphan(self._process_id, self._claim, self._journal), *self._orphans]:
            if orphan.journal.open_calls or not orphan.finish():
                orphan.claim.release()
        self._orphans.clear()

    async def _keep_shipping(self, bus: Bus) -> None:
        pause, longest = BACKOFF_S
        unshipped = Trouble(
            log,
            "spend events wait in the spool",
            "spend events are shipped again",
            explained=lambda: not bus.connected,
        )
        while True:
            try:
                await self._ship_all(bus)
                if self._closing and not self._held:
                    self._journal.seal()
                    await shipper.ship_closing(bus, self._journal, self._claim, self._process_id)
            except Exception as fault:  # noqa: BLE001  a supervised loop: told once, tried for ever
                unshipped.failed(fault)
                # Not woken by new events: each would cause one more vain attempt.
                if await bus.wait_connected(longest):
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, longest)
                continue
            finally:
                self._measure()
            pause = BACKOFF_S[0]
            unshipped.over()
            if self._closing:
                return
            await self._rest(IDLE_S)

    def _measure(self) -> None:
        journals = [self._journal, *(orphan.journal for orphan in self._orphans)]
        metrics.spool_events.set(self.backlog)
        metrics.spool_bytes.set(sum(journal.total_bytes for journal in journals))

    async def _rest(self, longest_s: float) -> None:
        """Wait for an event or a connection, but not longer than `longest_s`."""
        try:
            async with asyncio.timeout(longest_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _ship_all(self, bus: Bus) -> None:
        """Ship until nothing waits; the own calls first, they are the freshest."""
        self._wake.clear()
        self._journal.tick()
        more = True
        while more:
            shipped = await shipper.ship(bus, self._journal, self._process_id)
            more = shipped > 0
            more |= await self._ship_held(bus) > 0
            for orphan in list(self._orphans):
                more |= await self._ship_orphan(bus, orphan)
            await self._ship_counts(bus)
            self._measure()
            if 0 < shipped < shipper.WINDOW:
                await asyncio.sleep(GATHER_S)

    async def _ship_orphan(self, bus: Bus, orphan: Orphan) -> bool:
        """Ship the next of an orphan; return whether there was any, else it is finished."""
        if await shipper.ship(bus, orphan.journal, orphan.process_id):
            return True
        await shipper.ship_counts(bus, orphan.journal.unshipped_tallies(), orphan.process_id)
        await shipper.ship_closing(bus, orphan.journal, orphan.claim, orphan.process_id)
        if orphan.finish():
            self._orphans.remove(orphan)
        return False

    async def _ship_counts(self, bus: Bus) -> None:
        """Tell how many calls have been shipped, and delete the files that nobody needs any more."""
        now = asyncio.get_running_loop().time()
        due = self._closing or now - self._counts_told_at >= COUNTS_S
        tallies = self._journal.unshipped_tallies(passed_only=not due)
        if due and not self._in_no_file.shipped:
            tallies.append(self._in_no_file)
        if tallies:
            await shipper.ship_counts(bus, tallies, self._process_id)
            self._journal.delete_finished()
        if due:
            self._counts_told_at = now

    async def _ship_held(self, bus: Bus) -> int:
        """Ship from memory what the disk does not take."""
        some = list(self._held)[: shipper.WINDOW]
        if some:
            await shipper.publish(bus, some, self._process_id)
            shipped = {record.id for record in some}
            for record in self._held:
                if record.id in shipped and record.counts_as:
                    self._in_no_file.add_one(Count(record.id, record.counts_as))
            for call_id in shipped:
                self._journal.ended_elsewhere(call_id)
            self._held = deque(record for record in self._held if record.id not in shipped)
        return len(some)

    async def _keep_adopting(self) -> None:
        root = self._claim.folder.parent
        while True:
            try:
                taken = await asyncio.to_thread(take_over, root, self._process_id, self._settings)
            except OSError as fault:
                log.error("the spool folder cannot be listed", extra={"fault": str(fault)})
            else:
                self._orphans += taken
                if taken:
                    self._wake.set()
            await asyncio.sleep(self._settings.adopt_interval_s)

    async def _keep_proving(self) -> None:
        while True:
            await asyncio.sleep(PROVE_S)
            self.prove()

    async def _keep_synced(self) -> None:
        while self._settings.sync == "interval":
            await asyncio.sleep(self._settings.sync_interval_s)
            fd = self._journal.dirty_copy()
            if fd is not None:
                try:
                    await asyncio.to_thread(_sync, fd)
                except OSError as fault:
                    log.error("the spool cannot be synced", extra={"fault": str(fault)})

    def _require_room(self, share: float) -> None:
        if self._journal.total_bytes > self._settings.max_bytes * share:
            raise OSError(f"the spool holds more than {self._settings.max_bytes} bytes")

    def _write_held(self) -> None:
        while self._held:
            self._journal.ended(self._held[0])
            self._held.popleft()

    def _hold(self, record: Record) -> None:
        if len(self._held) < self._settings.max_held:
            self._held.append(record)
            return
        self.lost += 1
        if self._settings.failure_mode == "refuse":
            raise Unavailable(
                "this gateway cannot record what this request cost; its disk is full or failing"
            )

    def _say_unwritable(self, fault: OSError) -> None:
        if not self._said_unwritable:
            self._said_unwritable = True
            log.error("the spool cannot be written", extra={"fault": str(fault)})

    def _say_writable(self) -> None:
        # Beyond the bound calls that are under way may still end.
        if self._said_unwritable and self._journal.total_bytes <= self._settings.max_bytes:
            self._said_unwritable = False
            log.info("the spool can be written again")


def _sync(fd: int) -> None:
    try:
        os.fdatasync(fd)
    finally:
        os.close(fd)
