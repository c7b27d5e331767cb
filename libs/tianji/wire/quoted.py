"""Which of some names stand in quotes in a JSON text that is passed on unread.

A quote within a string is escaped, so that a name between bare quotes is a key or a whole value.
"""

from __future__ import annotations

import re

_QUOTE = b'"'
_FIRST = 2048
"""Bytes that are looked at by a regular expression: where a text begins, names and quotes are many."""
_LOOKS = 32
_FAR_APART = 700
"""Bytes between two quotes from which on it is quicker to go from quote to quote: a regular expression
looks at every byte by itself, the search for a single one at many at a time."""


class Quoted:
    """Looks for these names."""

    __slots__ = ("_all", "_behind", "_longest")

    def __init__(self, *names: str) -> None:
        either = "|".join(map(re.escape, names)).encode()
        self._all = re.compile(rb'"(%s)"' % either)
        self._behind = re.compile(rb'(%s)"' % either)
        self._longest = max(map(len, names), default=0) + 2

    def among(self, text: bytes) -> set[bytes]:
        """Return those that are there."""
        found: set[bytes] = set(self._all.findall(text, 0, _FIRST))
        if len(text) <= _FIRST:
            return found
        start = at = text.find(_QUOTE, _FIRST - self._longest)  # one may stand across the border
        looks = 0
        while at >= 0:
            if name := self._behind.match(text, at + 1):
                found.add(name[1])
            looks += 1
            if looks == _LOOKS:
                if at - start < _LOOKS * _FAR_APART:
                    return found.union(self._all.findall(text, at))
                start, looks = at, 0
            at = text.find(_QUOTE, at + 1)
        return found
