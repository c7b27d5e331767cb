"""Looks at Messages answers that pass untouched, and picks out what accounting needs."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from tianji.wire import sse
from tianji.wire.chat.watch import message_of
from tianji.wire.excerpt import KEEP_RAW, Excerpt, Keeper
from tianji.wire.front import Glance
from tianji.wire.messages.usage import read_usage


class _Delta(Struct):
    stop_reason: Any = None
    text: Any = None
    thinking: Any = None
    partial_json: Any = None


class _Message(Struct):
    id: Any = None
    model: Any = None
    usage: Any = None
    stop_reason: Any = None


class _Event(Struct):
    type: Any = None
    message: _Message | None = None
    delta: _Delta | None = None
    usage: Any = None
    error: Any = None


_event = msgspec.json.Decoder(_Event)
_message = msgspec.json.Decoder(_Message)


def glance(body: bytes) -> Glance:
    """Pick model, usage and finish out of a whole answer."""
    found = Glance()
    try:
        _note(found, _message.decode(body))
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass
    return found


def _note(found: Glance, message: _Message) -> None:
    found.id = message.id if isinstance(message.id, str) else found.id
    found.model = message.model if isinstance(message.model, str) else found.model
    if isinstance(message.usage, dict):
        found.usage = read_usage(message.usage, found.usage)
    if isinstance(message.stop_reason, str):
        found.finish = message.stop_reason


class MessagesWatch:
    """Follows a Messages stream."""

    def __init__(self) -> None:
        self.glance = Glance()
        self.complete = False
        self._held = b""
        self._raw = Keeper[bytes](KEEP_RAW)

    def excerpt(self) -> Excerpt:
        """Return the text since usage was last told, read from the events only now."""
        found: list[str] = []
        for event in sse.parse(b"".join(self._raw.parts)):
            read = _decode(event.data)
            delta = read.delta if read else None
            for text in (delta.text, delta.thinking, delta.partial_json) if delta else ():
                if isinstance(text, str):
                    found.append(text)
        return Excerpt("".join(found), self._raw.times)

    def feed(self, chunk: bytes) -> bytes:
        """Look at a chunk and return its whole events."""
        whole = self._held + chunk if self._held else chunk
        end = sse.boundary(whole)
        events, self._held = whole[:end], whole[end:]
        if events:
            self._look(events)
        return events

    def close(self) -> bytes:
        """Return what was held: a last event without the blank line that would end it."""
        held, self._held = self._held, b""
        if not held:
            return b""
        self._look(held)
        return held + b"\n\n"

    def _look(self, events: bytes) -> None:
        self._raw.add(events)
        if b"message_" in events or b'"error"' in events:
            for event in sse.parse(events):
                self._read(event.data)

    def _read(self, data: bytes) -> None:
        event = _decode(data)
        if event is None:
            return
        if event.type == "message_start" and event.message is not None:
            _note(self.glance, event.message)
        elif event.type == "message_delta":
            if event.delta is not None and isinstance(event.delta.stop_reason, str):
                self.glance.finish = event.delta.stop_reason
            if isinstance(event.usage, dict):
                self.glance.usage = read_usage(event.usage, self.glance.usage)
                self._raw.clear()
        elif event.type == "message_stop":
            self.complete = True
        elif event.type == "error":
            self.glance.failed = message_of(event.error)


def _decode(data: bytes) -> _Event | None:
    try:
        return _event.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
