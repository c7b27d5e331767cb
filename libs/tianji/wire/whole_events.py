"""What all watches share that pass whole events on as they come: cutting, keeping and reading them."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from tianji.wire import sse
from tianji.wire.excerpt import KEEP_RAW, Keeper
from tianji.wire.front import Glance

T = TypeVar("T")


class WholeEvents:
    """Cuts a stream into whole events and keeps a bounded part of them; `_look` reads them."""

    def __init__(self) -> None:
        self.glance = Glance()
        self.complete = False
        self._held = b""
        self._raw = Keeper[bytes](KEEP_RAW)

    def feed(self, chunk: bytes) -> bytes:
        """Look at a chunk and return its whole events."""
        whole = self._held + chunk if self._held else chunk
        end = sse.boundary(whole)
        events, self._held = whole[:end], whole[end:]
        return self._look(events) if events else b""

    def close(self) -> bytes:
        """Return what was held: a last event without the blank line that would end it."""
        held, self._held = self._held, b""
        return self._look(held) + b"\n\n" if held else b""

    def _look(self, events: bytes) -> bytes:
        """Read whole events; return what the client is to get of them."""
        raise NotImplementedError


def read(decoder: msgspec.json.Decoder[T], data: bytes) -> T | None:
    """Read an event's data; None for what cannot be read."""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
