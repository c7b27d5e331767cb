"""Anthropic's Messages, as a client format."""

from __future__ import annotations

from msgspec import Raw

from tianji.errors import TianjiError
from tianji.wire import envelope, values
from tianji.wire.front import Fields, Glance
from tianji.wire.messages import read, watch, write
from tianji.wire.messages.stream import MessagesEncoder, server_event
from tianji.wire.neutral import Answer, Ask


class MessagesFront:
    """The front of `/v1/messages`."""

    name = "messages"
    id_header = b"request-id"
    media_type = "text/event-stream"
    keep_alive = server_event("ping", {})

    def check(self, fields: Fields) -> None:
        """Refuse at a glance what is no request of this format."""
        values.require_list(fields, "messages", "of messages")

    def shorten(self, fields: Fields, most: int) -> None:
        """Say that the answer has so many tokens at most."""
        fields["max_tokens"] = Raw(b"%d" % most)

    def read(self, fields: Fields) -> Ask:
        """Read a request."""
        return read.read(fields)

    def write(self, answer: Answer, ask: Ask) -> bytes:
        """Write a whole answer."""
        return write.write(answer, ask)

    def encoder(self, ask: Ask, *, model: str) -> MessagesEncoder:
        """Start to write a stream."""
        return MessagesEncoder(ask, model=model)

    def glance(self, body: bytes) -> Glance:
        """Pick model, usage and finish out of a whole answer."""
        return watch.glance(body)

    def watch(self, *, hide_usage: bool) -> watch.MessagesWatch:
        """Start to follow a stream; usage is always part of it."""
        return watch.MessagesWatch()

    def error(self, error: TianjiError) -> bytes:
        """Write an error body."""
        return envelope.anthropic_envelope(error)

    def error_event(self, error: TianjiError) -> bytes:
        """Write an error as the last event of a stream."""
        return server_event("error", {"error": envelope.anthropic_error(error)})
