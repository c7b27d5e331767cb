"""A deployment of SAP's orchestration service: its answers hold a chat completion each."""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

from tianji.providers.dialects.openai_chat.stream import ChatDecoder
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.wire.neutral import Answer, Ask, Event
from tianji.wire.sse import ServerEvent

_UNSAID = Raw()


class _Orchestrated(Struct):
    final_result: Raw = _UNSAID
    error: Raw = _UNSAID
    message: Raw = _UNSAID


_decoder = msgspec.json.Decoder(_Orchestrated)


class OrchestrationUpstream(ChatUpstream):
    """A deployment behind SAP's orchestration service."""

    def response(self, body: bytes, ask: Ask) -> Answer:
        """Read a whole answer."""
        return super().response(result(body), ask)

    def stream(self, ask: Ask) -> ChatDecoder:
        """Start to read a stream."""
        return _OrchestrationDecoder(self.provider)


class _OrchestrationDecoder(ChatDecoder):
    def _read(self, events: list[ServerEvent]) -> list[Event]:
        return super()._read([ServerEvent(result(event.data), event.name) for event in events])


def result(data: bytes) -> bytes:
    """Return the chat completion, or its chunk, that the last module gave out; an error as an error."""
    try:
        whole = _decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return data
    if bytes(whole.final_result):
        return bytes(whole.final_result)
    if bytes(whole.message) and not bytes(whole.error):
        return b'{"error":' + data + b"}"
    return data
