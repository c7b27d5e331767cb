"""One item of a stream, or one part of a message, while it grows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from tianji.wire.call_ids import seal
from tianji.wire.neutral import Audio, Block, Grew, Image, Reasoning, Refusal, Text, ToolCall
from tianji.wire.responses.names import Meant, Names, custom_input
from tianji.wire.responses.output import (
    annotation,
    call_item,
    call_type,
    item_id,
    logprobs_of,
    message_item,
    reasoning_item,
    shown_item,
    text_part,
)
from tianji.wire.responses.unwrap import Unwrapper
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


class _Thought:
    def __init__(self, thought: Reasoning, index: int) -> None:
        self._id = item_id("reasoning")
        self._index = index
        self._thought = Reasoning(signature=thought.signature, encrypted=thought.encrypted)
        self._said = thought.text
        self._parts: list[str] = []

    @property
    def _part(self) -> Object:
        return {"item_id": self._id, "output_index": self._index, "summary_index": 0}

    def start(self) -> Told:
        item: Object = {"id": self._id, "type": "reasoning", "summary": []}
        yield "response.output_item.added", {"output_index": self._index, "item": item}
        if self._said:
            yield from self.grow(Grew(0, self._said))

    def grow(self, event: Grew) -> Told:
        if event.signature is not None:
            self._thought.signature = event.signature
        if event.encrypted is not None:
            self._thought.encrypted = (self._thought.encrypted or "") + event.encrypted
        if not event.text:
            return
        if not self._parts:
            empty = {"type": "summary_text", "text": ""}
            yield "response.reasoning_summary_part.added", {**self._part, "part": empty}
        self._parts.append(event.text)
        yield "response.reasoning_summary_text.delta", {**self._part, "delta": event.text}

    def stop(self, status: str) -> Told:
        self._thought.text = text = "".join(self._parts)
        if text:
            yield "response.reasoning_summary_text.done", {**self._part, "text": text}
            whole = {"type": "summary_text", "text": text}
            yield "response.reasoning_summary_part.done", {**self._part, "part": whole}
        yield "response.output_item.done", {"output_index": self._index, "item": self.item(status)}

    def item(self, status: str) -> Object:
        return reasoning_item(self._id, self._thought)


class _Call:
    """A call: its arguments grow where its kind has words for that, else it comes whole."""

    def __init__(self, call: ToolCall, index: int, meant: Meant) -> None:
        seal(call)
        self._call = call
        self._meant = meant
        self._kind = call_type(call, meant)
        self._id = item_id(self._kind)
        self._index = index
        self._parts: list[str] = []
        wrapped = self._kind == "custom_tool_call" and not call.custom
        self._unwrapper = Unwrapper() if wrapped else None
        self._shown: list[str] = []

    @property
    def _place(self) -> Object:
        return {"item_id": self._id, "output_index": self._index}

    def start(self) -> Told:
        item = call_item(self._id, self._call, self._meant, "", "in_progress")
        yield "response.output_item.added", {"output_index": self._index, "item": item}
        if self._call.arguments:
            yield from self.grow(Grew(0, self._call.arguments))

    def grow(self, event: Grew) -> Told:
        if not event.text:
            return
        self._parts.append(event.text)
        text = event.text if self._unwrapper is None else self._unwrapper.feed(event.text)
        yield from self._show(text)

    def _show(self, text: str) -> Told:
        self._shown.append(text)
        if not text:
            return
        if self._kind == "function_call":
            yield "response.function_call_arguments.delta", {**self._place, "delta": text}
        elif self._kind == "custom_tool_call":
            yield "response.custom_tool_call_input.delta", {**self._place, "delta": text}

    def stop(self, status: str) -> Told:
        said = "".join(self._parts)
        if self._kind == "function_call":
            if not said and status == "completed":
                self._parts.append("{}")  # clients read the arguments as JSON
                yield from self._show("{}")
            name = {"name": self._meant.name, "arguments": "".join(self._parts)}
            yield "response.function_call_arguments.done", {**self._place, **name}
        elif self._kind == "custom_tool_call":
            text = said if self._unwrapper is None else custom_input(said)
            shown = "".join(self._shown)
            if text.startswith(shown):
                yield from self._show(text[len(shown) :])
            yield "response.custom_tool_call_input.done", {**self._place, "input": text}
        yield "response.output_item.done", {"output_index": self._index, "item": self.item(status)}

    def item(self, status: str) -> Object:
        return call_item(self._id, self._call, self._meant, "".join(self._parts), status)


class _Whole:
    """An item that comes at once."""

    def __init__(self, item: Object, index: int) -> None:
        self._whole = item
        self._index = index

    def start(self) -> Told:
        yield "response.output_item.added", {"output_index": self._index, "item": self._whole}

    def grow(self, event: Grew) -> Told:
        return iter(())

    def stop(self, status: str) -> Told:
        yield "response.output_item.done", {"output_index": self._index, "item": self._whole}

    def item(self, status: str) -> Object:
        return self._whole


def grown(block: Block, index: int, names: Names) -> Growing | None:
    """Return what grows from a block that stands alone; None for what shows, if at all, at its end."""
    match block:
        case Reasoning():
            return _Thought(block, index)
        case ToolCall():
            return _Call(block, index, names.meant(block.name))
        case Image():
            item = shown_item(block)
            return None if item is None else _Whole(item, index)
    return None
