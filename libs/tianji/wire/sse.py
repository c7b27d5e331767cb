"""Splits server-sent events out of bytes that arrive in pieces.

Follows the WHATWG rules: lines end in LF, CRLF or CR, a byte order mark at the start and
comments are skipped, several `data` lines are joined by LF, an event without data is none.
"""

from __future__ import annotations

from msgspec import Struct

_BOM = b"\xef\xbb\xbf"
_ENDS = (b"\n\n", b"\n\r\n")
"""How nearly every packet of a stream ends: where its last event does."""


class ServerEvent(Struct, gc=False):
    """One event: its data and its name, empty where the provider gave none."""

    data: bytes
    name: bytes = b""


class Splitter:
    """Takes bytes as they come and gives whole events."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._at_start = True

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """Return the events that are complete with this chunk."""
        held = self._held
        if not held and not self._at_start and chunk.endswith(_ENDS):
            return parse(chunk)
        held += chunk
        if self._at_start:
            if len(held) < len(_BOM) and _BOM.startswith(held):
                return []
            if held.startswith(_BOM):
                del held[: len(_BOM)]
            self._at_start = False
        end = boundary(held)
        if not end:
            return []
        whole = bytes(held[:end])
        del held[:end]
        return parse(whole)

    def close(self) -> list[ServerEvent]:
        """Return an event that the stream ended in without a blank line."""
        whole = bytes(self._held)
        self._held.clear()
        return parse(whole)


def boundary(held: bytes | bytearray) -> int:
    """Return where the last complete event ends; 0 where none is complete.

    A CR at the very end may be half of a CRLF, and is waited for.
    """
    if held.endswith(_ENDS):
        return len(held)
    end = held.rfind(b"\n\n") + 2
    if b"\r" in held:
        end = max(end if end > 1 else 0, held.rfind(b"\n\r\n") + 3, _after_bare_returns(held))
        return end if end > 2 else 0
    return end if end > 1 else 0


def _after_bare_returns(held: bytes | bytearray) -> int:
    at = held.rfind(b"\r\r")
    if at < 0 or at + 2 == len(held):
        return 0
    return at + 2


def parse(whole: bytes) -> list[ServerEvent]:
    """Read the events in bytes that end where an event ends."""
    if b"\r" in whole:
        whole = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events = []
    for block in whole.split(b"\n\n"):
        # The common case first: a line of data, or one with its name before it, and nothing else.
        name, data = b"", block
        if block.startswith(b"event: "):
            name, _, data = block[7:].partition(b"\n")
        if data.startswith(b"data: ") and b"\n" not in data:
            events.append(ServerEvent(data[6:], name))
        elif block and (event := _event(block)) is not None:
            events.append(event)
    return events


def _event(block: bytes) -> ServerEvent | None:
    data: list[bytes] = []
    name = b""
    for line in block.split(b"\n"):
        key, _, value = line.partition(b":")
        if value.startswith(b" "):
            value = value[1:]
        if key == b"data":
            data.append(value)
        elif key == b"event":
            name = value
    return ServerEvent(b"\n".join(data), name) if data else None
