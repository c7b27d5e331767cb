"""A stream's events, as tests of decoders read them."""

from __future__ import annotations

from collections.abc import Iterable

from tianji.wire.neutral import Block, BlockStarted, BlockStopped, Event, Grew


def grown(events: Iterable[Event]) -> list[tuple[Block, str]]:
    """Return each block as it began, with its text; only one may be open at a time, numbered from 0."""
    found: list[tuple[Block, str]] = []
    opened = None
    for event in events:
        match event:
            case BlockStarted(block=block, index=index):
                assert (opened, index) == (None, len(found))
                opened = index
                found.append((block, getattr(block, "text", "")))
            case Grew(index=index, text=text):
                assert index == opened
                found[-1] = (found[-1][0], found[-1][1] + text)
            case BlockStopped(index=index):
                assert index == opened
                opened = None
    assert opened is None
    return found
