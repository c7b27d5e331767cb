"""AWS' event streams: binary frames with headers, a payload and two checksums.

A frame is: its length and that of its headers (4 bytes each, big-endian), the checksum of these eight
bytes, the headers, the payload, the checksum of all that stands before.
"""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from msgspec import Struct

_PRELUDE = 12
_LEAST = _PRELUDE + 4
_MOST = 32 << 20
"""No frame is longer; AWS allows 24 MB. A damaged length must not make us wait for gigabytes."""
_STRING = 7
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Sizes of header values of a fixed length, by the number of their type."""
_COUNTED = (6, _STRING)


class Damaged(Exception):
    """The bytes are no event stream, or not what was sent."""


class Frame(Struct, frozen=True):
    """One message: its text headers and its payload."""

    headers: dict[str, str]
    payload: bytes


class Unframer:
    """Puts frames together from chunks that may end anywhere."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._needed = _PRELUDE
        self._raw_headers = b""
        self._headers: dict[str, str] = {}

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the frames that are complete with this chunk. Raises Damaged."""
        self._held += chunk
        while len(self._held) >= self._needed:
            length = _length(self._held)
            if len(self._held) < length:
                self._needed = length
                return
            frame = bytes(self._held[:length])
            del self._held[:length]
            self._needed = _PRELUDE
            yield self._read(frame)

    def _read(self, frame: bytes) -> Frame:
        if crc32(memoryview(frame)[:-4]) != int.from_bytes(frame[-4:], "big"):
            raise Damaged("the checksum of a frame is wrong")
        end = _PRELUDE + int.from_bytes(frame[4:8], "big")
        if end > len(frame) - 4:
            raise Damaged("headers longer than their frame")
        raw = frame[_PRELUDE:end]
        if raw != self._raw_headers:  # frames of one kind follow one another, with the same headers
            try:
                self._headers, self._raw_headers = _headers(raw), raw
            except (IndexError, KeyError, UnicodeDecodeError):
                raise Damaged("headers that cannot be read") from None
        return Frame(self._headers, frame[end:-4])


def _length(held: bytearray) -> int:
    if crc32(held[:8]) != int.from_bytes(held[8:_PRELUDE], "big"):
        raise Damaged("the checksum of a frame's lengths is wrong")
    length = int.from_bytes(held[:4], "big")
    if not _LEAST <= length <= _MOST:
        raise Damaged(f"a frame of {length} bytes")
    return length


def _headers(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(data):
        start = at + 1
        end = start + data[at]
        kind = data[end]
        at = end + 1
        if kind in _COUNTED:
            size = int.from_bytes(data[at : at + 2], "big")
            at += 2
            if kind == _STRING:
                found[data[start:end].decode()] = data[at : at + size].decode()
            at += size
        else:
            at += _SIZES[kind]
    return found
