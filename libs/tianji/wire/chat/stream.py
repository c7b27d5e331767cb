"""Events of an answer: to chat completion chunks."""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec

from tianji.wire import envelope
from tianji.wire.call_ids import seal
from tianji.wire.chat.message import annotation, is_annotation, write_call, write_opaque, write_thought
from tianji.wire.chat.parts import write_part
from tianji.wire.chat.read import wants_usage
from tianji.wire.chat.write import custom_tools, finish_reason, uses_functions
from tianji.wire.free_text import Unwrapper
from tianji.wire.neutral import (
    Ask,
    Audio,
    Block,
    BlockStarted,
    BlockStopped,
    Event,
    Failed,
    Finished,
    Grew,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Started,
    Text,
    ToolCall,
    Usage,
    Used,
)
from tianji.wire.usage import write_chat_usage
from tianji.wire.values import Object

DONE = b"data: [DONE]\n\n"


class _Open:
    """A block of the answer that is growing."""

    __slots__ = ("block", "call", "parts", "signature", "unwrapper")

    def __init__(self, block: Block, call: int) -> None:
        self.block = block
        self.call = call
        self.signature: str | None = None
        self.parts: list[str] = []
        self.unwrapper: Unwrapper | None = None
        """Set for free text that the model wraps in JSON."""


class ChatEncoder:
    """Writes one stream of chat completion chunks."""

    def __init__(self, ask: Ask, *, model: str) -> None:
        self._legacy = uses_functions(ask)
        self._custom = custom_tools(ask)
        self._wants_usage = wants_usage(ask)
        self._started = Started(model=model or ask.model)
        self._head = b""
        self._usage: Usage | None = None
        self._open: dict[tuple[int, int], _Open] = {}
        self._calls: dict[int, int] = {}
        self._spoke: set[int] = set()
        self._said: dict[int, int] = {}
        self._items: dict[int, int] = {}

    def encode(self, events: Iterable[Event]) -> bytes:
        """Return the chunks of these events."""
        out: list[bytes] = []
        for event in events:
            match event:
                case Grew():
                    self._grew(out, event)
                case BlockStarted():
                    self._block_started(out, event)
                case BlockStopped():
                    self._block_stopped(out, event)
                case Started():
                    self._started = event
                case Finished():
                    self._finished(out, event)
                case Used(usage=usage):
                    self._usage = usage
                case Failed():
                    out.append(b"data: " + envelope.openai_envelope(envelope.from_failed(event)) + b"\n\n")
        return b"".join(out)

    def close(self) -> bytes:
        """Return the usage chunk, if it was asked for, and the end mark."""
        if not self._wants_usage or self._usage is None:
            return DONE
        body = self._body()
        body |= {"choices": [], "usage": write_chat_usage(self._usage)}
        return b"data: " + msgspec.json.encode(body) + b"\n\n" + DONE

    def _body(self) -> Object:
        started = self._started
        body: Object = {
            "id": started.id,
            "object": "chat.completion.chunk",
            "created": started.created or int(time.time()),
            "model": started.model,
        }
        if started.service_tier is not None:
            body["service_tier"] = started.service_tier
        if started.system_fingerprint is not None:
            body["system_fingerprint"] = started.system_fingerprint
        return body

    def _chunk(
        self,
        out: list[bytes],
        choice: int,
        delta: Object,
        finish: str | None = None,
        logprobs: Object | None = None,
        beside: Object | None = None,
    ) -> None:
        """Write one chunk around `delta`; what all chunks share is encoded once."""
        if not self._head:
            self._head = b"data: " + msgspec.json.encode(self._body())[:-1] + b',"choices":[{"index":'
        if choice not in self._spoke:
            self._spoke.add(choice)
            delta = {"role": "assistant", **delta}
        tail = b',"finish_reason":null}]}\n\n'
        if finish is not None:
            tail = b',"finish_reason":' + msgspec.json.encode(finish) + b"}]}\n\n"
        if logprobs is not None:
            tail = b',"logprobs":' + msgspec.json.encode(logprobs) + tail
        if beside:
            tail = tail.removesuffix(b"}\n\n") + b"," + msgspec.json.encode(beside)[1:] + b"\n\n"
        out += (self._head, b"%d" % choice, b',"delta":', msgspec.json.encode(delta), tail)

    def _block_started(self, out: list[bytes], event: BlockStarted) -> None:
        block, choice = seal(event.block), event.choice
        number = self._calls.get(choice, 0)
        held = self._open[choice, event.index] = _Open(block, number)
        if isinstance(block, ToolCall) and block.name in self._custom and not block.custom:
            held.unwrapper = Unwrapper()
            block.custom, block.arguments = True, held.unwrapper.feed(block.arguments)
        match block:
            case ToolCall() if self._legacy:
                call = {"name": block.name, "arguments": block.arguments}
                self._calls[choice] = number + 1
                self._chunk(out, choice, {"content": None, "function_call": call})
            case ToolCall():
                self._calls[choice] = number + 1
                self._chunk(out, choice, {"tool_calls": [{"index": number, **write_call(block)}]})
            case Text(text=text):
                # Also an empty text: it is the first sign of life.
                self._said[choice] = self._said.get(choice, 0) + len(text)
                self._chunk(out, choice, {"content": text})
                for citation in block.citations:
                    self._chunk(out, choice, self._cited(choice, citation))
            case Reasoning(text=text) if text:
                self._chunk(out, choice, {"reasoning_content": text})
            case Refusal(text=text) if text:
                self._chunk(out, choice, {"refusal": text})
            case Image():
                self._chunk(out, choice, {"images": [self._numbered(choice, write_part(block))]})
            case Audio(id=name):
                audio = {"id": name, "data": block.source.data, "transcript": block.transcript}
                self._chunk(out, choice, {"audio": {k: v for k, v in audio.items() if v is not None}})

    def _grew(self, out: list[bytes], event: Grew) -> None:
        held = self._open.get((event.choice, event.index))
        if held is None:
            return
        match held.block:
            case Text():
                self._said[event.choice] = self._said.get(event.choice, 0) + len(event.text)
                delta: Object = {"content": event.text} if event.text or event.citation is None else {}
                if event.citation is not None:
                    delta |= self._cited(event.choice, event.citation)
                self._chunk(out, event.choice, delta, None, event.logprobs)
            case ToolCall(custom=custom):
                text = event.text if held.unwrapper is None else held.unwrapper.feed(event.text)
                if text or held.unwrapper is None:
                    self._call_grew(out, event.choice, text, held.call, custom=custom)
            case Reasoning():
                held.parts.append(event.text)
                held.signature = event.signature or held.signature
                if event.encrypted is not None:
                    held.block.encrypted = (held.block.encrypted or "") + event.encrypted
                if event.text:
                    self._chunk(out, event.choice, {"reasoning_content": event.text})
            case Refusal():
                self._chunk(out, event.choice, {"refusal": event.text}, None, event.logprobs)
            case Audio():
                audio = {"transcript": event.text or None, "data": event.data}
                self._chunk(out, event.choice, {"audio": {k: v for k, v in audio.items() if v is not None}})

    def _call_grew(self, out: list[bytes], choice: int, text: str, number: int, *, custom: bool) -> None:
        if self._legacy:
            self._chunk(out, choice, {"function_call": {"arguments": text}})
            return
        kind, key = ("custom", "input") if custom else ("function", "arguments")
        self._chunk(out, choice, {"tool_calls": [{"index": number, kind: {key: text}}]})

    def _block_stopped(self, out: list[bytes], event: BlockStopped) -> None:
        held = self._open.pop((event.choice, event.index), None)
        if held is None:
            return
        block = held.block
        if held.unwrapper is not None and (rest := held.unwrapper.close()):
            self._call_grew(out, event.choice, rest, held.call, custom=True)
        if isinstance(block, Opaque):
            whole_block = event.block if isinstance(event.block, Opaque) else block
            part = self._numbered(event.choice, write_opaque(whole_block, self._said.get(event.choice, 0)))
            self._chunk(out, event.choice, {"provider_specific_fields": {"blocks": [part]}})
        elif isinstance(block, Reasoning):
            whole = Reasoning(
                block.text + "".join(held.parts), held.signature or block.signature, block.encrypted
            )
            if whole.signature or whole.encrypted:
                self._chunk(
                    out,
                    event.choice,
                    {"thinking_blocks": [self._numbered(event.choice, write_thought(whole))]},
                )

    def _finished(self, out: list[bytes], event: Finished) -> None:
        legacy = self._legacy and bool(self._calls.get(event.choice))
        finish = finish_reason(event.finish, legacy=legacy)
        self._chunk(out, event.choice, {}, finish, beside=event.extra.get("chat"))

    def _cited(self, choice: int, citation: Object) -> Object:
        """Write a citation as a delta: OpenAI's annotation, and the provider's own words beside it."""
        delta: Object = {}
        if note := annotation(citation):
            delta["annotations"] = [self._numbered(choice, note)]
        if not is_annotation(citation):
            delta["provider_specific_fields"] = {"citation": citation}
        return delta

    def _numbered(self, choice: int, item: Object) -> Object:
        """Number an item of a list in a delta: OpenAI's SDK merges items by their `index`."""
        number = self._items.get(choice, 0)
        self._items[choice] = number + 1
        return {"index": number, **item}
