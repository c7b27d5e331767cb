"""What is open in a stream and grows; here messages and their parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from tianji.wire.neutral import Audio, Block, Grew, Refusal, Text
from tianji.wire.responses.output import (
    annotation,
    item_id,
    logprobs_of,
    message_item,
    text_part,
)
from tianji.wire.values import Object

Told = Iterator[tuple[str, Object]]
"""Events: their types and their fields."""


class Growing(Protocol):
    """What is open."""

    def start(self) -> Told:
        """Tell that it begins, with what is known of it already."""

    def grow(self, event: Grew) -> Told:
        """Tell what it grows by."""

    def stop(self, status: str) -> Told:
        """Tell that it is complete."""

    def item(self, status: str) -> Object | None:
        """Return the item for the whole answer; None where a message holds it."""


class Message:
    """A message, open as long as texts and refusals follow one another."""

    def __init__(self, index: int) -> None:
        self.id = item_id("message")
        self.content: list[Object] = []
        self._index = index

    def start(self) -> Told:
        """Tell that it begins."""
        item = message_item(self.id, [], "in_progress")
        yield "response.output_item.added", {"output_index": self._index, "item": item}

    def part(self, block: Block) -> Growing:
        """Return the next part of it."""
        place = {"item_id": self.id, "output_index": self._index, "content_index": len(self.content)}
        if isinstance(block, Refusal):
            return _Refusal(self.content, place, block.text)
        if isinstance(block, Audio):
            return _Text(self.content, place, Text(block.transcript or ""))
        return _Text(self.content, place, block if isinstance(block, Text) else Text(""))

    def refuses(self) -> bool:
        """Say whether the model declined in it."""
        return any(part["type"] == "refusal" for part in self.content)

    def stop(self, status: str) -> Told:
        """Tell that it is complete."""
        item = message_item(self.id, self.content, status)
        yield "response.output_item.done", {"output_index": self._index, "item": item}


class _Text:
    def __init__(self, content: list[Object], place: Object, block: Text) -> None:
        self._content = content
        self._place = place
        self._said = block
        self._parts: list[str] = []
        self._cited: list[Object] = []
        self._logprobs: list[Any] = []

    def start(self) -> Told:
        yield "response.content_part.added", {**self._place, "part": text_part("")}
        if self._said.text:
            yield from self.grow(Grew(0, self._said.text))
        for citation in self._said.citations:
            yield from self._cite(citation)

    def grow(self, event: Grew) -> Told:
        logprobs = logprobs_of(event.logprobs)
        self._logprobs += logprobs
        if event.text or logprobs:
            self._parts.append(event.text)
            delta = {**self._place, "delta": event.text, "logprobs": logprobs}
            yield "response.output_text.delta", delta
        if event.citation is not None:
            yield from self._cite(event.citation)

    def _cite(self, citation: Object) -> Told:
        note = annotation(citation, "".join(self._parts))
        if note is None:
            return
        place = {**self._place, "annotation_index": len(self._cited)}
        self._cited.append(note)
        yield "response.output_text.annotation.added", {**place, "annotation": note}

    def stop(self, status: str) -> Told:
        text = "".join(self._parts)
        part = text_part(text, self._cited, self._logprobs)
        self._content.append(part)
        yield "response.output_text.done", {**self._place, "text": text, "logprobs": self._logprobs}
        yield "response.content_part.done", {**self._place, "part": part}

    def item(self, status: str) -> Object | None:
        return None


class _Refusal:
    def __init__(self, content: list[Object], place: Object, said: str) -> None:
        self._content = content
        self._place = place
        self._said = said
        self._parts: list[str] = []

    def start(self) -> Told:
        yield "response.content_part.added", {**self._place, "part": {"type": "refusal", "refusal": ""}}
        if self._said:
            yield from self.grow(Grew(0, self._said))

    def grow(self, event: Grew) -> Told:
        if event.text:
            self._parts.append(event.text)
            yield "response.refusal.delta", {**self._place, "delta": event.text}

    def stop(self, status: str) -> Told:
        text = "".join(self._parts)
        part = {"type": "refusal", "refusal": text}
        self._content.append(part)
        yield "response.refusal.done", {**self._place, "refusal": text}
        yield "response.content_part.done", {**self._place, "part": part}

    def item(self, status: str) -> Object | None:
        return None
