"""The journal: which calls of one spool folder are open, which ended ones wait for the bus.

The cursor goes through the files from the oldest on; files behind it are deleted strictly in order.
A call that is still open when its file goes is written anew into the growing one. So the record that
a call began is never found without the record that it ended, once that was written. A file of which
open calls make up the greater part stays: to write them anew would free too little.

What the cursor passes is counted by file, and no file goes before the bus has its counts. Who takes
over a folder counts the files that are left from their first byte on.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator

from tianji_gateway.spool import records
from tianji_gateway.spool.frames import MAX_FRAME_BYTES, Reader, frame
from tianji_gateway.spool.fresh import Batch, Fresh
from tianji_gateway.spool.records import BEGAN, ENDED, Record
from tianji_gateway.spool.segments import Segments
from tianji_gateway.spool.tally import Count, Tally

log = logging.getLogger(__name__)

CHUNK_BYTES = 2 * MAX_FRAME_BYTES


class Journal:
    """The records of one spool folder; the holder of its claim owns it."""

    def __init__(self, segments: Segments, fresh: Fresh | None = None) -> None:
        self._segments = segments
        self._open: dict[str, tuple[int, bytes]] = {}
        self._weights: Counter[int] = Counter()  # bytes of open calls by file
        self._number = next(iter(segments.numbers), 1)
        self._offset = 0
        self._tallies: dict[int, Tally] = {}
        self._fresh = fresh or Fresh()
        self.backlog = 0
        """Ended records that the bus has not acknowledged."""
        self.damaged_bytes = 0
        """Bytes that were skipped because they are no whole record."""

    @property
    def total_bytes(self) -> int:
        """What the files take on disk."""
        return self._segments.total_bytes

    @property
    def open_calls(self) -> int:
        """Calls that began and did not end."""
        return len(self._open)

    def began(self, call_id: str, payload: bytes, *, carried: bool = False) -> None:
        """Write that a call began. Raises OSError, then nothing was written."""
        number = self._write(Record(BEGAN, call_id, payload, None if carried else "began"))
        self._note_open(call_id, number, payload)

    def ended(self, record: Record) -> None:
        """Write that a call ended. Raises OSError, then nothing was written."""
        self._write(record)
        self.backlog += 1
        self._note_closed(record.id)

    def ended_elsewhere(self, call_id: str) -> None:
        """The bus has a call's end that never was in a file: keep nothing for it."""
        self._note_closed(call_id)

    def recover(self) -> None:
        """Read what a dead process left, and end the calls that it left open."""
        last_seen = 0.0
        for number in self._segments.numbers:
            last_seen = max(last_seen, self._segments.modified_at(number))
            self._read_through(number)
        left = list(self._open.items())
        for call_id, (_, payload) in left:
            event = records.interrupted(payload, last_seen)
            if event is None:
                self._note_closed(call_id)
            else:
                self.ended(records.ended(event))
        if self.backlog or left:
            log.warning(
                "took over the spool of a process that is gone",
                extra={
                    "folder": self._segments.folder.name,
                    "events": self.backlog,
                    "interrupted": len(left),
                },
            )

    def batch(self, limit: int) -> Batch | None:
        """Return the next ended records, or None when all have been acknowledged."""
        while self._number in self._segments.numbers:
            found = self._fresh.batch(self._number, self._offset, limit) or self._next_in_file(limit)
            if found.records:
                return found
            self._move(found)
            if self._offset >= self._segments.size(self._number):
                if self._number == self._segments.active:
                    break
                following = (number for number in self._segments.numbers if number > self._number)
                self._number, self._offset = next(following, self._number + 1), 0
        self.delete_finished()
        return None

    def acknowledged(self, batch: Batch) -> None:
        """The bus has these records: never offer them again."""
        self.backlog -= len(batch.records)
        self._move(batch)

    def finish(self) -> bool:
        """Delete what can go; return whether the bus has everything and no file is left."""
        return self.batch(1) is None and not self._segments.numbers

    def unshipped_tallies(self, *, passed_only: bool = False) -> list[Tally]:
        """Return the counts that the bus does not have yet, of all files or of those behind the cursor."""
        return [
            tally
            for number, tally in self._tallies.items()
            if not tally.shipped and (number < self._number or not passed_only)
        ]

    def delete_finished(self) -> None:
        """Delete the files behind the cursor of which the bus has events and counts.

        Where the disk takes no open call anew, this raises OSError; the file stays for another time.
        """
        for number in self._segments.numbers:
            if number >= self._number or 2 * self._weights[number] > self._segments.size(number):
                return
            if number in self._tallies and not self._tallies[number].shipped:
                return
            for call_id, (where, payload) in list(self._open.items()):
                if where == number:
                    self.began(call_id, records.carried(payload), carried=True)
            self._segments.remove(number)
            self._tallies.pop(number, None)
            del self._weights[number]

    def tick(self) -> None:
        """Let the growing file go when it is old, so that it can be deleted."""
        self._segments.seal_if_due()

    def seal(self) -> None:
        """Write no more, so that an acknowledged journal leaves no file."""
        self._segments.seal()

    def dirty_copy(self) -> int | None:
        """Return a descriptor of the growing file when it holds unsynced bytes; the caller closes it."""
        return self._segments.dirty_copy()

    def _write(self, record: Record) -> int:
        """Write a record; return the number of its file."""
        data = frame(record.payload)
        number = self._segments.append(data)
        end = self._segments.size(number)
        self._fresh.add(number, end - len(data), end, record)
        return number

    def _next_in_file(self, limit: int) -> Batch:
        start, damaged = self._offset, 0
        reader = self._reader(self._number, start)
        found: list[Record] = []
        counts: list[Count] = []
        for one in reader:
            record = records.parse(one.payload)
            if record is None:
                damaged += len(one.payload)
                continue
            if record.counts_as:
                counts.append(Count(record.id, record.counts_as))
            if record.kind == ENDED:
                found.append(record)
                if len(found) == limit:
                    break
        return Batch(found, start + reader.position, damaged + reader.skipped, counts)

    def _reader(self, number: int, start: int) -> Reader:
        data = self._segments.read(number, start, CHUNK_BYTES)
        at_end = start + len(data) >= self._segments.size(number)
        return Reader(data, complete=at_end)

    def _read_through(self, number: int) -> None:
        """Learn what is in a file: how many ended calls, which open ones."""
        for record in self._records_of(number):
            if record.kind == ENDED:
                self.backlog += 1
                self._note_closed(record.id)
            else:
                self._note_open(record.id, number, record.payload)

    def _records_of(self, number: int) -> Iterator[Record]:
        offset = 0
        while offset < self._segments.size(number):
            reader = self._reader(number, offset)
            for one in reader:
                record = records.parse(one.payload)
                if record is not None:
                    yield record
            offset += reader.position

    def _move(self, batch: Batch) -> None:
        self._offset = batch.end
        self._fresh.passed(self._number, batch.end)
        self._tallies.setdefault(self._number, Tally(self._number)).add(batch.counts, batch.end)
        if batch.damaged_bytes:
            self.damaged_bytes += batch.damaged_bytes
            log.error(
                "the spool holds bytes that are no record",
                extra={"folder": self._segments.folder.name, "bytes": batch.damaged_bytes},
            )

    def _note_open(self, call_id: str, number: int, payload: bytes) -> None:
        self._note_closed(call_id)
        self._open[call_id] = (number, payload)
        self._weights[number] += len(payload)

    def _note_closed(self, call_id: str) -> None:
        number, payload = self._open.pop(call_id, (0, b""))
        self._weights[number] -= len(payload)
