"""Converse's events: to ours. Theirs have blocks too, of which only calls are announced."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tianji.providers.dialects.aws.decoder import FrameDecoder
from tianji.providers.dialects.aws.frames import Frame
from tianji.providers.dialects.converse.answer import finish_of, read_usage, stop_sequence
from tianji.providers.dialects.converse.blocks import DIALECT
from tianji.providers.dialects.converse.open_blocks import OpenBlocks
from tianji.wire.neutral import Event, Finished, Started, Used


class _Event(Struct):
    contentBlockIndex: int = 0
    start: dict[str, Any] | None = None
    delta: dict[str, Any] | None = None
    stopReason: Any = None
    additionalModelResponseFields: Any = None
    usage: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(_Event)


class ConverseEvents:
    """Turns the events of one stream, named and decoded, into ours."""

    def __init__(self, model: str, names: Mapping[str, str], *, emulated: bool) -> None:
        self.stopped = False
        self.counted = False
        self._model = model
        self._begun = False
        self._blocks = OpenBlocks(names, emulated=emulated)

    def read(self, out: list[Event], kind: str, payload: bytes) -> None:
        """Read one event; kinds that are not known tell nothing."""
        event = _decoder.decode(payload)
        if not self._begun:
            self._begun = True
            out.append(Started(model=self._model, created=int(time.time())))
        match kind:
            case "contentBlockStart":
                self._blocks.start(out, event.contentBlockIndex, event.start or {})
            case "contentBlockDelta":
                self._blocks.grow(out, event.contentBlockIndex, event.delta or {})
            case "contentBlockStop":
                self._blocks.stop(out, event.contentBlockIndex)
            case "messageStop":
                self._finish(out, event)
            case "metadata":
                self._count(out, event)

    def _finish(self, out: list[Event], event: _Event) -> None:
        self._blocks.stop_all(out)
        self.stopped = True
        raw = event.stopReason if isinstance(event.stopReason, str) else None
        more = event.additionalModelResponseFields
        extra = {DIALECT: {"additionalModelResponseFields": more}} if more else {}
        finish = finish_of(raw, called=self._blocks.called)
        out.append(Finished(finish, raw, stop_sequence(more), extra=extra))

    def _count(self, out: list[Event], event: _Event) -> None:
        self.counted = True
        if event.usage is not None:
            out.append(Used(read_usage(event.usage)))


class ConverseDecoder(FrameDecoder):
    """Reads one ConverseStream."""

    def __init__(self, provider: str, model: str, names: Mapping[str, str], *, emulated: bool) -> None:
        super().__init__(provider)
        self._events = ConverseEvents(model, names, emulated=emulated)

    def _frame(self, out: list[Event], frame: Frame) -> None:
        self._events.read(out, frame.headers.get(":event-type", ""), frame.payload)
        self.complete = self._events.stopped and self._events.counted
