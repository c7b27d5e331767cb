"""The pure heart of the snapshot: from changes as they come to the next complete revision.

Records arrive one by one and are staged; only a head whose digest and count fit all that is
staged makes them a revision. Whatever else happens (a gap, a replay, changes in disorder, a
record damaged on its way) leaves the last complete revision in force and says why.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from tianji.domain.snapshot import HEAD, Head, record_digest

_MODULUS = 1 << 256


class Revision(Struct, frozen=True):
    """All records of one complete configuration, and the bucket's sequence it was complete at."""

    number: int
    sequence: int
    records: Mapping[str, bytes]


class Staging:
    """What has been heard of the configuration, complete or not."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}
        self._sequences: dict[str, int] = {}
        self._digest = 0
        self._head: Head | None = None
        self._sequence = 0
        self.waiting_for = "no configuration has been published"
        """Why what is staged is not a complete revision; empty when it is."""

    @property
    def sequence(self) -> int:
        """The highest sequence heard of."""
        return self._sequence

    def take(self, name: str, value: bytes | None, sequence: int) -> Revision | None:
        """Stage one change; return the revision that is complete with it.

        A change older than what is known of the same name is ignored. None: not complete, see
        `waiting_for`.
        """
        if sequence <= self._sequences.get(name, 0):
            return None
        self._sequences[name] = sequence
        self._sequence = max(self._sequence, sequence)
        if name == HEAD:
            self._take_head(value)
        else:
            self._stage(name, value)
        return self._complete()

    def _take_head(self, value: bytes | None) -> None:
        try:
            self._head = None if value is None else msgspec.json.decode(value, type=Head)
        except msgspec.DecodeError:
            self._head = None

    def _stage(self, name: str, value: bytes | None) -> None:
        before = self._values.pop(name, None)
        if before is not None:
            self._digest -= record_digest(name, before)
        if value is not None:
            self._values[name] = value
            self._digest += record_digest(name, value)
        self._digest %= _MODULUS

    def _complete(self) -> Revision | None:
        self.waiting_for = self._missing()
        if self.waiting_for or self._head is None:
            return None
        return Revision(self._head.revision, self._sequence, dict(self._values))

    def _missing(self) -> str:
        if self._head is None:
            return "the head is missing or unreadable"
        if len(self._values) != self._head.records:
            return (
                f"revision {self._head.revision} has {self._head.records} records, "
                f"{len(self._values)} are here"
            )
        if f"{self._digest:064x}" != self._head.digest:
            return f"the records are not those of revision {self._head.revision}"
        return ""
