"""Keeps of a stream as much as it takes to estimate its tokens, however long it becomes."""

from __future__ import annotations

from typing import AnyStr, Generic

from msgspec import Struct

KEEP = 1 << 16
"""Signs that are kept of a text: 16,000 tokens of prose, which are counted one by one."""
KEEP_RAW = 1 << 18
"""Bytes that are kept of events that are not read: their text is a quarter of them, or less."""


class Excerpt(Struct, frozen=True):
    """A generated text, or its beginning."""

    text: str = ""
    times: float = 1.0
    """How many times as long the whole is."""


class Keeper(Generic[AnyStr]):
    """Takes pieces, keeps the first ones up to a bound and the size of all."""

    __slots__ = ("_bound", "_kept", "_parts", "_size")

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._parts: list[AnyStr] = []
        self._kept = 0
        self._size = 0

    def add(self, piece: AnyStr) -> None:
        """Take a piece."""
        size = len(piece)
        self._size += size
        if self._kept < self._bound:
            self._parts.append(piece)
            self._kept += size

    def clear(self) -> None:
        """Forget all."""
        self._parts.clear()
        self._kept = self._size = 0

    @property
    def parts(self) -> list[AnyStr]:
        """What was kept."""
        return self._parts

    @property
    def times(self) -> float:
        """How many times as much was taken as was kept."""
        return self._size / self._kept if self._kept else 1.0
