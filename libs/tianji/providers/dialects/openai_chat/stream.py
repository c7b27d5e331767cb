"""Chat completion chunks: to events.

Chunks name no blocks: blocks are opened and closed as the kind of the delta changes.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from tianji.errors import BadRequest, UpstreamError
from tianji.providers.dialects.openai_chat.answer import finish_of, run_tools, text_of
from tianji.providers.dialects.openai_chat.citations import web_citations
from tianji.providers.dialects.openai_chat.errors import told
from tianji.providers.dialects.openai_chat.reasoning_details import read_details
from tianji.providers.dialects.openai_chat.sides import Call, Side
from tianji.wire.chat import parts
from tianji.wire.chat.finish import UNFINISHED
from tianji.wire.chat.message import arguments
from tianji.wire.neutral import (
    Audio,
    Block,
    Event,
    Failed,
    Finished,
    Grew,
    Reasoning,
    Refusal,
    Source,
    Started,
    Text,
    ToolCall,
    Used,
)
from tianji.wire.sse import ServerEvent, Splitter
from tianji.wire.usage import count, read_chat_usage
from tianji.wire.values import Object


class _Function(Struct):
    name: Any = None
    arguments: Any = None
    input: Any = None


class _CallDelta(Struct):
    index: Any = None
    id: Any = None
    type: Any = None
    function: _Function | None = None
    custom: _Function | None = None


class _Delta(Struct):
    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    reasoning_details: Any = None
    thinking_blocks: list[Any] | None = None
    executed_tools: Any = None
    refusal: Any = None
    tool_calls: list[_CallDelta] | None = None
    function_call: _Function | None = None
    audio: dict[str, Any] | None = None
    images: list[Any] | None = None
    annotations: list[Any] | None = None


class _Choice(Struct):
    index: Any = 0
    delta: _Delta | None = None
    message: _Delta | None = None
    finish_reason: Any = None
    logprobs: dict[str, Any] | None = None
    usage: dict[str, Any] | None = None
    """Moonshot tells the usage here."""


class _Chunk(Struct):
    id: Any = None
    model: Any = None
    created: Any = None
    choices: list[_Choice] | None = None
    usage: dict[str, Any] | None = None
    service_tier: Any = None
    system_fingerprint: Any = None
    error: Any = None
    object: Any = None
    citations: Any = None
    search_results: Any = None
    x_groq: Any = None


_decoder = msgspec.json.Decoder(_Chunk)


class ChatDecoder:
    """Reads one stream of chat completion chunks."""

    def __init__(self, provider: str) -> None:
        self.complete = False
        self._provider = provider
        self._splitter = Splitter()
        self._sides: dict[int, Side] = {}
        self._started = False
        self._failed = False
        self._cited: list[Object] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that are complete with this chunk."""
        return self._read(self._splitter.feed(chunk))

    def close(self) -> list[Event]:
        """Return what was held; a stream whose choices all finished is complete without a mark."""
        out = self._read(self._splitter.close())
        self.complete = self.complete or self._whole()
        return out

    def _read(self, events: list[ServerEvent]) -> list[Event]:
        out: list[Event] = []
        for event in events:
            if self._failed:
                break
            data = event.data
            if data.startswith(b"[DONE]"):
                self.complete = True
                self._finish_all(out)
                continue
            try:
                self._chunk(out, _decoder.decode(data), data, named=event.name == b"error")
            except (msgspec.DecodeError, ValueError, RecursionError, BadRequest):
                self._fail(out, f"{self._provider} sent a chunk that cannot be read")
        return out

    def _fail(self, out: list[Event], message: str) -> None:
        self._failed = True
        out.append(Failed(message))

    def _error_in(self, data: bytes, chunk: _Chunk, *, named: bool) -> UpstreamError | None:
        """Return the error that a chunk tells of; a vendor's decoder may know more places for it."""
        beside = chunk.x_groq if isinstance(chunk.x_groq, dict) else {}
        error = chunk.error if chunk.error is not None else beside.get("error")
        if error is None and (named or chunk.object == "error"):
            error = msgspec.json.decode(data)
        return None if error is None else told(self._provider, error)

    def _chunk(self, out: list[Event], chunk: _Chunk, data: bytes, *, named: bool) -> None:
        error = self._error_in(data, chunk, named=named)
        # What goes wrong after the answer is whole takes nothing from it.
        if error is not None and not self._whole():
            self._failed = True
            out.append(Failed(error.message, error.type, error.code, error.status))
            return
        if not self._started:
            self._start(out, chunk)
        if chunk.citations or chunk.search_results:
            self._cited = web_citations(chunk.citations, chunk.search_results)
        usage = chunk.usage
        for choice in chunk.choices or ():
            number = choice.index if isinstance(choice.index, int) else 0
            side = self._sides.get(number) or self._sides.setdefault(number, Side(number))
            delta = choice.delta or choice.message
            if delta is not None:
                self._delta(out, side, delta, choice.logprobs)
            reason = choice.finish_reason
            if isinstance(reason, str) and reason not in UNFINISHED and not side.finished:
                self._finish(out, side, reason)
            usage = usage or choice.usage
        if usage is None and isinstance(chunk.x_groq, dict):
            usage = chunk.x_groq.get("usage")
        if (used := read_chat_usage(usage)) is not None:
            out.append(Used(used))

    def _whole(self) -> bool:
        return bool(self._sides) and all(side.finished for side in self._sides.values())

    def _start(self, out: list[Event], chunk: _Chunk) -> None:
        self._started = True
        tier = chunk.service_tier if isinstance(chunk.service_tier, str) else None
        print_ = text_of(chunk.system_fingerprint) or None
        created = count(chunk.created)
        out.append(
            Started(
                text_of(chunk.id), text_of(chunk.model), created, service_tier=tier, system_fingerprint=print_
            )
        )

    def _finish_all(self, out: list[Event]) -> None:
        for side in self._sides.values():
            if not side.finished:
                self._finish(out, side, "")

    def _finish(self, out: list[Event], side: Side, raw: str) -> None:
        side.finished = True
        side.release(out, everything=True)
        for note in self._cited if side.said else ():
            side.grow(out, Text, "").citation = note
        side.stop(out)
        out.append(
            Finished(finish_of(raw, called=bool(side.calls)), finish_raw=raw or None, choice=side.choice)
        )

    def _delta(self, out: list[Event], side: Side, delta: _Delta, logprobs: dict[str, Any] | None) -> None:
        thought = delta.reasoning_content or delta.reasoning
        if thought and isinstance(thought, str):
            side.grow(out, Reasoning, thought)
        for item in delta.thinking_blocks or ():
            self._thought(out, side, parts.read_part(item, "thinking_blocks"))
        if delta.reasoning_details and not delta.thinking_blocks:
            for detail in read_details(delta.reasoning_details):
                if detail.text and not thought:
                    side.grow(out, Reasoning, detail.text)
                self._thought(out, side, detail)
        if isinstance(delta.content, str) and (delta.content or logprobs):
            side.grow(out, Text, delta.content).logprobs = logprobs
        elif isinstance(delta.content, list):
            for part in delta.content:
                self._part(out, side, part)
        if isinstance(delta.refusal, str) and delta.refusal:
            side.grow(out, Refusal, delta.refusal).logprobs = logprobs
        if delta.annotations:
            for note in delta.annotations:
                side.grow(out, Text, "").citation = note if isinstance(note, dict) else None
        for tool in run_tools(delta.executed_tools):
            side.start(out, tool)
        for image in delta.images or ():
            side.start(out, parts.read_part(image, "images"))
        if delta.audio is not None:
            self._audio(out, side, delta.audio)
        if delta.function_call is not None:
            self._call(out, side, _CallDelta(0, "", "legacy", delta.function_call))
        for call in delta.tool_calls or ():
            self._call(out, side, call)

    def _thought(self, out: list[Event], side: Side, block: Block) -> None:
        """Sign a thought; its text has come before."""
        if not isinstance(block, Reasoning):
            return
        if block.encrypted is not None:
            side.start(out, block)
        elif block.signature is not None:
            if not isinstance(side.open, Reasoning):
                side.start(out, Reasoning())
            out.append(Grew(side.index, signature=block.signature, choice=side.choice))
            side.stop(out)

    def _part(self, out: list[Event], side: Side, part: Any) -> None:
        block = parts.read_part(part, "content")
        if isinstance(block, (Text, Reasoning, Refusal)):
            if block.text:
                side.grow(out, type(block), block.text)
        else:
            side.start(out, block)

    def _audio(self, out: list[Event], side: Side, audio: dict[str, Any]) -> None:
        if not isinstance(side.open, Audio):
            side.start(out, Audio(Source(), id=text_of(audio.get("id")) or None))
        text, data = text_of(audio.get("transcript")), text_of(audio.get("data"))
        if text or data:
            out.append(Grew(side.index, text, data=data or None, choice=side.choice))

    def _call(self, out: list[Event], side: Side, delta: _CallDelta) -> None:
        function = delta.function or delta.custom or _Function()
        custom = delta.custom is not None
        text = arguments(function.input if custom else function.arguments, "arguments")
        identity, name = text_of(delta.id), text_of(function.name)
        call = side.call(delta.index, identity, name)
        if call is None:
            extra = {"legacy": True} if delta.type == "legacy" else {}
            call = Call(delta.index, ToolCall(identity, name, custom=custom, extra=extra))
            side.admit(out, call)
        if text:
            side.grow_call(out, call, text)
