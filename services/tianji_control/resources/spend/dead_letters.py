"""Spend events that the worker set aside: listing them, and sending them on their way again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import APIError, NotFoundError

from tianji.bus.client import Bus
from tianji.bus.subjects import (
    DEAD_LETTER_ANEW,
    DEAD_LETTER_ORIGIN,
    DEAD_LETTER_REASON,
    DEAD_LETTER_SEQUENCE,
    DEAD_LETTER_STREAM,
    LEDGER_CONSUMER,
    SPEND_STREAM,
    dead_letter_subject,
)
from tianji.errors import Conflict, NotFound

TALK_S = 5.0
MOST_ID = 2**63 - 1


class DeadLetter(Struct, frozen=True):
    """A message that could not become a row, and why."""

    id: int
    """Its place in the stream of dead letters."""
    time: datetime | None
    """When it was set aside."""
    reason: str
    subject: str
    sequence: str
    """Its place in the SPEND stream; the worker's log says it too."""
    payload: bytes

    @property
    def event(self) -> Any:
        """What the message says: JSON where it is some, else text."""
        try:
            return msgspec.json.decode(self.payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self.payload.decode(errors="replace")


async def count(bus: Bus) -> int:
    """Return how many there are."""
    js = bus.js
    async with bus.talk("counting dead letters", TALK_S):
        return int((await js.stream_info(DEAD_LETTER_STREAM)).state.messages)


async def following(bus: Bus, after: int, limit: int) -> list[DeadLetter]:
    """Return the next ones behind an id, oldest first."""
    return [letter async for letter in _from(bus, after + 1, limit)]


async def one(bus: Bus, id: int) -> DeadLetter:
    """Return the one with this id. Raises NotFound."""
    if not 1 <= id <= MOST_ID:
        raise _missing(id)
    js = bus.js
    async with bus.talk("reading a dead letter", TALK_S):
        try:
            return _letter(await js.get_msg(DEAD_LETTER_STREAM, id))
        except NotFoundError:
            raise _missing(id) from None


async def replay(bus: Bus, letter: DeadLetter, *, anew: bool) -> None:
    """Give it to the SPEND stream again, and remove it once the stream has it.

    `anew` says that it was never counted, though the rows of its day were dropped. Replayed twice it
    makes no second row. If it still cannot be written it is set aside anew.
    """
    if not letter.subject:
        raise Conflict(f"Dead letter {letter.id} does not say where it came from", param="id")
    js = bus.js
    # Two who replay it at once give it once, so that it is set aside once where it still cannot be written.
    headers = {"Nats-Msg-Id": f"replayed-{letter.id}-{letter.time}{'-anew' * anew}"}
    if anew:
        headers[DEAD_LETTER_ANEW] = "1"
    async with bus.talk("replaying a dead letter", TALK_S):
        await js.publish(letter.subject, letter.payload, timeout=TALK_S, stream=SPEND_STREAM, headers=headers)
        await _remove(js, letter.id)


async def unwritten(bus: Bus) -> int:
    """Return how many messages of the SPEND stream the worker has not settled yet."""
    js = bus.js
    async with bus.talk("asking for the ledger's backlog", TALK_S):
        info = await js.consumer_info(SPEND_STREAM, LEDGER_CONSUMER)
    return int(info.num_pending or 0) + int(info.num_ack_pending or 0)


async def _from(bus: Bus, sequence: int, limit: int) -> AsyncIterator[DeadLetter]:
    js, subject = bus.js, dead_letter_subject(LEDGER_CONSUMER)
    for _ in range(limit):
        async with bus.talk("reading dead letters", TALK_S):
            try:
                message = await js.get_msg(DEAD_LETTER_STREAM, sequence, subject, next=True)
            except NotFoundError:
                return
        letter = _letter(message)
        yield letter
        sequence = letter.id + 1


async def _remove(js: JetStreamContext, id: int) -> None:
    """Remove a letter that somebody else may have removed already: NATS has several names for that."""
    try:
        await js.delete_msg(DEAD_LETTER_STREAM, id)
    except APIError as fault:
        try:
            await js.get_msg(DEAD_LETTER_STREAM, id)
        except NotFoundError:
            return
        raise fault


def _missing(id: int) -> NotFound:
    return NotFound(f"There is no dead letter {id}", param="id")


def _letter(message: RawStreamMsg) -> DeadLetter:
    headers = message.headers or {}
    return DeadLetter(
        message.seq or 0,
        message.time,
        headers.get(DEAD_LETTER_REASON, ""),
        headers.get(DEAD_LETTER_ORIGIN, ""),
        headers.get(DEAD_LETTER_SEQUENCE, ""),
        message.data or b"",
    )
