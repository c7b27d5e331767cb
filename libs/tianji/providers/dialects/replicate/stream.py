"""The stream of a prediction: bare text in server-sent events; or its whole, where a model cannot stream."""

from __future__ import annotations

import time

import msgspec

from tianji.providers.dialects.events import EventDecoder, object_of
from tianji.providers.dialects.openai_chat.sides import Side
from tianji.providers.dialects.replicate.answer import failed, read_prediction, text_of, usage_of
from tianji.wire.neutral import Event, Failed, Finished, Started, Text, Used
from tianji.wire.sse import ServerEvent, Splitter


class _Either:
    """Splits events; a body that is no stream but one JSON object is one event, called `prediction`."""

    def __init__(self) -> None:
        self._events = Splitter()
        self._whole: bytearray | None = None
        self._begun = False

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """Return the events that are complete with this chunk."""
        if not self._begun and (start := chunk.lstrip()):
            self._begun = True
            self._whole = bytearray() if start.startswith(b"{") else None
        if self._whole is None:
            return self._events.feed(chunk)
        self._whole += chunk
        return []

    def close(self) -> list[ServerEvent]:
        """Return what was held."""
        if self._whole is None:
            return self._events.close()
        return [ServerEvent(bytes(self._whole), b"prediction")]


class ReplicateDecoder(EventDecoder):
    """Reads one stream."""

    def __init__(self, provider: str, model: str, identity: str) -> None:
        super().__init__(provider, _Either())
        self._side = Side(0)
        self._start: Started | None = Started(identity, model, int(time.time()))

    def _event(self, out: list[Event], event: ServerEvent) -> None:
        match event.name:
            case b"output":
                self._grow(out, event.data.decode(errors="replace"))
            case b"done":
                reason = object_of(msgspec.json.decode(event.data or b"{}")).get("reason")
                if reason in ("canceled", "error"):
                    self._break_off(out, f"the prediction was ended: {reason}")
                else:
                    self._end(out)
            case b"error":
                self._break_off(out, event.data.decode(errors="replace"))
            case b"prediction":
                self._whole(out, event.data)
            case _:
                pass  # logs

    def _grow(self, out: list[Event], text: str) -> None:
        if self._start is not None:
            out.append(self._start)
            self._start = None
        if text:
            self._side.grow(out, Text, text)

    def _whole(self, out: list[Event], body: bytes) -> None:
        prediction = read_prediction(body)
        if prediction.status != "succeeded":
            self._break_off(out, str(prediction.error or prediction.status))
            return
        self._grow(out, text_of(prediction.output))
        if (usage := usage_of(prediction)) is not None:
            out.append(Used(usage))
        self._end(out)

    def _end(self, out: list[Event]) -> None:
        self._grow(out, "")
        self._side.stop(out)
        out.append(Finished("stop", "succeeded"))
        self.complete = True

    def _break_off(self, out: list[Event], message: str) -> None:
        error = failed(self._provider, message)
        self._failed = True
        out.append(Failed(error.message, error.type, error.code, error.status))
