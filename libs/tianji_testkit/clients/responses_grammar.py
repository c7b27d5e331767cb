"""What OpenAI promises of a stream of a response: which event may follow which, and what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_PARTS = {
    "message": ("response.content_part.added", "response.content_part.done"),
    "reasoning": ("response.reasoning_summary_part.added", "response.reasoning_summary_part.done"),
}
_TEXTS = {
    "response.output_text.delta": ("message", "response.output_text.done", "text"),
    "response.refusal.delta": ("message", "response.refusal.done", "refusal"),
    "response.reasoning_summary_text.delta": ("reasoning", "response.reasoning_summary_text.done", "text"),
    "response.reasoning_text.delta": ("reasoning", "response.reasoning_text.done", "text"),
    "response.function_call_arguments.delta": (
        "function_call",
        "response.function_call_arguments.done",
        "arguments",
    ),
}
_DONE = {done: (kind, field) for kind, done, field in _TEXTS.values()}


def check(events: Sequence[Any]) -> None:
    """Check a stream that ended well."""
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"], kinds[:2]
    assert kinds[-1] == "response.completed", kinds[-1]
    assert [event.sequence_number for event in events] == list(range(len(events))), "numbers without a gap"
    assert len({e.response.id for e in events if hasattr(e, "response")}) == 1, "one response, one id"
    assert events[0].response.status == "in_progress"
    assert events[0].response.output == []
    items = _Items()
    for event in events[2:-1]:
        items.take(event)
    assert items.item is None, "an item is still open"
    said = [(item.id, item.type) for item in events[-1].response.output]
    assert said == items.closed, f"the response holds {said}, the events told of {items.closed}"


class _Items:
    """Follows the items of a stream."""

    def __init__(self) -> None:
        self.item: Any = None
        self.closed: list[tuple[str, str]] = []
        self.part_open = False
        self.parts = 0
        self.text = ""
        self.texts: list[str] = []

    def take(self, event: Any) -> None:
        """Take the next event."""
        kind = event.type
        if kind == "response.output_item.added":
            self._open(event)
            return
        assert self.item is not None, f"{kind} outside of an item"
        assert event.output_index == len(self.closed), f"{kind} names another item"
        if kind == "response.output_item.done":
            self._close(event)
            return
        assert event.item_id == self.item.id, f"{kind} names another item"
        if kind in _TEXTS:
            assert self.item.type == _TEXTS[kind][0], f"{kind} within a {self.item.type}"
            assert self.part_open or self.item.type == "function_call" or "reasoning_text" in kind
            self.text += event.delta
        elif kind in _DONE:
            whole = getattr(event, _DONE[kind][1])
            assert whole == self.text, f"{kind} says {whole!r}, the deltas {self.text!r}"
            self.texts.append(self.text)
            self.text = ""
        else:
            added, done = _PARTS.get(self.item.type, ("", ""))
            assert kind in (added, done, "response.output_text.annotation.added"), f"{kind} is not expected"
            if kind == added:
                assert not self.part_open, "a part opens within a part"
                self.part_open = True
            elif kind == done:
                assert self.part_open, "a part ends that is not open"
                self.part_open, self.parts = False, self.parts + 1

    def _open(self, event: Any) -> None:
        assert self.item is None, "an item opens while another is open"
        assert event.output_index == len(self.closed), "items are numbered from 0"
        self.item, self.parts, self.texts = event.item, 0, []
        assert self.item.id

    def _close(self, event: Any) -> None:
        item = event.item
        assert (item.id, item.type) == (self.item.id, self.item.type)
        assert not self.part_open, "an item ends with an open part"
        assert not self.text, "an item ends before its text was said to be done"
        match item.type:
            case "function_call":
                assert item.call_id == self.item.call_id
                assert self.texts == [item.arguments], "arguments of the item are those of its events"
            case "message":
                assert self.texts == [part.text for part in item.content], "texts of the item and its events"
            case "reasoning":
                said = [part.text for part in [*item.summary, *(item.content or [])]]
                assert self.texts == said, "thoughts of the item and its events"
        self.closed.append((item.id, item.type))
        self.item = None
