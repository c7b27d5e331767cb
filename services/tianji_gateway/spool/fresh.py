"""The records written last: what is still in memory goes to the bus without a file being read for it."""

from __future__ import annotations

from collections import deque

from msgspec import Struct

from tianji_gateway.spool.records import ENDED, Record
from tianji_gateway.spool.tally import Count

MOST_BYTES = 2 << 20
"""Payloads take no more than this; what is written while it is used up is read from its file."""


class Batch(Struct, frozen=True):
    """Ended records that wait for the bus, and how far the cursor goes once it has them."""

    records: list[Record]
    end: int
    damaged_bytes: int
    counts: list[Count]


class _Written(Struct, frozen=True):
    number: int
    start: int
    end: int
    record: Record


class Fresh:
    """Records with their places in the files, in the order of both."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._written: deque[_Written] = deque()
        self._bytes = 0
        self._most_bytes = most_bytes

    def add(self, number: int, start: int, end: int, record: Record) -> None:
        """Keep a record that has just been written, if there is room."""
        size = end - start
        if self._bytes + size <= self._most_bytes:
            self._bytes += size
            self._written.append(_Written(number, start, end, record))

    def batch(self, number: int, offset: int, limit: int) -> Batch | None:
        """Return what lies from this place of a file on; None where that is not here."""
        found: list[Record] = []
        counts: list[Count] = []
        end = offset
        for one in self._written:
            if one.start != end or one.number != number or len(found) == limit:
                break
            end, record = one.end, one.record
            if record.counts_as:
                counts.append(Count(record.id, record.counts_as))
            if record.kind == ENDED:
                found.append(record)
        return Batch(found, end, 0, counts) if end > offset else None

    def passed(self, number: int, offset: int) -> None:
        """Forget what lies before this place."""
        written = self._written
        while written and (written[0].number, written[0].start) < (number, offset):
            gone = written.popleft()
            self._bytes -= gone.end - gone.start
