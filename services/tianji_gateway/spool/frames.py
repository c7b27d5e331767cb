"""Frames: how a record lies in a spool file. Pure.

    marker (2 bytes) | length (4, little endian) | crc32 of length and payload (4) | payload

The payload is UTF-8 text, and the marker's bytes never occur in UTF-8. So after damage the reader
goes on at the next marker: one bad sector costs the records it hit, not the ones behind it, and no
text that a client sent can pass for a frame.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

MARKER = b"\xff\xfe"
_HEAD = Struct("<2sII")
_LENGTH = Struct("<I")
HEAD_BYTES = _HEAD.size
MAX_PAYLOAD_BYTES = 1 << 20
MAX_FRAME_BYTES = HEAD_BYTES + MAX_PAYLOAD_BYTES


class Frame(NamedTuple):
    """A whole record and where the next one begins."""

    payload: bytes
    end: int


def frame(payload: bytes) -> bytes:
    """Wrap a payload; raises ValueError when it is too long to be read back."""
    size = len(payload)
    if size > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a record of {size} bytes is longer than {MAX_PAYLOAD_BYTES}")
    return _HEAD.pack(MARKER, size, _checksum(size, payload)) + payload


class Reader:
    """Reads the frames of one buffer.

    `complete` says that nothing will be added behind the buffer: then a record that stops short is
    damage. Otherwise it is left for the next buffer, which begins at `position`.
    """

    def __init__(self, data: bytes, *, complete: bool) -> None:
        self._data = data
        self._complete = complete
        self.position = 0
        """Everything before it has been read or skipped."""
        self.skipped = 0
        """Bytes that belong to no whole record."""

    def __iter__(self) -> Iterator[Frame]:
        data = self._data
        while self.position < len(data):
            found = _frame_at(data, self.position)
            if isinstance(found, Frame):
                self.position = found.end
                yield found
            elif found is _SHORT and not self._complete:
                return
            else:
                self._skip()

    def _skip(self) -> None:
        """Go on at the next marker, or at the end."""
        start = self.position
        following = self._data.find(MARKER, start + 1)
        if following < 0:
            following = len(self._data)
            # The first byte of a marker may be the last byte we have.
            if not self._complete and following - start > 1 and self._data.endswith(MARKER[:1]):
                following -= 1
        self.position = following
        self.skipped += following - start


class _Fault:
    """Why there is no frame at a place."""


_SHORT = _Fault()
_DAMAGED = _Fault()


def _frame_at(data: bytes, start: int) -> Frame | _Fault:
    if len(data) - start < HEAD_BYTES:
        begun = data[start : start + len(MARKER)]
        return _SHORT if MARKER.startswith(begun) else _DAMAGED
    marker, size, checksum = _HEAD.unpack_from(data, start)
    if marker != MARKER or size > MAX_PAYLOAD_BYTES:
        return _DAMAGED
    body = start + HEAD_BYTES
    end = body + size
    if end > len(data):
        return _SHORT
    payload = data[body:end]
    return Frame(payload, end) if _checksum(size, payload) == checksum else _DAMAGED


def _checksum(size: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_LENGTH.pack(size)))
