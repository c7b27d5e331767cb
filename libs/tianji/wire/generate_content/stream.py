"""Events of an answer: to the pieces of a streamGenerateContent answer.

Text goes out as it comes, a function call whole when it is complete, and why the model stopped with
the usage in the last piece.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct, field

from tianji.wire import envelope
from tianji.wire.generate_content.citations import Citations
from tianji.wire.generate_content.framing import Framing
from tianji.wire.generate_content.logprobs import write_logprobs
from tianji.wire.generate_content.spelling import DIALECT
from tianji.wire.generate_content.usage import write_usage
from tianji.wire.generate_content.write import finish_reason, response_id, write_part
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
    Reasoning,
    Refusal,
    Source,
    Started,
    Text,
    ToolCall,
    Usage,
    Used,
)
from tianji.wire.values import Object


class _Side(Struct):
    """One candidate while it is written."""

    open: dict[int, Block] = field(default_factory=dict)
    pieces: dict[int, list[str]] = field(default_factory=dict)
    """Of calls: their arguments so far."""
    citations: Citations = field(default_factory=Citations)
    said: int = 0
    """Bytes of text so far."""
    finished: Finished | None = None


class GenerateContentEncoder:
    """Writes one stream."""

    def __init__(self, ask: Ask, framing: Framing, *, model: str) -> None:
        self._framing = framing
        self._started = Started(model=model or ask.model)
        self._tail = b""
        self._sides: dict[int, _Side] = {}
        self._usage: Usage | None = None

    def encode(self, events: Iterable[Event]) -> bytes:
        """Return the pieces of these events."""
        out: list[bytes] = []
        for event in events:
            match event:
                case Grew():
                    self._grew(out, event)
                case BlockStarted(block=block):
                    self._block_started(out, event, block)
                case BlockStopped():
                    self._block_stopped(out, event)
                case Started():
                    event.model = event.model or self._started.model
                    self._started = event
                case Finished():
                    self._side(event.choice).finished = event
                case Used(usage=usage):
                    self._usage = usage
                case Failed():
                    error = envelope.google_envelope(envelope.from_failed(event))
                    out += (self._framing.piece(error), self._framing.end())
        return b"".join(out)

    def close(self) -> bytes:
        """Return the last piece, and the end of the stream."""
        candidates = [self._last(choice, side) for choice, side in sorted(self._sides.items())]
        body: Object = {"candidates": candidates or [self._last(0, _Side())]}
        if self._usage is not None:
            body["usageMetadata"] = write_usage(self._usage)
        last = self._framing.piece(msgspec.json.encode(body)[:-1] + self._end())
        return last + self._framing.end()

    def _last(self, choice: int, side: _Side) -> Object:
        finished = side.finished or Finished("stop")
        return {
            "content": {"parts": [], "role": "model"},
            "finishReason": finish_reason(finished.finish, finished.finish_raw),
            "index": choice,
            **side.citations.written(),
            **finished.extra.get(DIALECT, {}),
        }

    def _side(self, choice: int) -> _Side:
        return self._sides.get(choice) or self._sides.setdefault(choice, _Side())

    def _end(self) -> bytes:
        """Return what all pieces end with; encoded once."""
        if not self._tail:
            started = self._started
            told = {"modelVersion": started.model, "responseId": response_id(started.id)}
            self._tail = b"," + msgspec.json.encode(told)[1:]
        return self._tail

    def _part(
        self, out: list[bytes], choice: int, part: Object | None, logprobs: Object | None = None
    ) -> None:
        if part is None:
            return
        rest = msgspec.json.encode(write_logprobs(logprobs))[1:-1] if logprobs else b""
        data = b'{"candidates":[{"content":{"parts":[%b],"role":"model"},"index":%d%b}]%b' % (
            msgspec.json.encode(part),
            choice,
            b"," + rest if rest else b"",
            self._end(),
        )
        out.append(self._framing.piece(data))

    def _block_started(self, out: list[bytes], event: BlockStarted, block: Block) -> None:
        side = self._side(event.choice)
        side.open[event.index] = block
        match block:
            case Text(text=text) | Refusal(text=text):
                self._cite(side, block, text)
                self._part(out, event.choice, {"text": text} if text else None)
            case Reasoning(text=text):
                self._part(out, event.choice, {"text": text, "thought": True} if text else None)
            case ToolCall(arguments=arguments):
                side.pieces[event.index] = [arguments]
            case Audio():
                self._part(out, event.choice, write_part(block))

    def _cite(self, side: _Side, block: Block, text: str) -> None:
        before, side.said = side.said, side.said + len(text.encode())
        if isinstance(block, Text) and block.citations:
            side.citations.add(block.citations, before, side.said)

    def _grew(self, out: list[bytes], event: Grew) -> None:
        side = self._side(event.choice)
        block, text = side.open.get(event.index), event.text
        match block:
            case Text() | Refusal():
                before, side.said = side.said, side.said + len(text.encode())
                if event.citation is not None:
                    side.citations.add([event.citation], before, side.said)
                if text or event.logprobs:
                    self._part(out, event.choice, {"text": text}, event.logprobs)
            case ToolCall():
                side.pieces[event.index].append(text)
                block.signature = event.signature or block.signature
            case Reasoning():
                block.signature = event.signature or block.signature
                if event.encrypted is not None:
                    block.encrypted = (block.encrypted or "") + event.encrypted
                self._part(out, event.choice, {"text": text, "thought": True} if text else None)
            case Audio():
                source = Source(data=event.data, media_type=block.source.media_type)
                piece = Audio(source, block.format or "pcm16", text or None)
                self._part(out, event.choice, write_part(piece) if event.data or text else None)

    def _block_stopped(self, out: list[bytes], event: BlockStopped) -> None:
        side = self._side(event.choice)
        block = side.open.pop(event.index, None)
        match block:
            case ToolCall():
                block.arguments = "".join(side.pieces.pop(event.index))
                self._part(out, event.choice, write_part(block))
            case Reasoning():
                # The text is out already; what signs it comes behind it.
                block.text = ""
                self._part(out, event.choice, write_part(block))
            case None | Text() | Refusal() | Audio():
                pass
            case _:
                self._part(out, event.choice, write_part(event.block or block))
