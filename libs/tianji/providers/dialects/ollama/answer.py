"""Ollama's answers, whole or line by line: each line is an answer of its own with a little more of it."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from msgspec import Struct

from tianji.errors import UpstreamError
from tianji.providers.dialects.events import EventDecoder, Lines, object_of, objects_of
from tianji.providers.dialects.fresh_ids import answer_id, call_id
from tianji.providers.dialects.openai_chat.sides import Call, Side
from tianji.wire.chat.message import arguments
from tianji.wire.neutral import (
    Answer,
    Block,
    Choice,
    Event,
    Finish,
    Finished,
    Reasoning,
    Started,
    Text,
    ToolCall,
    Usage,
    Used,
)
from tianji.wire.sse import ServerEvent
from tianji.wire.usage import count
from tianji.wire.values import Object


class _Message(Struct):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[Any] | None = None


class _Line(Struct):
    """A line of `chat`, whose text is in the message, or of `generate`, whose text is beside it."""

    model: Any = None
    message: _Message | None = None
    response: str | None = None
    thinking: str | None = None
    done: bool | None = None
    done_reason: Any = None
    prompt_eval_count: Any = None
    eval_count: Any = None
    logprobs: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Line)


def read(body: bytes, provider: str) -> Answer:
    """Read a whole answer. Raises UpstreamError where it tells of an error."""
    line = _decoder.decode(body)
    if line.error is not None:
        raise UpstreamError(f"{provider}: {line.error}", provider=provider, retryable=True)
    if line.message is None and line.response is None:
        raise ValueError("it has neither a message nor a response")
    thought, text, calls = _said(line)
    blocks: list[Block] = [Reasoning(thought)] if thought else []
    if text or not calls:
        blocks.append(Text(text))
    choice = Choice(blocks=[*blocks, *calls], logprobs=_logprobs(line))
    choice.finish, choice.finish_raw = _finish(line, called=bool(calls))
    return Answer(
        id=answer_id(),
        model=str(line.model or ""),
        created=int(time.time()),
        choices=[choice],
        usage=_usage(line),
    )


def _said(line: _Line) -> tuple[str, str, list[ToolCall]]:
    message = line.message or _Message()
    calls = [_call(call) for call in objects_of(message.tool_calls)]
    return message.thinking or line.thinking or "", message.content or line.response or "", calls


def _call(call: Object) -> ToolCall:
    function = object_of(call.get("function"))
    text = arguments(function.get("arguments"), "tool_calls")
    return ToolCall(str(call.get("id") or call_id()), str(function.get("name") or ""), text or "{}")


def _finish(line: _Line, *, called: bool) -> tuple[Finish, str | None]:
    raw = line.done_reason if isinstance(line.done_reason, str) else None
    if raw == "length":
        return "length", raw
    return "tool_calls" if called else "stop", raw


def _usage(line: _Line) -> Usage | None:
    if line.prompt_eval_count is None and line.eval_count is None:
        return None
    return Usage(input_tokens=count(line.prompt_eval_count), output_tokens=count(line.eval_count))


def _logprobs(line: _Line) -> Object | None:
    found = objects_of(line.logprobs)
    return {"content": found} if found else None


class OllamaDecoder(EventDecoder):
    """Reads one stream."""

    def __init__(self, provider: str) -> None:
        super().__init__(provider, Lines())
        self._side = Side(0)
        self._started = False

    def _event(self, out: list[Event], event: ServerEvent) -> None:
        line = _decoder.decode(event.data)
        if line.error is not None:
            self._fail(out, str(line.error))
            return
        if not self._started:
            self._started = True
            out.append(Started(answer_id(), str(line.model or ""), int(time.time())))
        side = self._side
        thought, text, calls = _said(line)
        if thought:
            side.grow(out, Reasoning, thought)
        if text:
            side.grow(out, Text, text).logprobs = _logprobs(line)
        for call in calls:
            opened = Call(len(side.calls), ToolCall(call.id, call.name))
            side.admit(out, opened)
            side.grow_call(out, opened, call.arguments)
        if line.done:
            side.release(out, everything=True)
            side.stop(out)
            if (usage := _usage(line)) is not None:
                out.append(Used(usage))
            finish, raw = _finish(line, called=bool(side.calls))
            out.append(Finished(finish, raw))
            self.complete = True
