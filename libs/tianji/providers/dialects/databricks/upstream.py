"""A deployment of Claude behind Databricks' chat completions."""

from __future__ import annotations

from typing import Any

from tianji.providers.dialects.databricks.thoughts import read_thoughts
from tianji.providers.dialects.openai_chat.sides import Side
from tianji.providers.dialects.openai_chat.stream import ChatDecoder
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.wire.neutral import Answer, Ask, Block, Event, Opaque, Reasoning


class DatabricksUpstream(ChatUpstream):
    """A deployment whose model tells its thoughts in parts of the content."""

    def response(self, body: bytes, ask: Ask) -> Answer:
        """Read a whole answer, thoughts apart."""
        answer = super().response(body, ask)
        for choice in answer.choices:
            choice.blocks = [part for block in choice.blocks for part in _apart(block)]
        return answer

    def stream(self, ask: Ask) -> ChatDecoder:
        """Start to read a stream, thoughts apart."""
        return _DatabricksDecoder(self.provider)


def _apart(block: Block) -> list[Block]:
    thoughts = read_thoughts(block.value) if isinstance(block, Opaque) else None
    return [block] if thoughts is None else [*thoughts]


class _DatabricksDecoder(ChatDecoder):
    def _part(self, out: list[Event], side: Side, part: Any) -> None:
        thoughts = read_thoughts(part)
        if thoughts is None:
            super()._part(out, side, part)
        for thought in thoughts or ():
            if thought.text:
                side.grow(out, Reasoning, thought.text)
            self._thought(out, side, thought)
