"""The blocks of one stream: one is open at a time, pieces of another wait until it is closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tianji.providers.dialects.anthropic.shape import TOOL
from tianji.providers.dialects.converse.answer import unsealed
from tianji.providers.dialects.converse.blocks import DIALECT
from tianji.providers.dialects.converse.citations import read_citation
from tianji.wire.neutral import (
    Block,
    BlockStarted,
    BlockStopped,
    Event,
    Grew,
    Image,
    Opaque,
    Reasoning,
    Source,
    Text,
    ToolCall,
)
from tianji.wire.values import Object


class _Open(Struct):
    """The open block, and where the provider counts it."""

    place: int
    block: Block
    pieces: list[str]
    deltas: list[Any]
    grown: bool = False


class OpenBlocks:
    """Writes the blocks of one answer."""

    def __init__(self, names: Mapping[str, str], *, emulated: bool) -> None:
        self.called = False
        self._names = names
        self._emulated = emulated
        self._index = -1
        self._open: _Open | None = None
        self._waiting: dict[int, list[tuple[str, Object]]] = {}

    def start(self, out: list[Event], place: int, start: Object) -> None:
        """Open an announced block."""
        if self._waits(place, "start", start):
            return
        self._close(out)
        block = self._announced(start)
        if block is not None:
            self._begin(out, place, block)

    def grow(self, out: list[Event], place: int, delta: Object) -> None:
        """Add to a block; one of a kind that is not announced opens with it."""
        if self._waits(place, "delta", delta):
            return
        kind = _kind_of(delta)
        current = self._open
        if current is None and delta.get("text") == "":
            return
        if kind is not None and not (
            current is not None and current.place == place and isinstance(current.block, kind)
        ):
            self._close(out)
            current = self._begin(out, place, kind(text=""))
        if current is not None:
            self._add(out, current, delta)

    def stop(self, out: list[Event], place: int) -> None:
        """Close a block, and go on with what waited for it."""
        if self._waits(place, "stop", {}):
            return
        self._close(out)
        while self._waiting and self._open is None:
            first = min(self._waiting)
            for step, value in self._waiting.pop(first):
                if step == "start":
                    self.start(out, first, value)
                elif step == "delta":
                    self.grow(out, first, value)
                else:
                    self.stop(out, first)

    def stop_all(self, out: list[Event]) -> None:
        """Close what is open: the answer is at its end."""
        while self._open is not None:
            self.stop(out, self._open.place)

    def _waits(self, place: int, step: str, value: Object) -> bool:
        """Say whether a step has to wait: for a call, whose pieces may come mixed with those of others."""
        if self._open is None or self._open.place == place:
            return False
        if step == "stop" and place not in self._waiting:
            return True
        if not isinstance(self._open.block, (ToolCall, Opaque)):
            return False
        self._waiting.setdefault(place, []).append((step, value))
        return True

    def _announced(self, start: Object) -> Block | None:
        match start:
            case {"toolUse": {"type": "server_tool_use"}}:
                return Opaque(DIALECT, {"toolUse": dict(start["toolUse"])})
            case {"toolUse": {"toolUseId": str(identity), "name": str(name)}}:
                if self._emulated and name == TOOL:
                    return Text("")
                self.called = True
                return ToolCall(identity, self._names.get(name, name))
            case {"toolResult": dict(result)}:
                return Opaque(DIALECT, {"toolResult": {**result, "content": []}})
            case {"image": {"format": str(kind)}}:
                return Image(Source(data="", media_type=f"image/{kind}"))
        return None

    def _begin(self, out: list[Event], place: int, block: Block) -> _Open:
        self._index += 1
        self._open = _Open(place, block, [], [])
        out.append(BlockStarted(block, self._index))
        return self._open

    def _add(self, out: list[Event], current: _Open, delta: Object) -> None:
        index = self._index
        match delta:
            case {"text": str(text)} | {"reasoningContent": {"text": str(text)}}:
                if text:
                    out.append(Grew(index, text))
            case {"reasoningContent": {"signature": str(signature)}}:
                out.append(Grew(index, signature=signature))
            case {"reasoningContent": {"redactedContent": str(sealed)}}:
                out.append(Grew(index, encrypted=unsealed(sealed)))
            case {"toolUse": {"input": str(piece)}}:
                self._add_input(out, current, piece)
            case {"citation": dict(citation)}:
                out.append(Grew(index, citation=read_citation(citation)))
            case {"toolResult": list(parts)} if isinstance(current.block, Opaque):
                current.deltas += parts
            case {"image": {"source": {"bytes": str(data)}}} if isinstance(current.block, Image):
                current.block.source.data = (current.block.source.data or "") + data

    def _add_input(self, out: list[Event], current: _Open, piece: str) -> None:
        if isinstance(current.block, Opaque):
            current.pieces.append(piece)
        elif piece:
            current.grown = True
            out.append(Grew(self._index, piece))

    def _close(self, out: list[Event]) -> None:
        current, self._open = self._open, None
        if current is None:
            return
        block = current.block
        if isinstance(block, ToolCall) and not current.grown:
            out.append(Grew(self._index, "{}"))  # a call without arguments has no pieces
        whole = _whole(current) if isinstance(block, Opaque) else block if isinstance(block, Image) else None
        out.append(BlockStopped(self._index, block=whole))


def _kind_of(delta: Object) -> type[Text] | type[Reasoning] | None:
    """Return the kind of block that a delta begins by itself."""
    if "text" in delta or "citation" in delta:
        return Text
    return Reasoning if "reasoningContent" in delta else None


def _whole(current: _Open) -> Opaque:
    """Put a server-side call's input, or its result, together."""
    value = current.block.value if isinstance(current.block, Opaque) else {}
    if "toolResult" in value:
        return Opaque(DIALECT, {"toolResult": {**value["toolResult"], "content": current.deltas}})
    try:
        given = msgspec.json.decode("".join(current.pieces)) if current.pieces else {}
    except (msgspec.DecodeError, ValueError):
        given = {}
    return Opaque(DIALECT, {"toolUse": {**value["toolUse"], "input": given}})
