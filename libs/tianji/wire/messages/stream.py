"""Events of an answer: to Anthropic's server-sent events.

The grammar holds by construction: `message_start` comes first, one block is open at a time, and
`message_delta` and `message_stop` are written when the stream is closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from tianji.wire import envelope
from tianji.wire.call_ids import seal
from tianji.wire.excerpt import KEEP, Keeper
from tianji.wire.messages.citations import write_citation
from tianji.wire.messages.usage import write_usage
from tianji.wire.messages.write import answer_block, message_id, stop_reason
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
from tianji.wire.values import Object


def server_event(name: str, data: Object) -> bytes:
    """Write one event."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode({"type": name, **data}))


class MessagesEncoder:
    """Writes one Messages stream; of several choices the first."""

    def __init__(self, ask: Ask, *, model: str) -> None:
        self._started: Started | None = None
        self._model = model or ask.model
        self._usage = Usage()
        self._finished: Finished | None = None
        self._failed = False
        self._next = 0
        self._open: Block | None = None
        self._said = Keeper[str](KEEP)
        """The beginning of what the open text has said: citations tell places in it."""

    def encode(self, events: Iterable[Event]) -> bytes:
        """Return the bytes of these events."""
        out: list[bytes] = []
        for event in events:
            if self._failed:
                break
            match event:
                case Started():
                    self._start(out, event)
                case Used(usage=usage):
                    self._usage = usage
                case Failed():
                    self._failed = True
                    error = envelope.anthropic_error(envelope.from_failed(event))
                    out.append(server_event("error", {"error": error}))
                case Finished() if event.choice == 0:
                    self._finished = event
                case BlockStarted() if event.choice == 0:
                    self._block_started(out, event.block)
                case Grew() if event.choice == 0 and self._open is not None:
                    self._grew(out, event, self._open)
                case BlockStopped() if event.choice == 0:
                    self._stop_block(out)
        return b"".join(out)

    def close(self) -> bytes:
        """Return the end of the message; nothing after an error."""
        if self._failed:
            return b""
        out: list[bytes] = []
        self._start(out, Started())
        self._stop_block(out)
        finished = self._finished or Finished("stop")
        delta = {
            "stop_reason": stop_reason(finished.finish, finished.stop_sequence),
            "stop_sequence": finished.stop_sequence,
        }
        out.append(server_event("message_delta", {"delta": delta, "usage": write_usage(self._usage)}))
        out.append(server_event("message_stop", {}))
        return b"".join(out)

    def _start(self, out: list[bytes], started: Started) -> None:
        if self._started is not None:
            return
        self._started = started
        message: Object = {
            "id": message_id(started.id),
            "type": "message",
            "role": "assistant",
            "model": started.model or self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": write_usage(started.usage or Usage()),
        }
        out.append(server_event("message_start", {"message": message}))

    def _block_started(self, out: list[bytes], block: Block) -> None:
        self._start(out, Started())
        self._stop_block(out)
        shown, rest = _opening(block)
        if shown is None:
            return
        self._open = block
        out.append(server_event("content_block_start", {"index": self._next, "content_block": shown}))
        for delta in rest:
            self._delta(out, delta)
        if isinstance(block, Text):
            self._said.clear()
            self._said.add(block.text)
            for citation in block.citations:
                self._cite(out, citation)

    def _stop_block(self, out: list[bytes]) -> None:
        if self._open is not None:
            out.append(server_event("content_block_stop", {"index": self._next}))
            self._open = None
            self._next += 1

    def _delta(self, out: list[bytes], delta: Object) -> None:
        out.append(server_event("content_block_delta", {"index": self._next, "delta": delta}))

    def _grew(self, out: list[bytes], event: Grew, block: Block) -> None:
        match block:
            case Opaque():
                if event.opaque is not None:
                    self._delta(out, event.opaque)
                return
            case ToolCall():
                key, kind = "partial_json", "input_json_delta"
            case Reasoning():
                key, kind = "thinking", "thinking_delta"
            case _:
                key, kind = "text", "text_delta"
        if event.text:
            self._delta(out, {"type": kind, key: event.text})
        if event.signature is not None and isinstance(block, Reasoning):
            self._delta(out, {"type": "signature_delta", "signature": event.signature})
        if isinstance(block, Text):
            self._said.add(event.text)
            if event.citation is not None:
                self._cite(out, event.citation)

    def _cite(self, out: list[bytes], citation: Object) -> None:
        written = write_citation(citation, "".join(self._said.parts))
        if written is not None:
            self._delta(out, {"type": "citations_delta", "citation": written})


def _opening(block: Block) -> tuple[Object | None, list[Object]]:
    """Return a block as it opens, empty, and the deltas for what of it is known already."""
    rest: list[Any] = []
    match block:
        case Text(text=text) | Refusal(text=text):
            rest = [{"type": "text_delta", "text": text}] if text else []
            return {"type": "text", "text": ""}, rest
        case Reasoning(encrypted=None, text=text, signature=signature):
            rest = [{"type": "thinking_delta", "thinking": text}] if text else []
            rest += [{"type": "signature_delta", "signature": signature}] if signature else []
            return {"type": "thinking", "thinking": "", "signature": ""}, rest
        case ToolCall(arguments=arguments):
            rest = [{"type": "input_json_delta", "partial_json": arguments}] if arguments else []
            seal(block)
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": {}}, rest
        case Audio(transcript=text) if text is not None or block.source.data is None:
            return _opening(Text(text or ""))
        case Image():
            link = answer_block(block)
            return (None, rest) if link is None else _opening(Text(link["text"]))
    return answer_block(block), rest
