"""Arguments of a call that arrive piece by piece, each with the path it belongs to: to JSON text.

The text grows as the pieces come and is whole JSON at the end. Google sends the pieces in the order
of the text, so that what was left is never entered again.
"""

from __future__ import annotations

import re
from typing import Any

from tianji.providers.dialects.gemini.spelling import said, text_of
from tianji.wire import values
from tianji.wire.values import Object

_STEP = re.compile(r"""\.([^.\[]+)|\[(\d+)\]|\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]""")
_ESCAPED = re.compile(r"\\(.)")


class Arguments:
    """The text of one call's arguments so far."""

    def __init__(self) -> None:
        self._path: list[str | int] = []
        self._in_string = False

    def add(self, piece: Object) -> str:
        """Return the text that a piece adds."""
        path = _steps(text_of(said(piece, "jsonPath")))
        if not path:
            return ""
        more = said(piece, "willContinue") is True
        text = said(piece, "stringValue")
        if self._in_string and path == self._path:
            return self._string(text_of(text), more=more)
        head = self._leave(path)
        if isinstance(text, str):
            return head + '"' + self._string(text, more=more)
        return head + values.encode(_plain(piece)).decode()

    def close(self) -> str:
        """Return what is missing to whole JSON."""
        if not self._path:
            return "{}"
        return self._end_string() + _closed(self._path, 0)

    def _string(self, text: str, *, more: bool) -> str:
        self._in_string = more
        inner = values.encode(text).decode()[1:-1]
        return inner if more else inner + '"'

    def _end_string(self) -> str:
        open_, self._in_string = self._in_string, False
        return '"' if open_ else ""

    def _leave(self, path: list[str | int]) -> str:
        """Return the text from the end of the last value to the beginning of the next."""
        old, self._path = self._path, path
        if not old:
            return "{" + _opened(path, 0)
        shared = 0
        while shared < min(len(old), len(path)) - 1 and old[shared] == path[shared]:
            shared += 1
        return self._end_string() + _closed(old, shared + 1) + "," + _opened(path, shared)


def _steps(path: str) -> list[str | int]:
    """Take a JSON path apart: `$.a.b[0]['c d']`."""
    found: list[str | int] = []
    for name, number, single, double in _STEP.findall(path):
        found.append(int(number) if number else name or _ESCAPED.sub(r"\1", single or double))
    return found


def _opened(path: list[str | int], at: int) -> str:
    """Return the brackets and names that lead to a value, below what is open already."""
    out = ""
    for place in range(at, len(path)):
        if place > at:
            out += "[" if isinstance(path[place], int) else "{"
        if isinstance(path[place], str):
            out += values.encode(path[place]).decode() + ":"
    return out


def _closed(path: list[str | int], above: int) -> str:
    """Return the brackets that close what a value stands in, down to a depth."""
    return "".join("]" if isinstance(step, int) else "}" for step in reversed(path[above:]))


def _plain(piece: Object) -> Any:
    for name in ("numberValue", "boolValue"):
        if (value := said(piece, name)) is not None:
            return value
    return None
