"""A message that is begun anew in the middle of its stream.

Some gateways in front of Anthropic start over when their own upstream breaks off: a second
`message_start` comes before the first message has ended. What a client has got cannot be taken back,
so the second telling is held against the first: what repeats it is left out and the answer goes on
where it stopped; where the two differ the stream has failed. Thinking that was complete stands as it was
told, with its own signature: a model need not think the same again. Only a length and a checksum are kept
per block, so that memory stays constant however long the answer is.
"""

from __future__ import annotations

from zlib import crc32

from msgspec import Struct

from tianji.wire.neutral import BlockStarted, BlockStopped, Event, Grew, Reasoning, Started, ToolCall


class Differs(Exception):
    """The second telling is not the first one over again."""


class _Told(Struct):
    """What the client has got of one block."""

    kind: str
    length: int = 0
    checksum: int = 0
    closed: bool = False


class Telling:
    """What was told to the client, and how far a second telling has come in repeating it."""

    def __init__(self) -> None:
        self.begun = False
        """Whether the client has got anything."""
        self._told: list[_Told] = []
        self._anew = False
        self._repeats = 0
        """How many of the blocks are being told again."""
        self._length = 0
        self._checksum = 0

    def begin_anew(self) -> None:
        """From now on events tell the message from its beginning."""
        self._anew, self._repeats = True, len(self._told)

    def news(self, events: list[Event]) -> list[Event]:
        """Return what the client has not got yet. Raises Differs when a repetition is none."""
        self.begun = self.begun or bool(events)
        if not self._anew:
            for event in events:
                self._note(event)
            return events
        return [new for event in events if (new := self._new(event)) is not None]

    def _note(self, event: Event) -> None:
        if isinstance(event, Grew):
            if event.text:
                told = self._told[event.index]
                told.length += len(event.text)
                told.checksum = crc32(event.text.encode(errors="replace"), told.checksum)
        elif isinstance(event, BlockStarted):
            self._told.append(_Told(_kind(event)))
        elif isinstance(event, BlockStopped):
            self._told[event.index].closed = True

    def _new(self, event: Event) -> Event | None:
        if isinstance(event, Started):
            return None
        if not isinstance(event, BlockStarted | Grew | BlockStopped) or event.index >= self._repeats:
            self._note(event)
            return event
        told = self._told[event.index]
        if isinstance(event, BlockStarted):
            self._length = self._checksum = 0
            if _kind(event) != told.kind:
                raise Differs
            return None
        if told.kind == Reasoning.__name__ and told.closed:
            return None
        if isinstance(event, Grew):
            return self._grown(event, told)
        if self._length < told.length:
            raise Differs
        if told.closed:
            return None
        self._note(event)
        return event

    def _grown(self, event: Grew, told: _Told) -> Event | None:
        missing = told.length - self._length
        if missing <= 0:
            if told.closed and event.text:
                raise Differs
            self._note(event)
            self._length = told.length
            return None if told.closed else event
        again, rest = event.text[:missing], event.text[missing:]
        self._length += len(again)
        self._checksum = crc32(again.encode(errors="replace"), self._checksum)
        if self._length == told.length and self._checksum != told.checksum:
            raise Differs
        if not rest:
            return None
        return self._grown(Grew(event.index, rest), told)


def _kind(event: BlockStarted) -> str:
    """Name what must be the same of two blocks; a call's id may differ, the first one holds."""
    block = event.block
    return f"tool_call {block.name}" if isinstance(block, ToolCall) else type(block).__name__
