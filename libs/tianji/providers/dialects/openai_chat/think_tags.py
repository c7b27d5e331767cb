"""Thoughts that a model writes into its answer's text: `<think>…</think>` at its beginning."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from tianji.providers.contract import Decoder
from tianji.providers.dialects.openai_chat.messages import changing, objects
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.wire.neutral import (
    Answer,
    Ask,
    Block,
    BlockStarted,
    BlockStopped,
    Event,
    Grew,
    Reasoning,
    Text,
)

TAG = "think"


class ThinkingUpstream(ChatUpstream):
    """A deployment whose model thinks aloud."""

    tag: str = TAG

    def response(self, body: bytes, ask: Ask) -> Answer:
        """Read a whole answer, thoughts apart."""
        answer = super().response(body, ask)
        for choice in answer.choices:
            choice.blocks = [part for block in choice.blocks for part in parted(block, self.tag)]
        return answer

    def stream(self, ask: Ask) -> Decoder:  # type: ignore[override]
        """Start to read a stream, thoughts apart."""
        return ThinkingDecoder(super().stream(ask), self.tag)


def parted(block: Block, tag: str = TAG) -> list[Block]:
    """Part a text that begins with thoughts; any other block stays as it is."""
    opening = f"<{tag}>"
    if not isinstance(block, Text) or not block.text.lstrip().startswith(opening):
        return [block]
    thought, close, rest = block.text.lstrip()[len(opening) :].partition(f"</{tag}>")
    if not close:
        return [Reasoning(thought.strip())]
    said = rest.lstrip()
    return [Reasoning(thought.strip()), *([structs.replace(block, text=said)] if said else [])]


def _tagged(messages: list[Any]) -> list[str]:
    found = [message for message in objects(messages) if message.get("role") == "assistant"]
    changed = False
    for message in found:
        thought = message.pop("reasoning_content", None)
        content = message.get("content")
        if thought and isinstance(thought, str) and (content is None or isinstance(content, str)):
            message["content"] = f"<{TAG}>\n{thought}\n</{TAG}>\n\n{content or ''}"
        changed = changed or thought is not None
    return ["reasoning_content in the content"] if changed else []


thoughts_in_text = changing(_tagged, "reasoning_content")
"""Sends earlier thoughts back where such a model wrote them."""


class _Side:
    """One choice: its first text is held until it is known how it begins."""

    def __init__(self) -> None:
        self.held: BlockStarted | None = None
        self.text = ""
        self.thinking = False
        self.decided = False
        self.trim = False
        self.moved = 0


class ThinkingDecoder:
    """Moves the thoughts in a stream's text into a block of their own."""

    def __init__(self, inner: Decoder, tag: str = TAG) -> None:
        self._inner = inner
        self._open, self._close = f"<{tag}>", f"</{tag}>"
        self._sides: dict[int, _Side] = {}

    @property
    def complete(self) -> bool:
        """Whether the provider's own last event was seen."""
        return self._inner.complete

    @complete.setter
    def complete(self, value: bool) -> None:
        self._inner.complete = value

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that are complete with this chunk."""
        return self._parted(self._inner.feed(chunk))

    def close(self) -> list[Event]:
        """Return what was still held at the end of the stream."""
        return self._parted(self._inner.close())

    def _parted(self, events: list[Event]) -> list[Event]:
        out: list[Event] = []
        for event in events:
            if isinstance(event, (BlockStarted, Grew, BlockStopped)):
                side = self._sides.setdefault(event.choice, _Side())
                if isinstance(event, BlockStarted):
                    self._started(out, side, event)
                elif isinstance(event, Grew):
                    self._grew(out, side, event)
                else:
                    self._stopped(out, side, event)
            else:
                out.append(event)
        return out

    def _started(self, out: list[Event], side: _Side, event: BlockStarted) -> None:
        event.index += side.moved
        if isinstance(event.block, Text) and not side.decided:
            side.held = event
            side.text, event.block.text = event.block.text, ""
            self._decide(out, side)
            return
        side.decided = True
        out.append(event)

    def _grew(self, out: list[Event], side: _Side, event: Grew) -> None:
        event.index += side.moved
        if side.held is not None and event.text:
            side.text += event.text
            self._decide(out, side)
        elif side.thinking:
            side.text += event.text
            self._think(out, side, event.index, event.choice)
        elif side.held is None:
            if side.trim:
                event.text = event.text.lstrip()
                side.trim = not event.text
            if not side.trim:
                out.append(event)

    def _decide(self, out: list[Event], side: _Side) -> None:
        """Find out how the text begins; until it is known, nothing is told of it."""
        began = side.text.lstrip()
        held = side.held
        if held is None or self._open.startswith(began):
            return
        side.held, side.decided = None, True
        if not began.startswith(self._open):
            out += [held, Grew(held.index, side.text, choice=held.choice)]
            side.text = ""
            return
        side.thinking, side.text = True, began[len(self._open) :].lstrip()
        out.append(BlockStarted(Reasoning(), held.index, held.choice))
        self._think(out, side, held.index, held.choice)

    def _think(self, out: list[Event], side: _Side, index: int, choice: int) -> None:
        """Tell thoughts as far as they cannot be the beginning of the end mark."""
        thought, close, rest = side.text.partition(self._close)
        if not close:
            kept = next(
                (n for n in range(len(self._close) - 1, 0, -1) if side.text.endswith(self._close[:n])), 0
            )
            thought, side.text = side.text[: len(side.text) - kept], side.text[len(side.text) - kept :]
        if thought:
            out.append(Grew(index, thought, choice=choice))
        if not close:
            return
        side.thinking, side.moved, side.text = False, side.moved + 1, ""
        said = rest.lstrip()
        side.trim = not said
        out += [BlockStopped(index, choice), BlockStarted(Text(""), index + 1, choice)]
        if said:
            out.append(Grew(index + 1, said, choice=choice))

    def _stopped(self, out: list[Event], side: _Side, event: BlockStopped) -> None:
        event.index += side.moved
        held = side.held
        if held is not None:
            side.held, side.decided = None, True
            out.append(held)
            if side.text:
                out.append(Grew(held.index, side.text, choice=held.choice))
        elif side.thinking and side.text:
            out.append(Grew(event.index, side.text, choice=event.choice))
        side.thinking, side.text = False, ""
        out.append(event)
