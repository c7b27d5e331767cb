"""An item of a stream that stands alone, while it grows: a thought, a call, a picture."""

from __future__ import annotations

from tianji.wire.call_ids import seal
from tianji.wire.free_text import Unwrapper, unwrapped
from tianji.wire.neutral import Block, Grew, Image, Reasoning, ToolCall
from tianji.wire.responses.growing import Growing, Told
from tianji.wire.responses.names import Meant, Names
from tianji.wire.responses.output import call_item, call_type, item_id, reasoning_item, shown_item
from tianji.wire.values import Object


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
            text = said if self._unwrapper is None else unwrapped(said)
            yield from self._show("" if self._unwrapper is None else self._unwrapper.close())
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
