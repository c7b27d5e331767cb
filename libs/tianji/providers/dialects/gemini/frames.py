"""Splits a stream into JSON objects: server-sent events, or one array that grows.

Google streams events where it is asked to (`alt=sse`) and an array where it is not; some proxies
forget to ask.
"""

from __future__ import annotations

import re

from tianji.wire.sse import Splitter

_SIGNS = re.compile(rb'["{}\[\]\\]')
_BOM = b"\xef\xbb\xbf"


class Frames:
    """Takes bytes as they come and gives whole JSON texts."""

    def __init__(self) -> None:
        self._held = b""
        self._events: Splitter | None = None
        self._objects: _Objects | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the JSON texts that are complete with this chunk."""
        if self._events is not None:
            return [event.data for event in self._events.feed(chunk)]
        if self._objects is not None:
            return self._objects.feed(chunk)
        self._held += chunk
        begin = self._held.removeprefix(_BOM).lstrip()
        if not begin or _BOM.startswith(begin):
            return []
        held, self._held = self._held, b""
        if begin[:1] in (b"[", b"{"):
            self._objects = _Objects()
        else:
            self._events = Splitter()
        return self.feed(held)

    def close(self) -> list[bytes]:
        """Return an event that the stream ended in without a blank line."""
        return [event.data for event in self._events.close()] if self._events is not None else []


class _Objects:
    """Finds the outermost objects in an array, or the one object that is no array."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._at = 0
        self._begin = -1
        self._depth = 0
        self._quoted = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the objects that are complete with this chunk."""
        held = self._held
        found: list[bytes] = []
        held += chunk
        while (sign := _SIGNS.search(held, self._at)) is not None:
            at, byte = sign.start(), sign[0]
            if byte == b"\\":
                if at + 1 == len(held):
                    self._at = at
                    return found
                self._at = at + 2
                continue
            self._at = at + 1
            if byte == b'"':
                self._quoted = not self._quoted
            elif not self._quoted and byte == b"{":
                self._begin = at if self._depth == 0 else self._begin
                self._depth += 1
            elif not self._quoted and byte == b"}":
                self._depth -= 1
                if self._depth == 0:
                    found.append(bytes(held[self._begin : at + 1]))
                    del held[: at + 1]
                    self._at = 0
        self._at = len(held)
        return found
