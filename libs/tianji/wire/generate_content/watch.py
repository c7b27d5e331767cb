"""Looks at answers of generateContent that pass untouched, and picks out what accounting needs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from tianji.wire import sse
from tianji.wire.chat.watch import message_of
from tianji.wire.front import Glance
from tianji.wire.generate_content.framing import Framing
from tianji.wire.generate_content.usage import read_usage, searches
from tianji.wire.whole_events import WholeEvents, read


class _Candidate(Struct, rename="camel"):
    finish_reason: Any = None
    grounding_metadata: Any = None


class _Piece(Struct, rename="camel"):
    response_id: Any = None
    model_version: Any = None
    usage_metadata: Any = None
    candidates: list[_Candidate] = []
    prompt_feedback: Any = None
    error: Any = None


class _Call(Struct):
    name: Any = None
    args: msgspec.Raw = msgspec.Raw()


class _Part(Struct, rename="camel"):
    text: Any = None
    function_call: _Call | None = None


class _Content(Struct):
    parts: list[_Part] = []


class _Said(Struct):
    content: _Content | None = None


class _Whole(Struct):
    candidates: list[_Said] = []


_piece = msgspec.json.Decoder(_Piece)
_whole = msgspec.json.Decoder(_Whole)


def glance(body: bytes) -> Glance:
    """Pick model, usage and finish out of a whole answer."""
    found = Glance()
    _note(found, body)
    return found


def _note(found: Glance, data: bytes) -> bool:
    """Note what a piece says; return whether it tells the usage."""
    piece = read(_piece, data)
    if piece is None:
        return False
    if isinstance(piece.response_id, str):
        found.id = piece.response_id
    if isinstance(piece.model_version, str):
        found.model = piece.model_version
    searched = found.usage.web_searches if found.usage is not None else 0
    for candidate in piece.candidates:
        if isinstance(candidate.finish_reason, str):
            found.finish = candidate.finish_reason
        if candidate.grounding_metadata is not None:
            searched += searches(candidate.grounding_metadata, found.model)
    if isinstance(piece.prompt_feedback, dict) and piece.prompt_feedback.get("blockReason"):
        found.finish = str(piece.prompt_feedback["blockReason"])
    if piece.error is not None:
        found.failed, found.error = message_of(piece.error), piece.error
    usage = read_usage(piece.usage_metadata)
    if usage is not None:
        usage.web_searches = searched
        found.usage = usage
    elif found.usage is not None:
        found.usage.web_searches = searched
    return usage is not None


class GenerateContentWatch(WholeEvents):
    """Follows a stream of server-sent events, and frames its pieces as this client wants them."""

    def __init__(self, framing: Framing, *, as_they_are: bool) -> None:
        """`as_they_are`: the client takes events too, and gets the provider's own bytes."""
        super().__init__()
        self._framing = framing
        self._as_they_are = as_they_are

    def close(self) -> bytes:
        """Return what was held; the stream was complete when the model had said why it stopped."""
        held, self._held = self._held, b""
        found = self._noted(held)
        self.complete = self.glance.finish is not None
        if not self.complete:
            return b""
        return self._framed(held and held + b"\n\n", found) + self._framing.end()

    def _texts(self, data: bytes) -> Iterable[object]:
        whole = read(_whole, data)
        contents = [said.content for said in whole.candidates if said.content] if whole else []
        for part in (part for content in contents for part in content.parts):
            yield part.text
            if part.function_call is not None:
                yield str(part.function_call.name)
                yield bytes(part.function_call.args).decode(errors="replace")

    def _look(self, events: bytes) -> bytes:
        out = self._framed(events, self._noted(events))
        return out if self.glance.failed is None or self._as_they_are else out + self._framing.end()

    def _noted(self, events: bytes) -> list[sse.ServerEvent]:
        self._raw.add(events)
        found = sse.parse(events)
        for event in found:
            if _note(self.glance, event.data):
                self._raw.clear()
        return found

    def _framed(self, events: bytes, found: list[sse.ServerEvent]) -> bytes:
        if self._as_they_are:
            return events
        return b"".join(self._framing.piece(event.data) for event in found)
