"""The blocks that one item of a stream becomes, opened and closed one after another."""

from __future__ import annotations

from typing import Any

from tianji.providers.dialects.responses.answer import (
    citation_of,
    object_of,
    objects_of,
    read_call,
    read_item,
    read_reasoning,
    text_of,
)
from tianji.wire.neutral import (
    Block,
    BlockStarted,
    BlockStopped,
    Event,
    Grew,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from tianji.wire.values import Object

_CALLS = ("function_call", "custom_tool_call")


class Blocks:
    """Writes the blocks of a stream, item by item."""

    def __init__(self) -> None:
        self.called = False
        self._index = -1
        self._open: Block | None = None
        self._parts: list[str] = []
        self._cited = 0
        self._fresh = True
        """Whether the open item has shown nothing yet."""

    def begin(self, out: list[Event], item: Object) -> None:
        """Begin an item; its content follows, or comes with its end."""
        self.close(out)
        self._fresh = True
        kind = item.get("type")
        if kind in _CALLS:
            call = read_call(item)
            call.arguments = ""
            self.called = True
            self._start(out, call)

    def text(self, out: list[Event], delta: str, logprobs: Any) -> None:
        """Grow a text."""
        self._grow(out, Text, delta).logprobs = _logprobs(logprobs)

    def refusal(self, out: list[Event], delta: str) -> None:
        """Grow a refusal."""
        self._grow(out, Refusal, delta)

    def thought(self, out: list[Event], delta: str) -> None:
        """Grow a thought."""
        self._grow(out, Reasoning, delta)

    def next_thought(self, out: list[Event]) -> None:
        """Part one section of a summary from the next."""
        if isinstance(self._open, Reasoning) and self._parts:
            self._grow(out, Reasoning, "\n\n")

    def next_part(self, out: list[Event]) -> None:
        """Part one text of a message from the next."""
        if isinstance(self._open, (Text, Refusal)):
            self.close(out)

    def argument(self, out: list[Event], delta: str) -> None:
        """Grow a call's arguments."""
        if isinstance(self._open, ToolCall) and delta:
            self._parts.append(delta)
            out.append(Grew(self._index, delta))

    def cite(self, out: list[Event], note: Object) -> None:
        """Add a citation to the open text."""
        if not isinstance(self._open, Text):
            self._start(out, Text(""))
        self._cited += 1
        out.append(Grew(self._index, citation=citation_of(note)))

    def end(self, out: list[Event], item: Object) -> None:
        """End an item: what its events did not tell is told now."""
        kind = item.get("type")
        if kind in _CALLS:
            self._end_call(out, item)
        elif kind == "reasoning":
            self._end_thought(out, item)
        elif self._fresh:
            for block in read_item(item):
                self._show(out, block)
        elif kind == "message":
            self._end_text(out, item)
        self.close(out)
        self._fresh = True

    def close(self, out: list[Event]) -> None:
        """Close the open block, if there is one."""
        if self._open is not None:
            out.append(BlockStopped(self._index))
            self._open = None

    def _start(self, out: list[Event], block: Block) -> None:
        self.close(out)
        self._open = block
        self._index += 1
        self._parts, self._cited = [], 0
        out.append(BlockStarted(block, self._index))

    def _grow(self, out: list[Event], kind: type[Text] | type[Refusal] | type[Reasoning], delta: str) -> Grew:
        self._fresh = False
        if not isinstance(self._open, kind):
            self._start(out, kind(text=""))
        self._parts.append(delta)
        grew = Grew(self._index, delta)
        out.append(grew)
        return grew

    def _rest(self, whole: str) -> str:
        """Return what of a whole text its deltas have not told."""
        told = "".join(self._parts)
        return whole[len(told) :] if whole.startswith(told) else ""

    def _end_call(self, out: list[Event], item: Object) -> None:
        if not isinstance(self._open, ToolCall):
            self.begin(out, item)
        self.argument(out, self._rest(read_call(item).arguments))

    def _end_thought(self, out: list[Event], item: Object) -> None:
        whole = read_reasoning(item)
        if not isinstance(self._open, Reasoning) and whole.text:
            self._grow(out, Reasoning, whole.text)
        if whole.signature is not None:
            if not isinstance(self._open, Reasoning):
                self._start(out, Reasoning())
            out.append(Grew(self._index, signature=whole.signature))

    def _end_text(self, out: list[Event], item: Object) -> None:
        parts = objects_of(item.get("content"))
        last = parts[-1] if parts else {}
        if not isinstance(self._open, Text) or last.get("type") != "output_text":
            return
        rest = self._rest(text_of(last.get("text")))
        if rest:
            self._grow(out, Text, rest)
        for note in objects_of(last.get("annotations"))[self._cited :]:
            self.cite(out, note)

    def _show(self, out: list[Event], block: Block) -> None:
        """Tell of a block that comes whole."""
        if isinstance(block, Text):
            self._start(out, Text(""))
            out.append(Grew(self._index, block.text))
            for note in block.citations:
                out.append(Grew(self._index, citation=note))
        elif isinstance(block, Refusal):
            self._start(out, Refusal(""))
            out.append(Grew(self._index, block.text))
        elif isinstance(block, (Image, Opaque)):
            self.close(out)
            self._index += 1
            whole = block if isinstance(block, Opaque) else None
            out += [BlockStarted(block, self._index), BlockStopped(self._index, block=whole)]


def _logprobs(said: Any) -> dict[str, Any] | None:
    found = [object_of(entry) for entry in said] if isinstance(said, list) else []
    return {"content": found, "refusal": None} if found else None
