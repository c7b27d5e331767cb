"""Tallies: how many calls a spool file tells of, by hour. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict

from msgspec import Struct

from tianji.domain.events import HourCount, SpendCounts

HOUR_MS = 3_600_000


class Count(Struct, frozen=True):
    """One call to be counted: its id, and the field of `HourCount` it counts in."""

    id: str
    field: str


class Tally:
    """The counts of one file, as far as it has been read, and how much of them the bus has."""

    def __init__(self, segment: int) -> None:
        self._segment = segment
        self._first_id = ""
        self._covered = 0
        self._shipped = 0
        self._hours: defaultdict[int, Counter[str]] = defaultdict(Counter)

    def add(self, counts: list[Count], covered: int) -> None:
        """Count what was read; the file is read up to `covered` then."""
        if not counts:
            return
        self._first_id = self._first_id or counts[0].id
        self._covered = covered
        for count in counts:
            self._hours[hour_of(count.id)][count.field] += 1

    def add_one(self, count: Count) -> None:
        """Count a call that is in no file."""
        self.add([count], self._covered + 1)

    @property
    def shipped(self) -> bool:
        """Whether the bus has all of it."""
        return self._shipped == self._covered

    def told(self, gateway_id: str) -> SpendCounts:
        """Return the counts as they are told to the ledger."""
        return SpendCounts(
            gateway_id=gateway_id,
            segment=self._segment,
            first_id=self._first_id,
            covered=self._covered,
            hours=[HourCount(hour=hour, **found) for hour, found in sorted(self._hours.items())],
        )

    def acknowledged(self, told: SpendCounts) -> None:
        """The bus has these counts."""
        self._shipped = told.covered


def hour_of(call_id: str) -> int:
    """Return the hour that a UUIDv7 was made in, since 1970; 0 for what is none."""
    try:
        return int(call_id[:8] + call_id[9:13], 16) // HOUR_MS
    except ValueError:
        return 0
