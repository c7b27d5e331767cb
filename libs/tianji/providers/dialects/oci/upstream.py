"""A deployment behind the generic chat of Oracle Cloud."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tianji.providers.dialects.fresh_ids import answer_id, call_id
from tianji.providers.dialects.oci.generic import chunk, completion
from tianji.providers.dialects.openai_chat.stream import ChatDecoder
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.wire import values
from tianji.wire.neutral import Answer, Ask, BlockStarted, Event, Started, ToolCall
from tianji.wire.sse import ServerEvent
from tianji.wire.values import Object


class GenericUpstream(ChatUpstream):
    """A deployment whose answers are chat completions in Oracle's words."""

    def response(self, body: bytes, ask: Ask) -> Answer:
        """Read a whole answer."""
        answer = super().response(_translated(body, completion), ask)
        answer.id = answer.id or answer_id()
        for choice in answer.choices:
            for block in choice.blocks:
                if isinstance(block, ToolCall) and not block.id:
                    block.id = call_id()
        return answer

    def stream(self, ask: Ask) -> ChatDecoder:
        """Start to read a stream."""
        return _GenericDecoder(self.provider, self.model)


class _GenericDecoder(ChatDecoder):
    def __init__(self, provider: str, model: str) -> None:
        super().__init__(provider)
        self._model = model

    def _read(self, events: list[ServerEvent]) -> list[Event]:
        found = super()._read([ServerEvent(_translated(one.data, chunk), one.name) for one in events])
        for event in found:
            if isinstance(event, Started):
                event.id, event.model = answer_id(), self._model
            elif isinstance(event, BlockStarted) and isinstance(event.block, ToolCall):
                event.block.id = event.block.id or call_id()
        return found


def _translated(data: bytes, change: Callable[[Object], Object]) -> bytes:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return data
    return values.encode(change(found)) if isinstance(found, dict) else data
