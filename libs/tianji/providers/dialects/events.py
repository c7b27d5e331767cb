"""Streams of JSON events, one after another: what all of them share. What an event means, dialects say."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from tianji.errors import BadRequest
from tianji.wire.neutral import Event, Failed
from tianji.wire.sse import ServerEvent


class Splits(Protocol):
    """Takes bytes as they come and gives whole events."""

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """Return the events that are complete with this chunk."""

    def close(self) -> list[ServerEvent]:
        """Return an event that the stream ended in."""


class Lines:
    """Splits lines of JSON; also where a server writes `data:` in front of each."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """Return the lines that are complete with this chunk."""
        held = self._held
        held += chunk
        end = held.rfind(b"\n") + 1
        if not end:
            return []
        whole = bytes(held[:end])
        del held[:end]
        return _lines(whole)

    def close(self) -> list[ServerEvent]:
        """Return the last line, where it has no end."""
        whole = bytes(self._held)
        self._held.clear()
        return _lines(whole)


def _lines(whole: bytes) -> list[ServerEvent]:
    found = []
    for line in whole.split(b"\n"):
        text = line.strip()
        text = text[5:].lstrip() if text.startswith(b"data:") else text
        if text and not text.startswith((b":", b"event:", b"id:", b"retry:")):
            found.append(ServerEvent(text))
    return found


class EventDecoder:
    """Reads a stream whose every event is a JSON object; a dialect overrides `_event`."""

    def __init__(self, provider: str, splitter: Splits) -> None:
        self.complete = False
        self._provider = provider
        self._splitter = splitter
        self._failed = False

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that are complete with this chunk."""
        return self._read(self._splitter.feed(chunk))

    def close(self) -> list[Event]:
        """Return what was still held."""
        return self._read(self._splitter.close())

    def _read(self, events: list[ServerEvent]) -> list[Event]:
        out: list[Event] = []
        for event in events:
            if self._failed or self.complete:
                break
            try:
                self._event(out, event)
            except (msgspec.DecodeError, ValueError, RecursionError, BadRequest):
                self._fail(out, "an event that cannot be read")
        return out

    def _event(self, out: list[Event], event: ServerEvent) -> None:
        """Read one event; may raise ValueError or BadRequest for one that makes no sense."""
        raise NotImplementedError

    def _fail(self, out: list[Event], message: str, code: str | None = None, status: int = 502) -> None:
        self._failed = True
        out.append(Failed(f"{self._provider}: {message}", code=code, status=status))


def object_of(value: Any) -> dict[str, Any]:
    """Return an object, or an empty one for what is none."""
    return value if isinstance(value, dict) else {}


def objects_of(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list; a lone object is a list of one."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
