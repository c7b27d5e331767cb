"""The lines of Cohere's v1 stream: to events."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from msgspec import Struct

from tianji.providers.dialects.cohere.answer import BROKEN, finish_of, read_usage
from tianji.providers.dialects.cohere.v1.answer import cited_in, read_calls
from tianji.providers.dialects.events import EventDecoder, Lines, object_of, objects_of
from tianji.providers.dialects.fresh_ids import call_id
from tianji.providers.dialects.openai_chat.sides import Call, Side
from tianji.wire.neutral import Event, Finished, Reasoning, Started, Text, ToolCall, Used
from tianji.wire.sse import ServerEvent


class _Line(Struct):
    event_type: str | None = None
    generation_id: Any = None
    text: Any = None
    tool_calls: Any = None
    tool_call_delta: Any = None
    citations: Any = None
    documents: Any = None
    finish_reason: Any = None
    response: Any = None
    message: Any = None


_decoder = msgspec.json.Decoder(_Line)


class CohereV1Decoder(EventDecoder):
    """Reads one v1 stream."""

    def __init__(self, provider: str, model: str) -> None:
        super().__init__(provider, Lines())
        self._model = model
        self._side = Side(0)
        self._documents: list[Any] = []

    def _event(self, out: list[Event], event: ServerEvent) -> None:
        if event.data == b"[DONE]":
            return
        line = _decoder.decode(event.data)
        match line.event_type:
            case "text-generation":
                if isinstance(line.text, str) and line.text:
                    self._side.grow(out, Text, line.text)
            case "stream-start":
                out.append(Started(str(line.generation_id or ""), self._model, int(time.time())))
            case "tool-calls-chunk":
                self._chunk(out, line)
            case "tool-calls-generation":
                self._calls(out, line.tool_calls)
            case "search-results":
                self._documents += objects_of(line.documents)
            case "citation-generation":
                for cited in objects_of(line.citations):
                    for note in cited_in(cited, self._documents):
                        self._side.grow(out, Text, "").citation = note
            case "stream-end":
                self._end(out, line)
            case None if line.message is not None:
                self._fail(out, str(line.message))
            case _:
                pass  # searches, which Cohere runs itself

    def _chunk(self, out: list[Event], line: _Line) -> None:
        """Read a piece of the plan, or of a call."""
        if isinstance(line.text, str) and line.text:
            self._side.grow(out, Reasoning, line.text)
        delta = object_of(line.tool_call_delta)
        if not delta:
            return
        index, name = delta.get("index", 0), str(delta.get("name") or "")
        call = next((known for known in self._side.calls if known.index == index), None)
        if call is None:
            call = Call(index, ToolCall(call_id(), name))
            self._side.admit(out, call)
        if isinstance(delta.get("parameters"), str) and delta["parameters"]:
            self._side.grow_call(out, call, delta["parameters"])

    def _calls(self, out: list[Event], items: Any) -> None:
        """Read the calls as a whole, where they did not come in pieces."""
        if self._side.calls:
            return
        for index, whole in enumerate(read_calls(items)):
            call = Call(index, ToolCall(whole.id, whole.name))
            self._side.admit(out, call)
            self._side.grow_call(out, call, whole.arguments)

    def _end(self, out: list[Event], line: _Line) -> None:
        response = object_of(line.response)
        raw = line.finish_reason or response.get("finish_reason")
        self._side.release(out, everything=True)
        self._side.stop(out)
        if (usage := read_usage(response.get("meta"))) is not None:
            out.append(Used(usage))
        if isinstance(raw, str) and raw in BROKEN:
            self._fail(out, raw, status=BROKEN[raw])
            return
        finish = finish_of(raw, called=bool(self._side.calls))
        out.append(Finished(finish, raw if isinstance(raw, str) else None))
        self.complete = True
