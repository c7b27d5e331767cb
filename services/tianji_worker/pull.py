"""Pulls a durable consumer's messages as they come, in batches.

nats-py's own `fetch` waits until a batch is full or its time is over. Here one request stands open,
and whatever has come shortly after a first message is a batch: alone it waits no longer than that.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

import msgspec
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from tianji.bus.client import Bus
from tianji.errors import Unavailable

EXPIRES_S = 20.0
GRACE_S = 5.0
TALK_S = 5.0
GATHER_S = 0.01
MAX_BYTES = 32 << 20
_NOTHING_CAME = "408"


class Pull:
    """The messages of one consumer on the connection of now; use it as `async with`."""

    def __init__(self, bus: Bus, stream: str, consumer: str, *, batch: int) -> None:
        self._bus = bus
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._batch = batch
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue()
        self._credit = 0
        self._inbox = ""
        self._subscription: Subscription | None = None

    async def __aenter__(self) -> Pull:
        client = self._bus.nc
        self._inbox = client.new_inbox()
        async with self._bus.talk("subscribing", TALK_S):
            self._subscription = await client.subscribe(self._inbox, cb=self._arrived.put)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hand back what has come and was not taken."""
        try:
            async with self._bus.talk("unsubscribing", TALK_S):
                if self._subscription is not None:
                    await self._subscription.unsubscribe()
                while not self._arrived.empty():
                    message = self._arrived.get_nowait()
                    if _status(message) is None:
                        await message.nak()
        except Unavailable:
            pass  # they come again by themselves

    async def next(self) -> list[Msg]:
        """Wait for the next messages. Raises Unavailable when the connection or the consumer is gone."""
        messages = [await self._first()]
        await asyncio.sleep(GATHER_S)
        while len(messages) < self._batch and not self._arrived.empty():
            message = self._arrived.get_nowait()
            if self._counts(message):
                messages.append(message)
        return messages

    async def _first(self) -> Msg:
        while True:
            async with self._bus.talk("waiting for messages", EXPIRES_S + GRACE_S):
                if self._credit <= 0:
                    await self._request()
                message = await self._arrived.get()
            if self._counts(message):
                return message
            await asyncio.sleep(GATHER_S)

    async def _request(self) -> None:
        wanted = {"batch": self._batch, "max_bytes": MAX_BYTES, "expires": int(EXPIRES_S * 1e9)}
        await self._bus.nc.publish(self._subject, msgspec.json.encode(wanted), reply=self._inbox)
        self._credit = self._batch

    def _counts(self, message: Msg) -> bool:
        """Say whether this is a message; else it ends the request, or the consumer is gone."""
        status = _status(message)
        if status is None:
            self._credit -= 1
            return True
        self._credit = 0
        if status not in (_NOTHING_CAME, "409"):
            raise Unavailable(f"the stream's consumer answers with status {status}")
        return False


def _status(message: Msg) -> str | None:
    return (message.headers or {}).get("Status")
