"""From the SPEND stream to the ledger: fetch, write, acknowledge after the commit.

A message holds one or many events, one a line. What was written and not acknowledged comes again
and changes nothing. What can never be written is set aside in DEAD_LETTERS with the reason, alone:
the events around it are written.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import NamedTuple

import psycopg
from nats.aio.msg import Msg
from psycopg.errors import QueryCanceled

from tianji.bus.client import Bus
from tianji.bus.subjects import (
    DEAD_LETTER_ANEW,
    DEAD_LETTER_ORIGIN,
    DEAD_LETTER_REASON,
    DEAD_LETTER_SEQUENCE,
    LEDGER_CONSUMER,
    SPEND_STREAM,
    dead_letter_subject,
    tells_closing,
    tells_counts,
)
from tianji.errors import Unavailable
from tianji.obs import metrics
from tianji.obs.supervised import stop, together
from tianji.obs.trouble import Explained, Trouble, unexplained
from tianji_worker.ledger.closings import closed_of
from tianji_worker.ledger.counts import CountRow, counts_of
from tianji_worker.ledger.partitions import DayClosed
from tianji_worker.ledger.rows import Poison, Row, row_of
from tianji_worker.ledger.write import Ledger
from tianji_worker.pull import Pull

log = logging.getLogger(__name__)

BATCH = 32
"""Messages of one transaction; each may hold some hundred events."""
LANES = 2
"""Batches under way at a time: one is read and put into rows while Postgres works on another."""
TALK_S = 5.0
HOLD_S = 3.0
"""How often the stream is told that a batch is being written; it comes again after three times as long."""
PAUSE_S = (0.2, 5.0)

LETTER_BYTES = 1024
"""More than the headers of a letter take."""
_CLOSED = "the rows of its day were dropped, so that nobody can tell whether it was counted"

# What the data is to blame for: data exceptions, constraints, limits. All else is the server's state.
_DATA_FAULTS = ("22", "23", "54")


class Piece(NamedTuple):
    """One line of a message."""

    message: Msg
    number: int
    data: bytes


class Event(NamedTuple):
    """What a piece says: one row of the ledger, counts to compare it with, or the end of a process."""

    piece: Piece
    row: Row | None = None
    counts: tuple[CountRow, ...] = ()
    closed: str | None = None


class Consumer:
    """Takes events off the stream for as long as it runs."""

    def __init__(self, bus: Bus, ledger: Ledger, cut_off: Explained = unexplained) -> None:
        """`cut_off` says whether a server is away."""
        self._bus = bus
        self._ledger = ledger
        self._fetching = asyncio.Lock()
        self._settling = asyncio.Semaphore(LANES)
        self._unwritten = Trouble(
            log,
            "the ledger cannot be written; spend events wait",
            "the ledger is written again",
            explained=cut_off,
        )

    async def run(self) -> None:
        """Consume until the connection is lost. Raises Unavailable then."""
        await self._bus.ensure_layout()
        async with Pull(self._bus, SPEND_STREAM, LEDGER_CONSUMER, batch=BATCH) as pull:
            await together(*(self._keep_settling(pull) for _ in range(LANES)))

    async def _keep_settling(self, pull: Pull) -> None:
        while True:
            async with self._fetching:
                messages = await pull.next()
            async with self._settling:
                await self._settle(messages)

    async def settled(self, within_s: float) -> None:
        """Wait until no batch is half done, and let no further one begin; call it before cancelling `run`."""
        try:
            async with asyncio.timeout(within_s):
                for _ in range(LANES):
                    await self._settling.acquire()
        except TimeoutError:
            log.warning("a batch of spend events is left to the next worker")

    async def _settle(self, messages: Sequence[Msg]) -> None:
        """Write a batch, for as long as it takes, and acknowledge it."""
        today = datetime.now(UTC).date()
        events, bad = [], []
        for piece in _pieces(messages):
            try:
                events.append(_read(piece, today))
            except Poison as fault:
                bad.append((piece, str(fault)))
        pause, longest = PAUSE_S
        while events:
            try:
                async with self._held(messages):
                    await self._write(events)
                self._unwritten.over()
                break
            except (psycopg.Error, Unavailable, OSError) as fault:
                self._unwritten.failed(fault)
                await asyncio.sleep(pause)
                pause = min(pause * 2, longest)
        # Last, for the stream knows a repeated letter for a short while only, and writing may take long.
        for piece, reason in bad:
            await self._set_aside(piece, reason)
        await self._acknowledge(messages)

    async def _write(self, events: Sequence[Event]) -> None:
        try:
            rows = [event.row for event in events if event.row is not None]
            counts = [row for event in events for row in event.counts]
            closed = [event.closed for event in events if event.closed is not None]
            new = await self._ledger.write(rows, counts, closed)
        except DayClosed as fault:
            rest = []
            for event in events:
                if event.row is None or event.row.anew or event.row.day not in fault.days:
                    rest.append(event)
                else:
                    await self._set_aside(event.piece, f"{_CLOSED}: {event.row.day}")
            await self._write(rest)
            return
        except psycopg.Error as fault:
            slow = isinstance(fault, QueryCanceled) and len(events) > 1
            if not slow and not (fault.sqlstate or "").startswith(_DATA_FAULTS):
                raise
            if len(events) == 1:
                await self._set_aside(events[0].piece, f"Postgres: {fault}")
                return
            middle = len(events) // 2
            await self._write(events[:middle])
            await self._write(events[middle:])
            return
        metrics.ledger_rows.inc(new)
        metrics.ledger_duplicates.inc(len(rows) - new)
        if rows:
            metrics.ledger_lag_seconds.set(max(0.0, time.time() - max(row.ended_at for row in rows)))

    @asynccontextmanager
    async def _held(self, messages: Sequence[Msg]) -> AsyncIterator[None]:
        """Keep messages from coming again while they are written, however long Postgres takes.

        Not while one waits to try again: then another worker may have more luck.
        """
        holding = asyncio.create_task(self._keep_holding(messages), name="holding")
        try:
            yield
        finally:
            await stop([holding])

    async def _keep_holding(self, messages: Sequence[Msg]) -> None:
        while True:
            await asyncio.sleep(HOLD_S)
            try:
                async with self._bus.talk("holding spend events", TALK_S):
                    for message in messages:
                        await message.in_progress()
            except Unavailable as fault:
                log.debug("spend events may come again", extra={"fault": fault.message})

    async def _acknowledge(self, messages: Sequence[Msg]) -> None:
        try:
            async with self._bus.talk("acknowledging spend events", TALK_S):
                for message in messages:
                    await message.ack()
        except Unavailable as fault:
            log.debug("spend events will come again", extra={"fault": fault.message})

    async def _set_aside(self, piece: Piece, reason: str) -> None:
        """Keep a piece for a person to look at; kept once, however often its message comes."""
        sequence = piece.message.metadata.sequence.stream
        headers = {
            "Nats-Msg-Id": f"{LEDGER_CONSUMER}-{sequence}-{piece.number}",
            DEAD_LETTER_REASON: " ".join(reason.split())[:300].encode("ascii", "replace").decode(),
            DEAD_LETTER_ORIGIN: piece.message.subject,
            DEAD_LETTER_SEQUENCE: str(sequence),
        }
        # The server's limit is for headers, too, and a letter has more of them than the message had.
        data = piece.data[: self._bus.nc.max_payload - LETTER_BYTES]
        async with self._bus.talk("setting an event aside", TALK_S):
            await self._bus.js.publish(dead_letter_subject(LEDGER_CONSUMER), data, headers=headers)
        metrics.dead_letters.labels(SPEND_STREAM).inc()
        told = {"reason": headers[DEAD_LETTER_REASON], "sequence": sequence}
        log.error("a spend event was set aside", extra=told)


def _pieces(messages: Iterable[Msg]) -> Iterator[Piece]:
    for message in messages:
        for number, line in enumerate(message.data.split(b"\n")):
            yield Piece(message, number, line)


def _read(piece: Piece, today: date) -> Event:
    """Read one line of a message. Raises Poison."""
    if tells_counts(piece.message.subject):
        return Event(piece, counts=tuple(counts_of(piece.data)))
    if tells_closing(piece.message.subject):
        return Event(piece, closed=closed_of(piece.data))
    anew = DEAD_LETTER_ANEW in (piece.message.headers or {})
    return Event(piece, row_of(piece.data, today, anew))
