"""Follows a bucket over one ephemeral consumer, and notices at once when it may have missed a change.

A watch never repairs itself: on a lost connection, a gap or a silent server it raises, and its
user starts over from what it reads again. So no time passes in which it is merely quiet.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec import Struct
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from tianji.bus.faults import NoAnswer
from tianji.errors import Unavailable

if TYPE_CHECKING:
    from tianji.bus.client import Bus

OPERATION = "KV-Operation"
DELETIONS = ("DEL", "PURGE")

HEARTBEAT_S = 1.0
SILENCE_S = 3.0
"""Without a message or heartbeat for so long the consumer is taken for dead."""

OPEN_S = 5.0
_IDLE_S = 30.0


class Entry(Struct, frozen=True):
    """One change of a bucket; `value` is None when the name was deleted."""

    name: str
    value: bytes | None
    sequence: int


class Watch:
    """A run of changes in the order of their sequences; see `Bus.watch`."""

    def __init__(self, bus: Bus, bucket: str, *, only_new: bool) -> None:
        self._bus = bus
        self._bucket = bucket
        self._prefix = f"$KV.{bucket}."
        self._only_new = only_new
        self._waiting: asyncio.Queue[Msg | None] = asyncio.Queue()
        self._subscription: Subscription | None = None
        self._lost: asyncio.Task[None] | None = None
        self._consumer = ""
        self._delivered = 0
        self._heard = 0.0
        self.caught_up = False
        """Whether all that the bucket held at the start has been returned."""
        self.start_sequence = 0
        """The bucket's last sequence when the watch began; with `only_new`, changes after it come."""

    async def __aenter__(self) -> Self:
        js = self._bus.js
        client = self._bus.nc
        inbox = client.new_inbox()
        self._heard = asyncio.get_running_loop().time()
        self._lost = asyncio.create_task(self._note_loss(), name="watch")
        try:
            async with self._bus.talk(f"watching {self._bucket}", OPEN_S):
                self._subscription = await client.subscribe(inbox, cb=self._take)
                info = await js.add_consumer(f"KV_{self._bucket}", config=self._config(inbox))
                self._consumer = info.name
                # The consumer is there before this is read: what it says is covered.
                state = await js.stream_info(f"KV_{self._bucket}")
        except BaseException:
            await self._shut()
            raise
        self.start_sequence = int(state.state.last_seq)
        self.caught_up = self._only_new or not info.num_pending
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._shut()

    @property
    def waiting(self) -> bool:
        """Whether the next change has come already."""
        return not self._waiting.empty()

    async def next(self, within_s: float | None = None) -> Entry | None:
        """Return the next change, whenever it comes, or None when none came `within_s`.

        Raises Unavailable when the watch can no longer know that it sees all changes.
        """
        loop = asyncio.get_running_loop()
        until = None if within_s is None else loop.time() + within_s
        while True:
            message = await self._message(until)
            if message is None:
                return None
            headers = message.headers or {}
            if headers.get("Status") == "100":
                await self._pulse(message, headers)
            elif "Status" in headers:
                raise Unavailable(f"watching {self._bucket}: NATS ended the consumer")
            else:
                return self._entry(message, headers)

    async def _message(self, until: float | None) -> Msg | None:
        """Return what comes next; None at `until`."""
        loop = asyncio.get_running_loop()
        silent = self._heard + SILENCE_S
        deadline_at = silent if until is None else min(silent, until)
        try:
            async with asyncio.timeout_at(deadline_at):
                message = await self._waiting.get()
        except TimeoutError:
            if loop.time() >= silent:
                raise NoAnswer(f"watching {self._bucket}: NATS went silent") from None
            return None
        if message is None:
            raise Unavailable(f"watching {self._bucket}: the connection was lost")
        self._heard = loop.time()
        return message

    def _config(self, inbox: str) -> ConsumerConfig:
        policy = DeliverPolicy.NEW if self._only_new else DeliverPolicy.LAST_PER_SUBJECT
        return ConsumerConfig(
            deliver_subject=inbox,
            deliver_policy=policy,
            ack_policy=AckPolicy.NONE,
            max_deliver=1,
            filter_subject=f"{self._prefix}>",
            flow_control=True,
            idle_heartbeat=HEARTBEAT_S,
            inactive_threshold=_IDLE_S,
            mem_storage=True,
            num_replicas=1,
        )

    def _entry(self, message: Msg, headers: dict[str, str]) -> Entry:
        metadata = message.metadata
        self._check(metadata.sequence.consumer - 1)
        self._delivered = metadata.sequence.consumer
        if not metadata.num_pending:
            self.caught_up = True
        deleted = headers.get(OPERATION) in DELETIONS or "Nats-Marker-Reason" in headers
        return Entry(
            message.subject.removeprefix(self._prefix),
            None if deleted else message.data,
            metadata.sequence.stream,
        )

    async def _pulse(self, message: Msg, headers: dict[str, str]) -> None:
        """Answer the server's flow control; compare its heartbeat with what has come."""
        if message.reply:
            async with self._bus.talk("flow control", SILENCE_S):
                await message.respond(b"")
            return
        if "Nats-Last-Consumer" in headers:
            self._check(int(headers["Nats-Last-Consumer"]))

    def _check(self, delivered: int) -> None:
        if delivered != self._delivered:
            raise Unavailable(f"watching {self._bucket}: changes were missed")

    async def _take(self, message: Msg) -> None:
        self._waiting.put_nowait(message)

    async def _note_loss(self) -> None:
        await self._bus.wait_lost()
        self._waiting.put_nowait(None)

    async def _shut(self) -> None:
        if self._lost is not None:
            self._lost.cancel()
            await asyncio.gather(self._lost, return_exceptions=True)
        if self._subscription is None:
            return
        try:
            async with self._bus.talk("ending a watch", 1.0):
                # Also without a connection: nats-py would take it up again with the next one.
                await self._subscription.unsubscribe()
                if self._consumer and self._bus.connected:
                    await self._bus.js.delete_consumer(f"KV_{self._bucket}", self._consumer)
        except Unavailable:
            # The server ends an idle consumer by itself.
            return
