"""Anthropic's server-sent events: to ours. Both have blocks that open, grow and close in turn."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from msgspec import Struct

from tianji.errors import BadRequest
from tianji.providers.dialects.anthropic.answer import finish_of
from tianji.providers.dialects.anthropic.restart import Differs, Telling
from tianji.providers.dialects.anthropic.shape import TOOL
from tianji.wire.messages.blocks import DIALECT, read_block
from tianji.wire.messages.usage import read_usage
from tianji.wire.neutral import (
    Block,
    BlockStarted,
    BlockStopped,
    Event,
    Failed,
    Finished,
    Grew,
    Opaque,
    Reasoning,
    Started,
    Text,
    ToolCall,
    Usage,
    Used,
)
from tianji.wire.sse import ServerEvent, Splitter

_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}


class _Message(Struct):
    id: Any = None
    model: Any = None
    usage: Any = None


class _Delta(Struct):
    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    citation: dict[str, Any] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    content: Any = None
    encrypted_content: Any = None


class _Event(Struct):
    type: str | None = None
    message: _Message | None = None
    content_block: dict[str, Any] | None = None
    delta: _Delta | None = None
    usage: dict[str, Any] | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Event)


class AnthropicDecoder:
    """Reads one Messages stream."""

    def __init__(self, provider: str, *, emulated: bool) -> None:
        self.complete = False
        self._provider = provider
        self._emulated = emulated
        self._splitter = Splitter()
        self._telling = Telling()
        self._usage = Usage()
        self._index = -1
        self._open: Block | None = None
        self._pieces: list[str] = []
        self._called = False
        self._failed = False

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that are complete with this chunk."""
        return self._read_all(self._splitter.feed(chunk))

    def close(self) -> list[Event]:
        """Return what was still held."""
        return self._read_all(self._splitter.close())

    def _read_all(self, events: list[ServerEvent]) -> list[Event]:
        out: list[Event] = []
        for event in events:
            if self._failed or self.complete:
                break
            read: list[Event] = []
            try:
                self._read(read, _decoder.decode(event.data), event.data)
                out += self._telling.news(read)
            except Differs:
                self._fail(out, "the answer was begun anew, and differently", None)
            except (msgspec.DecodeError, ValueError, RecursionError, BadRequest):
                self._fail(out, "an event that cannot be read", None)
        return out

    def _read(self, out: list[Event], event: _Event, data: bytes) -> None:
        match event.type:
            case "content_block_delta" if event.delta is not None:
                self._grow(out, event.delta, data)
            case "content_block_start" if event.content_block is not None:
                self._start(out, event.content_block)
            case "content_block_stop":
                self._stop(out)
            case "message_start" if event.message is not None:
                message = event.message
                if self._telling.begun:
                    self._begin_anew()
                self._usage = read_usage(message.usage)
                started = Started(str(message.id or ""), str(message.model or ""), int(time.time()))
                started.usage = msgspec.structs.replace(self._usage)
                out += [started, Used(msgspec.structs.replace(self._usage))]
            case "message_delta":
                self._finish(out, event)
            case "message_stop":
                self._stop(out)
                self.complete = True
            case "error":
                error = event.error if isinstance(event.error, dict) else {}
                self._fail(out, str(error.get("message") or event.error), error.get("type"))
            case _:
                pass  # pings, and kinds of events that are yet to come

    def _begin_anew(self) -> None:
        self._telling.begin_anew()
        self._index, self._open, self._pieces, self._called = -1, None, [], False

    def _fail(self, out: list[Event], message: str, kind: Any) -> None:
        self._failed = True
        kind = kind if isinstance(kind, str) else "api_error"
        out.append(Failed(f"{self._provider}: {message}", kind, status=_STATUS.get(kind, 502)))

    def _start(self, out: list[Event], content: dict[str, Any]) -> None:
        self._stop(out)
        self._index += 1
        self._pieces = []
        block = read_block(content, "content_block")
        text = ""
        if isinstance(block, ToolCall):
            text, block.arguments = block.arguments, ""
            text = "" if text == "{}" else text
            if self._emulated and block.name == TOOL:
                block = Text("")
            else:
                self._called = True
        elif isinstance(block, (Text, Reasoning)):
            text, block.text = block.text, ""
        self._open = block
        out.append(BlockStarted(block, self._index))
        if text:
            out.append(Grew(self._index, text))

    def _grow(self, out: list[Event], delta: _Delta, data: bytes) -> None:
        index = self._index
        if isinstance(self._open, Opaque):
            if delta.partial_json:
                self._pieces.append(delta.partial_json)
            raw = msgspec.json.decode(data)["delta"]
            if delta.content is not None or delta.encrypted_content is not None:
                self._open.value |= {name: value for name, value in raw.items() if name != "type"}
            out.append(Grew(index, opaque=raw))
        elif delta.text is not None:
            out.append(Grew(index, delta.text))
        elif delta.partial_json is not None:
            if delta.partial_json:
                out.append(Grew(index, delta.partial_json))
        elif delta.thinking is not None:
            out.append(Grew(index, delta.thinking))
        elif delta.signature is not None:
            out.append(Grew(index, signature=delta.signature))
        elif delta.citation is not None:
            out.append(Grew(index, citation=delta.citation))

    def _stop(self, out: list[Event]) -> None:
        block, self._open = self._open, None
        if block is None:
            return
        if isinstance(block, Opaque):
            out.append(BlockStopped(self._index, block=self._whole(block)))
        else:
            out.append(BlockStopped(self._index))

    def _whole(self, block: Opaque) -> Opaque:
        """Put a server-side call's input together."""
        if not self._pieces:
            return block
        try:
            return Opaque(DIALECT, {**block.value, "input": msgspec.json.decode("".join(self._pieces))})
        except (msgspec.DecodeError, ValueError):
            return block

    def _finish(self, out: list[Event], event: _Event) -> None:
        self._stop(out)
        delta = event.delta
        if event.usage is not None:
            self._usage = read_usage(event.usage, self._usage)
            out.append(Used(msgspec.structs.replace(self._usage)))
        if delta is not None and delta.stop_reason is not None:
            finish = finish_of(delta.stop_reason, called=self._called)
            out.append(Finished(finish, delta.stop_reason, delta.stop_sequence))
