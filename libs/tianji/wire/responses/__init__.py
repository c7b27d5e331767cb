"""OpenAI's Responses API, as a client format."""

from __future__ import annotations

from msgspec import Raw

from tianji.errors import BadRequest, TianjiError
from tianji.wire import envelope
from tianji.wire.front import Fields, Glance
from tianji.wire.neutral import Answer, Ask
from tianji.wire.responses import read, watch, write
from tianji.wire.responses.parts import DIALECT
from tianji.wire.responses.stream import ResponsesEncoder, last_events, server_event
from tianji.wire.responses.write import skeleton

_KEPT = ("previous_response_id", "conversation", "prompt")


class ResponsesFront:
    """The front of `/v1/responses`."""

    name = DIALECT
    id_header = b"x-request-id"
    media_type = "text/event-stream"
    keep_alive = b": keep-alive\n\n"

    def check(self, fields: Fields) -> None:
        """Refuse at a glance what is no request of this format."""
        said = memoryview(fields.get("input", b""))[:1].tobytes()
        if said not in (b'"', b"[") and not any(name in fields for name in _KEPT):
            raise BadRequest("`input` is missing or neither a text nor a list of items", param="input")

    def shorten(self, fields: Fields, most: int) -> None:
        """Say that the answer has so many tokens at most."""
        fields["max_output_tokens"] = Raw(b"%d" % most)

    def read(self, fields: Fields) -> Ask:
        """Read a request."""
        return read.read(fields)

    def write(self, answer: Answer, ask: Ask) -> bytes:
        """Write a whole answer."""
        return write.write(answer, ask)

    def encoder(self, ask: Ask, *, model: str) -> ResponsesEncoder:
        """Start to write a stream."""
        return ResponsesEncoder(ask, model=model)

    def glance(self, body: bytes) -> Glance:
        """Pick model, usage and finish out of a whole answer."""
        return watch.glance(body)

    def watch(self, *, hide_usage: bool) -> watch.ResponsesWatch:
        """Start to follow a stream; usage is always part of it."""
        return watch.ResponsesWatch()

    def error(self, error: TianjiError) -> bytes:
        """Write an error body."""
        return envelope.openai_envelope(error)

    def error_event(self, error: TianjiError) -> bytes:
        """Write an error as the last events of a stream."""
        events = last_events(error, skeleton(Ask(""), "", "", 0))
        return b"".join(
            server_event(kind, {"sequence_number": number, **fields})
            for number, (kind, fields) in enumerate(events)
        )
