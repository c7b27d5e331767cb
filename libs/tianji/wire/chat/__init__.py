"""OpenAI's chat completions, as a client format."""

from __future__ import annotations

from msgspec import Raw

from tianji.errors import TianjiError
from tianji.wire import envelope, values
from tianji.wire.chat import read, watch, write
from tianji.wire.chat.read import filled
from tianji.wire.chat.stream import DONE, ChatEncoder
from tianji.wire.front import Fields, Glance
from tianji.wire.neutral import Answer, Ask

__all__ = ["ChatFront", "filled"]


class ChatFront:
    """The front of `/v1/chat/completions`."""

    name = "chat"
    id_header = b"x-request-id"
    media_type = "text/event-stream"
    keep_alive = b": keep-alive\n\n"

    def check(self, fields: Fields) -> None:
        """Refuse at a glance what is no request of this format."""
        values.require_list(fields, "messages", "of messages")

    def shorten(self, fields: Fields, most: int) -> None:
        """Say that an answer has so many tokens at most, under the name that the request knows."""
        names = fields.keys() & read.LIMITS or read.LIMITS[:1]
        fields |= dict.fromkeys(names, Raw(b"%d" % most))

    def read(self, fields: Fields) -> Ask:
        """Read a request."""
        return read.read(fields)

    def write(self, answer: Answer, ask: Ask) -> bytes:
        """Write a whole answer."""
        return write.write(answer, ask)

    def encoder(self, ask: Ask, *, model: str) -> ChatEncoder:
        """Start to write a stream."""
        return ChatEncoder(ask, model=model)

    def glance(self, body: bytes) -> Glance:
        """Pick model, usage and finish out of a whole answer."""
        return watch.glance(body)

    def watch(self, *, hide_usage: bool) -> watch.ChatWatch:
        """Start to follow a stream."""
        return watch.ChatWatch(hide_usage=hide_usage)

    def error(self, error: TianjiError) -> bytes:
        """Write an error body."""
        return envelope.openai_envelope(error)

    def error_event(self, error: TianjiError) -> bytes:
        """Write an error as the last event of a stream, and its end mark."""
        return b"data: " + envelope.openai_envelope(error) + b"\n\n" + DONE
