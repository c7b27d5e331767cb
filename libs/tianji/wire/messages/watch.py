"""Looks at Messages answers that pass untouched, and picks out what accounting needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from tianji.wire.chat.watch import message_of
from tianji.wire.front import Glance
from tianji.wire.messages.usage import read_usage
from tianji.wire.whole_events import WholeEvents, glanced, named, read


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
    return glanced(_message, body, _note)


def _note(found: Glance, message: _Message) -> None:
    named(found, message.id, message.model)
    if isinstance(message.usage, dict):
        found.usage = read_usage(message.usage, found.usage)
    if isinstance(message.stop_reason, str):
        found.finish = message.stop_reason


class MessagesWatch(WholeEvents):
    """Follows a Messages stream."""

    def _texts(self, data: bytes) -> Iterable[object]:
        event = read(_event, data)
        delta = event.delta if event else None
        return (delta.text, delta.thinking, delta.partial_json) if delta else ()

    def _tells(self, events: bytes) -> bool:
        return b"message_" in events or b'"error"' in events

    def _read(self, data: bytes) -> None:
        event = read(_event, data)
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
            self.glance.failed, self.glance.error = message_of(event.error), event.error
