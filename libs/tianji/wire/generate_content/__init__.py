"""Google's generateContent, as a client format."""

from __future__ import annotations

from tianji.errors import BadRequest, TianjiError
from tianji.wire import envelope
from tianji.wire.front import Fields, Glance
from tianji.wire.generate_content import config, read, watch, write
from tianji.wire.generate_content.framing import Elements, Events, Framing
from tianji.wire.generate_content.spelling import DIALECT
from tianji.wire.generate_content.stream import GenerateContentEncoder
from tianji.wire.neutral import Answer, Ask


class GenerateContentFront:
    """The front of `:generateContent` and `:streamGenerateContent`.

    Streams are server-sent events; for a client that did not ask for these they are one JSON array,
    and then the front serves that one request.
    """

    name = DIALECT
    id_header = b""

    def __init__(self, *, array: bool = False) -> None:
        self._array = array
        self._framing: Framing = Elements() if array else Events()
        self.media_type = self._framing.media_type
        self.keep_alive = self._framing.keep_alive

    def check(self, fields: Fields) -> None:
        """Refuse at a glance what is no request of this format."""
        if fields.keys().isdisjoint(("contents", read.WRAPPED)):
            raise BadRequest("`contents` is missing", param="contents")

    def shorten(self, fields: Fields, most: int) -> None:
        """Say that an answer has so many tokens at most."""
        config.shorten(fields, most)

    def read(self, fields: Fields) -> Ask:
        """Read a request."""
        return read.read(fields)

    def write(self, answer: Answer, ask: Ask) -> bytes:
        """Write a whole answer."""
        return write.write(answer, ask)

    def encoder(self, ask: Ask, *, model: str) -> GenerateContentEncoder:
        """Start to write a stream."""
        return GenerateContentEncoder(ask, self._framing, model=model)

    def glance(self, body: bytes) -> Glance:
        """Pick model, usage and finish out of a whole answer."""
        return watch.glance(body)

    def watch(self, *, hide_usage: bool) -> watch.GenerateContentWatch:
        """Start to follow a stream; usage is always part of it."""
        return watch.GenerateContentWatch(self._framing, as_they_are=not self._array)

    def error(self, error: TianjiError) -> bytes:
        """Write an error body."""
        return envelope.google_envelope(error)

    def error_event(self, error: TianjiError) -> bytes:
        """Write an error as the last piece of a stream."""
        return self._framing.piece(envelope.google_envelope(error)) + self._framing.end()
