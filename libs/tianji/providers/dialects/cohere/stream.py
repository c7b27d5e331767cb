"""The events of Cohere's v2 stream: to ours."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from msgspec import Struct

from tianji.providers.dialects.cohere.answer import (
    BROKEN,
    finish_of,
    is_of_text,
    read_citation,
    read_logprobs,
    read_usage,
)
from tianji.providers.dialects.events import EventDecoder, object_of, objects_of
from tianji.providers.dialects.openai_chat.sides import Call, Side
from tianji.wire.chat.message import arguments
from tianji.wire.neutral import Event, Finished, Reasoning, Started, Text, ToolCall, Used
from tianji.wire.sse import ServerEvent, Splitter
from tianji.wire.values import Object


class _Delta(Struct):
    message: Any = None
    finish_reason: Any = None
    usage: Any = None
    error: Any = None
    error_type: Any = None


class _Event(Struct):
    type: str | None = None
    id: Any = None
    index: Any = None
    delta: _Delta | None = None
    logprobs: Any = None
    message: Any = None


_decoder = msgspec.json.Decoder(_Event)


class CohereDecoder(EventDecoder):
    """Reads one v2 stream."""

    def __init__(self, provider: str, model: str) -> None:
        super().__init__(provider, Splitter())
        self._model = model
        self._side = Side(0)

    def _event(self, out: list[Event], event: ServerEvent) -> None:
        if not event.data or event.data == b"[DONE]":
            return
        read = _decoder.decode(event.data)
        delta = read.delta or _Delta()
        message = object_of(delta.message)
        match read.type:
            case "content-delta" | "content-start":
                self._content(out, object_of(message.get("content")), read.logprobs)
            case "tool-plan-delta":
                if isinstance(plan := message.get("tool_plan"), str) and plan:
                    self._side.grow(out, Reasoning, plan)
            case "tool-call-start" | "tool-call-delta":
                for delta_of_call in objects_of(message.get("tool_calls")):
                    self._call(out, read, delta_of_call)
            case "tool-call-end":
                call = self._side.call(read.index, "", "")
                if call is not None and not call.pieces:
                    self._side.grow_call(out, call, "{}")
            case "citation-start":
                for cited in objects_of(message.get("citations")):
                    self._cite(out, cited)
            case "message-start":
                out.append(Started(str(read.id or ""), self._model, int(time.time())))
            case "message-end":
                self._end(out, delta)
            case None if read.message is not None:
                self._fail(out, str(read.message))  # an error's body in the place of an event
            case _:
                pass  # ends of contents and citations, which the next block or the finish tells as well

    def _content(self, out: list[Event], content: Object, logprobs: Any) -> None:
        text, thought = content.get("text"), content.get("thinking")
        if isinstance(thought, str) and thought:
            self._side.grow(out, Reasoning, thought)
        if isinstance(text, str) and (text or logprobs):
            self._side.grow(out, Text, text).logprobs = read_logprobs(logprobs)

    def _call(self, out: list[Event], event: _Event, delta: Object) -> None:
        function = object_of(delta.get("function"))
        name, identity = str(function.get("name") or ""), str(delta.get("id") or "")
        call = None if event.type == "tool-call-start" else self._side.call(event.index, identity, name)
        if call is None:
            call = Call(event.index, ToolCall(identity, name))
            self._side.admit(out, call)
        if text := arguments(function.get("arguments"), "tool_calls"):
            self._side.grow_call(out, call, text)

    def _cite(self, out: list[Event], citation: Object) -> None:
        if is_of_text(citation):
            for note in read_citation(citation):
                self._side.grow(out, Text, "").citation = note

    def _end(self, out: list[Event], delta: _Delta) -> None:
        raw = delta.finish_reason
        self._side.release(out, everything=True)
        self._side.stop(out)
        usage = read_usage(delta.usage)
        if usage is not None:
            out.append(Used(usage))
        if isinstance(raw, str) and raw in BROKEN:
            code = delta.error_type if isinstance(delta.error_type, str) else None
            self._fail(out, str(delta.error or raw), code, BROKEN[raw])
            return
        finish = finish_of(raw, called=bool(self._side.calls))
        out.append(Finished(finish, raw if isinstance(raw, str) else None))
        self.complete = True
