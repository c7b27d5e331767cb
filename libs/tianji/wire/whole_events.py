"""What all watches share that pass whole events on as they come: cutting, keeping and reading them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from tianji.wire import sse
from tianji.wire.excerpt import KEEP_RAW, Excerpt, Keeper
from tianji.wire.front import Glance

T = TypeVar("T")


class WholeEvents:
    """Cuts a stream into whole events and keeps a bounded part of them; subclasses read them."""

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

    def excerpt(self) -> Excerpt:
        """Return the text since usage was last told, read from the events only now."""
        kept = sse.parse(b"".join(self._raw.parts))
        texts = (text for event in kept for text in self._texts(event.data))
        return Excerpt("".join(text for text in texts if isinstance(text, str)), self._raw.times)

    def _look(self, events: bytes) -> bytes:
        """Keep whole events and read them where some of them tell; return what the client is to get."""
        self._raw.add(events)
        if self._tells(events):
            for event in sse.parse(events):
                self._read(event.data)
        return events

    def _tells(self, events: bytes) -> bool:
        """Say whether some event in these bytes has to be read."""
        raise NotImplementedError

    def _read(self, data: bytes) -> None:
        """Note what an event tells."""
        raise NotImplementedError

    def _texts(self, data: bytes) -> Iterable[object]:
        """Return what was generated with an event; what is no text is passed over."""
        raise NotImplementedError


def read(decoder: msgspec.json.Decoder[T], data: bytes) -> T | None:
    """Read an event's data; None for what cannot be read."""
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def glanced(decoder: msgspec.json.Decoder[T], body: bytes, note: Callable[[Glance, T], None]) -> Glance:
    """Pick out of a whole answer what `note` notes of it; nothing of one that cannot be read."""
    found = Glance()
    answer = read(decoder, body)
    if answer is not None:
        note(found, answer)
    return found


def named(found: Glance, id: object, model: object) -> None:
    """Note id and model where an answer tells them."""
    found.id = id if isinstance(id, str) else found.id
    found.model = model if isinstance(model, str) else found.model
