"""A bounded cache of records as bytes: a few hundred bytes each, whatever they hold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import islice
from time import monotonic

from msgspec import Struct

MISSING_S = 5.0
"""How long a name is remembered as missing."""

_MISSING_SHARE = 5
"""Missing names take up at most a fifth of the capacity: whoever guesses keys evicts no real one."""


class Held(Struct, frozen=True, gc=False):
    """A record's bytes, None for a name that is missing; true for the watch of its epoch."""

    value: bytes | None
    sequence: int
    epoch: int


class Kept:
    """The records used last."""

    def __init__(self, capacity: int, clock: Callable[[], float] = monotonic) -> None:
        self._capacity = max(1, capacity)
        self._clock = clock
        self._there: OrderedDict[str, Held] = OrderedDict()
        self._missing: OrderedDict[str, tuple[Held, float]] = OrderedDict()
        self.changes = 0
        """Grows with every record that comes, changes or is found to be gone."""

    def __len__(self) -> int:
        return len(self._there) + len(self._missing)

    def __contains__(self, name: str) -> bool:
        return name in self._there or name in self._missing

    def get(self, name: str) -> Held | None:
        """Return what is kept of a name and count it as used."""
        held = self._there.get(name)
        if held is not None:
            self._there.move_to_end(name)
            return held
        missing = self._missing.get(name)
        if missing is None:
            return None
        if missing[1] <= self._clock():
            del self._missing[name]
            return None
        return missing[0]

    def put(self, name: str, held: Held) -> None:
        """Keep a record, or that it is missing, in place of what was kept of its name."""
        before = self._there.pop(name, None)
        self._missing.pop(name, None)
        if held.value != (before.value if before else None):
            self.changes += 1
        if held.value is not None:
            self._there[name] = held
            if len(self._there) > self._capacity:
                self._there.popitem(last=False)
            return
        self._missing[name] = (held, self._clock() + MISSING_S)
        if len(self._missing) > max(1, self._capacity // _MISSING_SHARE):
            self._missing.popitem(last=False)

    def latest(self, most: int) -> list[tuple[str, Held]]:
        """Return the records used last, the most recent one last."""
        return list(islice(reversed(self._there.items()), most))[::-1]
