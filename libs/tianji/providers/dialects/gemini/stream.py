"""Pieces of a generateContent answer: to events."""

from __future__ import annotations

from typing import Any

import msgspec

from tianji.providers.dialects.gemini.answer import blocked, created, finish_of, for_chat, rest
from tianji.providers.dialects.gemini.blocks import Wanted, call_id, read_logprobs, read_part
from tianji.providers.dialects.gemini.errors import read_google
from tianji.providers.dialects.gemini.frames import Frames
from tianji.providers.dialects.gemini.grounding import citations, nowhere
from tianji.providers.dialects.gemini.partial import Arguments
from tianji.providers.dialects.gemini.spelling import listed, mapped, said, text_of
from tianji.providers.dialects.gemini.usage import service_tier
from tianji.providers.dialects.openai_chat.sides import Side
from tianji.wire.generate_content.spelling import DIALECT
from tianji.wire.generate_content.usage import read_usage, searches
from tianji.wire.neutral import (
    Block,
    Event,
    Failed,
    Finished,
    Grew,
    Reasoning,
    Refusal,
    Started,
    Text,
    ToolCall,
    Used,
)
from tianji.wire.values import Object

_USUAL = frozenset(("content", "index"))
"""What nearly every piece of a candidate has, and nothing else."""


class _Candidate(Side):
    """One candidate of the stream."""

    def __init__(self, choice: int) -> None:
        super().__init__(choice)
        self.called = False
        self.ascii = True
        self.arguments: Arguments | None = None
        self.extra: Object = {}

    def end_call(self, out: list[Event]) -> None:
        """Close a call whose arguments came in pieces."""
        if self.arguments is not None:
            out.append(Grew(self.index, self.arguments.close(), choice=self.choice))
            self.arguments = None
            self.stop(out)


class GeminiDecoder:
    """Reads one stream of a Gemini model."""

    def __init__(self, provider: str, want: Wanted) -> None:
        self.complete = False
        self._provider = provider
        self._want = want
        self._frames = Frames()
        self._sides: dict[int, _Candidate] = {}
        self._model = ""
        self._counted: tuple[Any, int] = (None, 0)
        self._searches = 0
        self._finished = 0
        self._started = False
        self._failed = False

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that are complete with this chunk."""
        return self._read(self._frames.feed(chunk))

    def close(self) -> list[Event]:
        """Return what was held; a stream is complete when each of its candidates has finished."""
        return self._read(self._frames.close())

    def _read(self, frames: list[bytes]) -> list[Event]:
        out: list[Event] = []
        for frame in frames:
            if self._failed:
                break
            if not frame.strip() or frame == b"[DONE]":
                continue
            try:
                found = msgspec.json.decode(frame)
            except (msgspec.DecodeError, ValueError, RecursionError):
                found = None
            if isinstance(found, dict):
                self._piece(out, found)
            else:
                self._failed = True
                out.append(Failed(f"{self._provider} sent a chunk that cannot be read"))
        return out

    def _piece(self, out: list[Event], piece: Object) -> None:
        error = piece.get("error")
        if error is not None:
            self._fail(out, error)
            return
        if not self._started:
            self._start(out, piece)
        for at, item in enumerate(listed(piece.get("candidates"))):
            candidate = mapped(item)
            index = candidate.get("index")
            number = index if isinstance(index, int) else at
            side = self._sides.get(number) or self._sides.setdefault(number, _Candidate(number))
            if not side.finished:
                self._candidate(out, side, candidate)
        if not self._sides:
            feedback = mapped(said(piece, "promptFeedback"))
            if said(feedback, "blockReason"):
                self._block(out, feedback)
        self._count(out, piece)
        self.complete = self._finished == len(self._sides) > 0

    def _start(self, out: list[Event], piece: Object) -> None:
        self._started = True
        self._model = text_of(said(piece, "modelVersion"))
        metadata = said(piece, "usageMetadata")
        out.append(
            Started(
                text_of(said(piece, "responseId")),
                self._model,
                created(piece),
                usage=read_usage(metadata),
                service_tier=service_tier(metadata),
            )
        )

    def _fail(self, out: list[Event], error: Any) -> None:
        self._failed = True
        self.complete = False
        found = read_google(self._provider, mapped(error) or {"message": str(error)})
        out.append(Failed(found.message, found.type, found.code, found.status))

    def _block(self, out: list[Event], feedback: Object) -> None:
        side = self._sides.setdefault(0, _Candidate(0))
        choice = blocked(feedback)
        for block in choice.blocks:
            if isinstance(block, Refusal):
                side.grow(out, Refusal, block.text)
        side.stop(out)
        self._end(side)
        out.append(Finished(choice.finish or "content_filter", choice.finish_raw))

    def _count(self, out: list[Event], piece: Object) -> None:
        metadata = said(piece, "usageMetadata")
        if metadata is None or (metadata, self._searches) == self._counted:
            return
        self._counted = (metadata, self._searches)
        usage = read_usage(metadata)
        if usage is not None:
            usage.web_searches = self._searches
            out.append(Used(usage))

    def _candidate(self, out: list[Event], side: _Candidate, candidate: Object) -> None:
        before = len(out)
        for part in listed(mapped(candidate.get("content")).get("parts")):
            self._part(out, side, mapped(part))
        if candidate.keys() <= _USUAL:
            return
        logprobs = read_logprobs(said(candidate, "logprobsResult"))
        if logprobs is not None:
            told = [event for event in out[before:] if isinstance(event, Grew)]
            (told[-1] if told else side.grow(out, Text, "")).logprobs = logprobs
        grounding = said(candidate, "groundingMetadata")
        if grounding is not None:
            self._searches += searches(grounding, self._model)
            for citation in citations(grounding, int if side.ascii else nowhere):
                side.grow(out, Text, "").citation = citation
        side.extra |= rest(candidate)
        raw = said(candidate, "finishReason")
        if raw is not None:
            self._finish(out, side, raw)

    def _finish(self, out: list[Event], side: _Candidate, raw: Any) -> None:
        side.end_call(out)
        side.stop(out)
        self._end(side)
        finish = finish_of(raw, called=side.called)
        extra = {DIALECT: side.extra, "chat": for_chat([side.extra])} if side.extra else {}
        word = raw if isinstance(raw, str) else None
        out.append(Finished(finish, word, choice=side.choice, extra=extra))

    def _end(self, side: _Candidate) -> None:
        side.finished = True
        self._finished += 1

    def _part(self, out: list[Event], side: _Candidate, part: Object) -> None:
        text = part.get("text")
        if len(part) == 1 and side.arguments is None and isinstance(text, str) and text:
            self._block_of(out, side, Text(text))  # as nearly every part
            return
        call = said(part, "functionCall")
        if isinstance(call, dict) and self._grown(out, side, call, part):
            return
        side.end_call(out)
        for block in read_part(part, self._want):
            self._block_of(out, side, block)

    def _grown(self, out: list[Event], side: _Candidate, call: Object, part: Object) -> bool:
        """Read a piece of a call; False for a call that is whole."""
        pieces, more = listed(said(call, "partialArgs")), said(call, "willContinue") is True
        name = text_of(call.get("name"))
        if name and not pieces and not more:
            return False
        if name:
            side.end_call(out)
            side.called = True
            side.start(
                out, ToolCall(call_id(call), name, signature=text_of(said(part, "thoughtSignature")) or None)
            )
            side.arguments = Arguments()
        if side.arguments is None:
            return True  # the end of a call that has ended
        if text := "".join(side.arguments.add(mapped(piece)) for piece in pieces):
            out.append(Grew(side.index, text, choice=side.choice))
        if not more:
            side.end_call(out)
        return True

    def _block_of(self, out: list[Event], side: _Candidate, block: Block) -> None:
        match block:
            case Text(text=text):
                side.ascii = side.ascii and text.isascii()
                side.grow(out, Text, text)
            case Reasoning(text=text, signature=signature):
                self._thought(out, side, text, signature)
            case ToolCall():
                side.called = True
                arguments, block.arguments = block.arguments, ""
                side.start(out, block)
                out.append(Grew(side.index, arguments, choice=side.choice))
                side.stop(out)
            case _:
                side.start(out, block)
                side.stop(out)

    def _thought(self, out: list[Event], side: _Candidate, text: str, signature: str | None) -> None:
        if text:
            side.grow(out, Reasoning, text)
        elif not isinstance(side.open, Reasoning):
            side.start(out, Reasoning())
        if signature is not None:
            out.append(Grew(side.index, signature=signature, choice=side.choice))
            side.stop(out)
