"""One choice of a stream: which block is open, and what waits for it to be complete.

Chunks may mix the deltas of several tool calls, and text with them, while blocks come one after
another. What would close a call whose arguments are not yet whole JSON is held back until they are.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tianji.wire.neutral import (
    Block,
    BlockStarted,
    BlockStopped,
    Event,
    Grew,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)

Kind = type[Text] | type[Refusal] | type[Reasoning]


class Call:
    """A tool call of which pieces arrive."""

    __slots__ = ("block", "identity", "index", "pieces")

    def __init__(self, index: Any, block: ToolCall) -> None:
        self.index = index
        self.identity = block.id
        self.block = block
        self.pieces: list[str] = []

    def whole(self) -> bool:
        """Say whether the arguments so far are complete JSON."""
        try:
            msgspec.json.decode("".join(self.pieces))
        except (msgspec.DecodeError, ValueError, RecursionError):
            return False
        return True


class Side:
    """Writes the blocks of one choice, one after another."""

    def __init__(self, choice: int) -> None:
        self.choice = choice
        self.index = -1
        self.open: Block | None = None
        self.calls: list[Call] = []
        self.finished = False
        self.said = False
        """Whether it has a text."""
        self._current: Call | None = None
        self._waiting: list[Call] = []
        self._held: list[tuple[Kind, Grew]] = []

    def start(self, out: list[Event], block: Block) -> None:
        """Open a block, closing the one before."""
        self.stop(out)
        self.said = self.said or isinstance(block, Text)
        self.open = block
        self.index += 1
        out.append(BlockStarted(block, self.index, self.choice))

    def stop(self, out: list[Event]) -> None:
        """Close the open block, if there is one."""
        if self.open is not None:
            out.append(BlockStopped(self.index, self.choice))
            self.open = self._current = None

    def grow(self, out: list[Event], kind: Kind, text: str) -> Grew:
        """Grow the open block of this kind by text; open one if another is open.

        Returns the event, for what else is to be told by it.
        """
        grew = Grew(self.index, text, choice=self.choice)
        if type(self.open) is kind:
            out.append(grew)
        else:
            self._held.append((kind, grew))
            self.release(out)
        return grew

    def call(self, index: Any, identity: str, name: str) -> Call | None:
        """Find the call that a delta belongs to; None for the first delta of a call.

        Vendors that number all calls alike tell them apart by id, or send each whole.
        """
        for call in reversed(self.calls):
            if index is not None and index != call.index:
                continue
            if identity and call.identity:
                if identity == call.identity:
                    return call
                if index is not None:
                    return None
            elif name and (index is None or call.whole()):
                return None
            else:
                return call
        return None

    def admit(self, out: list[Event], call: Call) -> None:
        """Take in a new call; it waits while another one's arguments are not whole."""
        self.calls.append(call)
        self._waiting.append(call)
        self.release(out)

    def grow_call(self, out: list[Event], call: Call, text: str) -> None:
        """Grow a call by a piece of its arguments."""
        call.pieces.append(text)
        if call is self._current:
            out.append(Grew(self.index, text, choice=self.choice))
            self.release(out)

    def release(self, out: list[Event], *, everything: bool = False) -> None:
        """Write what waited, as far as the open call is whole; `everything` at the end."""
        while self._waiting and (everything or self._free()):
            call = self._waiting.pop(0)
            self.start(out, call.block)
            self._current = call
            out += [Grew(self.index, text, choice=self.choice) for text in call.pieces]
        if self._held and (everything or self._free()):
            held, self._held = self._held, []
            for kind, grew in held:
                if type(self.open) is not kind:
                    self.start(out, kind(text=""))
                grew.index = self.index
                out.append(grew)

    def _free(self) -> bool:
        return self._current is None or self._current.whole()
