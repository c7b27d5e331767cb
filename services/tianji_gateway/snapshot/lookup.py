"""Who is calling: keys and what they belong to, looked up on first use and kept as long as they are true.

What is cached is true because a watch on the bucket brings every change to it. While the watch
is down nothing cached is taken for true: it is read again where NATS answers, and still used
where NATS does not. So a change is never missed by a gateway that could have known it, and a
gateway that is cut off goes on. Reads beside the requests find out whether NATS answers; while it
does not nobody waits for it: what is cached is used at once, what is not is refused at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

import msgspec

from tianji.bus.client import Bus
from tianji.bus.faults import Conversations, NoAnswer
from tianji.bus.subjects import KEYS_BUCKET
from tianji.domain.keys import KeyRecord
from tianji.domain.snapshot import CUSTOMER, KEY, ORGANIZATION, PROJECT, TEAM, USER, record_name
from tianji.domain.tenants import CustomerRecord, OrganizationRecord, ProjectRecord, TeamRecord, UserRecord
from tianji.errors import Unavailable
from tianji_gateway.snapshot.breaker import Breaker
from tianji_gateway.snapshot.kept import Held, Kept
from tianji_gateway.snapshot.on_disk import SeenKey

_log = logging.getLogger(__name__)

CAPACITY = 50_000
"""Keys and what they belong to, kept in memory; each takes less than 1 KB."""

RECENT = 2048
"""Changes kept although nobody asked for the name yet: a replica of NATS that lags behind may
still answer with what was before them."""

OPENED = 1024
"""Records kept as what they say, too, beside their bytes: those of callers that come again and again.
They are shared, and what follows from them may be kept with them: nobody changes them."""

BEAT = "beat"
"""A name that no record has: to read it costs little, and goes the way of every look-up."""

ANSWER_S = 0.4
"""An answer that takes this long does not come."""

STALL_S = 0.1
"""A deadline that is noticed so late says that this process stood still, and nothing of NATS."""

_NEVER = 0
"""The epoch of what was read while no watch was up: true then, checked again on next use."""

R = TypeVar("R", KeyRecord, TeamRecord, UserRecord, OrganizationRecord, CustomerRecord, ProjectRecord)


class _Read:
    """A read on its way, shared by all that want it."""

    task: asyncio.Task[Held]
    newer: Held | None = None
    """What the watch has brought meanwhile."""


class KeyLookup:
    """Looks up the records of the KEYS bucket."""

    def __init__(self, bus: Bus, filled: Callable[[], bool], capacity: int) -> None:
        """`filled` says whether the control plane has filled the NATS that we speak to.

        It decides whether a name that is missing there is unknown, or merely not written yet.
        """
        self._bus = bus
        self._filled = filled
        self._kept = Kept(capacity)
        self._recent = Kept(RECENT)
        self._opened: dict[str, tuple[Held, object]] = {}
        self._reads: dict[tuple[str, int], _Read] = {}
        self._epoch = _NEVER
        self._epochs = _NEVER
        self._breaker = Breaker(lambda: bus.connected)
        self._waits = Conversations()
        self.sequence = 0
        """The last sequence of the bucket that is acted on; 0 while no watch is up."""
        self.on_sequence: Callable[[], None] = lambda: None
        """Called when `sequence` has changed."""

    async def key(self, hash: str) -> KeyRecord | None:
        """Return a key by its hash; None when there is no such key.

        Raises Unavailable when it is not cached and NATS cannot be asked: that is not a refusal.
        """
        return await self._record(record_name(KEY, hash), KeyRecord)

    async def team(self, id: str) -> TeamRecord | None:
        """Return a team; as `key`."""
        return await self._record(record_name(TEAM, id), TeamRecord)

    async def user(self, id: str) -> UserRecord | None:
        """Return a user; as `key`."""
        return await self._record(record_name(USER, id), UserRecord)

    async def organization(self, id: str) -> OrganizationRecord | None:
        """Return an organization; as `key`."""
        return await self._record(record_name(ORGANIZATION, id), OrganizationRecord)

    async def customer(self, id: str) -> CustomerRecord | None:
        """Return a customer; as `key`."""
        return await self._record(record_name(CUSTOMER, id), CustomerRecord)

    async def project(self, id: str) -> ProjectRecord | None:
        """Return a project; as `key`."""
        return await self._record(record_name(PROJECT, id), ProjectRecord)

    async def follow(self) -> None:
        """Keep what is cached true for as long as the watch lasts; ends by raising Unavailable."""
        try:
            async with self._bus.watch(KEYS_BUCKET, only_new=True) as watch:
                # From here on every change comes by the watch; what was read before may be old.
                self._epochs += 1
                self._epoch = self._epochs
                self._breaker.answered()
                self._say(watch.start_sequence)
                while True:
                    if entry := await watch.next():
                        self._changed(entry.name, Held(entry.value, entry.sequence, self._epoch))
                        self._say(max(self.sequence, entry.sequence))
        except NoAnswer:
            self._breaker.failed()
            raise
        finally:
            self._epoch = _NEVER
            self._say(0)

    async def beat(self) -> None:
        """Find out whether NATS answers, so that no request has to; ask for it several times a second.

        When it does not, what requests wait for now ends, too.
        """
        if self._breaker.fresh:
            return
        clock = asyncio.get_running_loop().time
        late = clock() + ANSWER_S + STALL_S
        try:
            await self._bus.kv_get(KEYS_BUCKET, BEAT, ANSWER_S)
        except NoAnswer:
            if clock() < late:
                self._breaker.failed()
                self._waits.abandon()
        except Unavailable:
            self._breaker.failed()
        else:
            self._breaker.answered()

    def holds(self, hash: str) -> bool:
        """Say whether `key` answers out of what is cached, or at least need not refuse."""
        held = self._held(record_name(KEY, hash))
        return held is not None and (held.value is not None or self._true(held))

    def reconnected(self) -> None:
        """Ask NATS again at once: there is a new connection."""
        self._breaker.answered()

    @property
    def following(self) -> bool:
        """Whether a watch brings every change."""
        return self._epoch != _NEVER

    @property
    def answering(self) -> bool:
        """Whether NATS answered when it was last asked."""
        return not self._breaker.open

    @property
    def changes(self) -> int:
        """Return a figure that grows whenever `seen` has something new to say."""
        return self._kept.changes

    def seen(self, most: int) -> list[SeenKey]:
        """Return the records used last, for the copy on disk."""
        return [SeenKey(name, held.value) for name, held in self._kept.latest(most) if held.value is not None]

    def knows(self, name: str) -> bool:
        """Say whether something is cached of a name, if only that it is missing."""
        return name in self._kept or name in self._recent

    def remember(self, seen: list[SeenKey]) -> int:
        """Take over what other processes had in use; it is used only where NATS does not answer.

        Returns how many records of it were new.
        """
        new = [one for one in seen if not self.knows(one.name)]
        for one in new:
            self._kept.put(one.name, Held(one.value, 0, _NEVER))
        return len(new)

    async def _record(self, name: str, kind: type[R]) -> R | None:
        held = self._held(name)
        if held is None or not self._true(held):
            held = await self._again(name, held)
        if held.value is None:
            return None
        opened = self._opened.get(name)
        if opened is not None and opened[0] is held and isinstance(opened[1], kind):
            return opened[1]
        try:
            record = msgspec.json.decode(held.value, type=kind)
        except msgspec.DecodeError as fault:
            _log.error("record %s cannot be read: %s", name, fault)
            raise Unavailable("the record of this caller cannot be read") from fault
        if len(self._opened) >= OPENED:
            self._opened.clear()
        self._opened[name] = held, record
        return record

    def _held(self, name: str) -> Held | None:
        held = self._kept.get(name)
        if held is None:
            held = self._recent.get(name)
            if held is not None:
                self._kept.put(name, held)  # from here on it is in use: kept longer, and on disk
        return held

    def _true(self, held: Held) -> bool:
        return held.epoch == self._epoch != _NEVER

    async def _again(self, name: str, held: Held | None) -> Held:
        """Read a record, or make do with what is cached."""
        known = held if held is not None and held.value is not None else None
        if self._breaker.open:
            if known is None:
                raise Unavailable("this key is not in use here and cannot be looked up: NATS does not answer")
            return known
        try:
            # Shielded: one caller that hangs up must not take the answer from the others.
            return await asyncio.shield(self._reading(name))
        except Unavailable:
            if known is None:
                raise
            return known

    def _reading(self, name: str) -> asyncio.Task[Held]:
        """Have one read per name on its way; one begun under an earlier watch is not joined."""
        slot = (name, self._epoch)
        read = self._reads.get(slot)
        if read is None:
            read = self._reads[slot] = _Read()
            read.task = asyncio.create_task(self._read(name, slot[1], read), name="key-lookup")
            read.task.add_done_callback(lambda task: self._read_ended(slot, task))
        return read.task

    def _read_ended(self, slot: tuple[str, int], task: asyncio.Task[Held]) -> None:
        self._reads.pop(slot, None)
        if not task.cancelled():
            task.exception()  # marks it as seen: all that waited may have gone

    async def _read(self, name: str, epoch: int, read: _Read) -> Held:
        """Read and keep a record in one step, so that no change can slip in between."""
        try:
            async with self._waits.bounded("looking up a caller", ANSWER_S):
                found = await self._bus.kv_get(KEYS_BUCKET, name, ANSWER_S)
        except Unavailable:
            self._breaker.failed()
            raise
        self._breaker.answered()
        value, sequence = found or (None, 0)
        if value is None and not self._filled():
            raise Unavailable("the keys are not there yet")
        fresh = Held(value, sequence, epoch)
        if read.newer is not None and read.newer.sequence > sequence:
            fresh = read.newer
        kept = self._held(name)
        if kept is None or (kept.epoch, kept.sequence) <= (fresh.epoch, fresh.sequence):
            self._kept.put(name, fresh)
        return fresh

    def _changed(self, name: str, held: Held) -> None:
        if read := self._reads.get((name, self._epoch)):
            read.newer = held
        self._recent.put(name, held)
        if name in self._kept:
            self._kept.put(name, held)

    def _say(self, sequence: int) -> None:
        self.sequence = sequence
        self.on_sequence()
