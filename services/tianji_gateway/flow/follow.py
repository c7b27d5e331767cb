"""A stream on its way from a provider to a client: bytes in, bytes out, and what accounting needs."""

from __future__ import annotations

from typing import Protocol

from tianji.errors import UpstreamError
from tianji.providers.contract import Decoder
from tianji.wire.front import Encoder, Watch
from tianji.wire.neutral import Event, Failed, Finished, Grew, Started, Usage, Used


class Follower(Protocol):
    """Takes chunks as they come from the wire."""

    failed: UpstreamError | None
    """Set when the provider sent an error event; the client gets it with the bytes of that chunk."""

    @property
    def complete(self) -> bool:
        """Whether the provider's own last event has passed."""

    def feed(self, chunk: bytes) -> bytes:
        """Return what the client gets of a chunk."""

    def close(self) -> bytes:
        """Return what ends a complete stream."""

    def usage(self) -> Usage | None:
        """Return what the provider said of usage so far."""

    def text(self) -> str:
        """Return the generated text so far."""

    def answer_id(self) -> str:
        """Return the answer's id."""

    def finish(self) -> str | None:
        """Return why the model stopped."""


class Untouched:
    """Passes the bytes of a provider that speaks the client's own format."""

    __slots__ = ("_provider", "_watch", "failed")

    def __init__(self, watch: Watch, provider: str) -> None:
        self.failed: UpstreamError | None = None
        self._watch = watch
        self._provider = provider

    @property
    def complete(self) -> bool:
        return self._watch.complete

    def feed(self, chunk: bytes) -> bytes:
        out = self._watch.feed(chunk)
        message = self._watch.glance.failed
        if message is not None:
            self.failed = UpstreamError(message, provider=self._provider)
        return out

    def close(self) -> bytes:
        return self._watch.close()

    def usage(self) -> Usage | None:
        return self._watch.glance.usage

    def text(self) -> str:
        return self._watch.text

    def answer_id(self) -> str:
        return self._watch.glance.id

    def finish(self) -> str | None:
        return self._watch.glance.finish


class Translated:
    """Turns a provider's events into the client's format."""

    __slots__ = ("_decoder", "_encoder", "_finish", "_id", "_parts", "_provider", "_usage", "failed")

    def __init__(self, decoder: Decoder, encoder: Encoder, provider: str) -> None:
        self.failed: UpstreamError | None = None
        self._decoder = decoder
        self._encoder = encoder
        self._provider = provider
        self._parts: list[str] = []
        self._usage: Usage | None = None
        self._finish: str | None = None
        self._id = ""

    @property
    def complete(self) -> bool:
        return self._decoder.complete

    def feed(self, chunk: bytes) -> bytes:
        return self._encoded(self._decoder.feed(chunk))

    def close(self) -> bytes:
        return self._encoded(self._decoder.close()) + self._encoder.close()

    def usage(self) -> Usage | None:
        return self._usage

    def text(self) -> str:
        return "".join(self._parts)

    def answer_id(self) -> str:
        return self._id

    def finish(self) -> str | None:
        return self._finish

    def _encoded(self, events: list[Event]) -> bytes:
        for event in events:
            match event:
                case Grew(text=text):
                    self._parts.append(text)
                case Used(usage=usage):
                    self._usage = usage
                case Started():
                    self._id = event.id
                case Finished(finish=finish):
                    self._finish = finish
                case Failed():
                    self.failed = UpstreamError(
                        event.message,
                        provider=self._provider,
                        status=event.status,
                        type=event.type,
                        code=event.code,
                    )
        return self._encoder.encode(events)
