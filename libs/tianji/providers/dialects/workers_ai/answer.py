"""Answers of models on Workers AI: in Cloudflare's envelope, in their own form or that of a chat."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from tianji.errors import UpstreamError
from tianji.providers.dialects.events import EventDecoder, object_of, objects_of
from tianji.providers.dialects.fresh_ids import answer_id, call_id
from tianji.providers.dialects.openai_chat import answer as chat
from tianji.providers.dialects.openai_chat.errors import failure
from tianji.providers.dialects.openai_chat.sides import Call, Side
from tianji.providers.dialects.openai_chat.stream import ChatDecoder
from tianji.wire import values
from tianji.wire.chat.message import arguments
from tianji.wire.neutral import Answer, Block, Choice, Event, Finished, Started, Text, ToolCall, Used
from tianji.wire.sse import ServerEvent, Splitter
from tianji.wire.usage import read_chat_usage
from tianji.wire.values import Object


def read(body: bytes, provider: str, model: str) -> Answer:
    """Read a whole answer. Raises UpstreamError where the envelope tells of errors."""
    whole = values.mapping(msgspec.json.decode(body), "body")
    errors = objects_of(whole.get("errors"))
    if errors and not whole.get("success"):
        raise _failure(provider, errors[0])
    result = values.mapping(whole.get("result", whole), "result")
    if "choices" in result:
        return _read_chat(result)
    if "response" not in result and "tool_calls" not in result:
        raise ValueError("it has no response")
    calls = [read_call(call) for call in objects_of(result.get("tool_calls"))]
    text = text_of(result.get("response"))
    blocks: list[Block] = [Text(text)] if text or not calls else []
    choice = Choice(blocks=[*blocks, *calls], finish="tool_calls" if calls else "stop")
    return Answer(
        id=answer_id(),
        model=model,
        created=int(time.time()),
        choices=[choice],
        usage=read_chat_usage(result.get("usage")),
    )


def _read_chat(result: Object) -> Answer:
    try:
        return chat.read(values.encode(result))
    except chat.Unreadable as error:
        raise ValueError(str(error)) from None


def _failure(provider: str, error: Object) -> UpstreamError:
    code = str(error.get("code") or "") or None
    return failure(provider, 502, str(error.get("message") or "unknown error"), code=code)


def text_of(response: Any) -> str:
    """Return a response as text; one of a schema comes as the object itself."""
    if response is None or isinstance(response, str):
        return response or ""
    return values.encode(response).decode()


def read_call(call: Object) -> ToolCall:
    """Read a call: a name and an object, or as in a chat."""
    function = object_of(call.get("function")) or call
    text = arguments(function.get("arguments"), "tool_calls")
    return ToolCall(str(call.get("id") or call_id()), str(function.get("name") or ""), text or "{}")


class WorkersDecoder(EventDecoder):
    """Reads one stream; models that stream chat chunks are read as such."""

    def __init__(self, provider: str, model: str) -> None:
        super().__init__(provider, Splitter())
        self._model = model
        self._chat: ChatDecoder | None = None
        self._side = Side(0)
        self._started = False

    def close(self) -> list[Event]:
        """Return what was still held."""
        out = super().close()
        if self._chat is not None:
            out += self._chat.close()
            self.complete = self._chat.complete
        return out

    def _event(self, out: list[Event], event: ServerEvent) -> None:
        if self._chat is not None:
            self._pass_on(out, event)
        elif event.data == b"[DONE]":
            self._end(out)
        else:
            self._piece(out, event, values.mapping(msgspec.json.decode(event.data), "event"))

    def _pass_on(self, out: list[Event], event: ServerEvent) -> None:
        assert self._chat is not None
        out += self._chat.feed(b"data: " + event.data + b"\n\n")
        self.complete = self._chat.complete

    def _piece(self, out: list[Event], event: ServerEvent, piece: Object) -> None:
        if "choices" in piece and not self._started:
            self._chat = ChatDecoder(self._provider)
            self._pass_on(out, event)
            return
        if errors := objects_of(piece.get("errors") or piece.get("error")):
            self._fail(out, str(errors[0].get("message") or "unknown error"))
            return
        if not self._started:
            self._started = True
            out.append(Started(answer_id(), self._model, int(time.time())))
        if text := text_of(piece.get("response")):
            self._side.grow(out, Text, text)
        for call in map(read_call, objects_of(piece.get("tool_calls"))):
            opened = Call(len(self._side.calls), ToolCall(call.id, call.name))
            self._side.admit(out, opened)
            self._side.grow_call(out, opened, call.arguments)
        if (usage := read_chat_usage(piece.get("usage"))) is not None:
            out.append(Used(usage))

    def _end(self, out: list[Event]) -> None:
        self._side.release(out, everything=True)
        self._side.stop(out)
        out.append(Finished("tool_calls" if self._side.calls else "stop"))
        self.complete = True
