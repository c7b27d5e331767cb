"""A stream on its way from a provider to a client: bytes in, bytes out, and what accounting needs."""

from __future__ import annotations

from typing import Protocol

from tianji.errors import UpstreamError
from tianji.providers.contract import Decoder
from tianji.providers.dialects.openai_chat.errors import told
from tianji.wire.excerpt import KEEP, Excerpt, Keeper
from tianji.wire.front import Encoder, Watch
from tianji.wire.neutral import (
    BlockStarted,
    Event,
    Failed,
    Finished,
    Grew,
    Reasoning,
    Refusal,
    Started,
    Text,
    ToolCall,
    Usage,
    Used,
)


class Follower(Protocol):
    """Takes chunks as they come from the wire."""

    failed: UpstreamError | None
    """Set when the provider sent an error event; the client gets it with the bytes of that chunk."""

    @property
    def complete(self) -> bool:
        """Whether the provider's own last event has passed."""

    def feed(self, chunk: bytes) -> bytes:
        """Return what the client gets of a chunk: whole events."""

    def close(self) -> bytes:
        """Return what ends a complete stream, or one that failed with its last event."""

    def usage(self) -> Usage | None:
        """Return what the provider said of usage so far."""

    def excerpt(self) -> Excerpt:
        """Return what was generated since the provider last told the usage."""

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
        return self._judged(self._watch.feed(chunk))

    def close(self) -> bytes:
        return self._judged(self._watch.close())

    def _judged(self, out: bytes) -> bytes:
        message = self._watch.glance.failed
        if message is not None:
            error = self._watch.glance.error
            self.failed = told(self._provider, error if error is not None else message)
        return out

    def usage(self) -> Usage | None:
        return self._watch.glance.usage

    def excerpt(self) -> Excerpt:
        return self._watch.excerpt()

    def answer_id(self) -> str:
        return self._watch.glance.id

    def finish(self) -> str | None:
        return self._watch.glance.finish


class Translated:
    """Turns a provider's events into the client's format."""

    __slots__ = ("_decoder", "_encoder", "_finish", "_id", "_provider", "_text", "_usage", "failed")

    def __init__(self, decoder: Decoder, encoder: Encoder, provider: str) -> None:
        self.failed: UpstreamError | None = None
        self._decoder = decoder
        self._encoder = encoder
        self._provider = provider
        self._text = Keeper[str](KEEP)
        self._usage: Usage | None = None
        self._finish: str | None = None
        self._id = ""

    @property
    def complete(self) -> bool:
        return self._decoder.complete

    def feed(self, chunk: bytes) -> bytes:
        return self._encoded(self._decoder.feed(chunk))

    def close(self) -> bytes:
        last = self._encoded(self._decoder.close())
        return last + self._encoder.close() if self.complete and self.failed is None else last

    def usage(self) -> Usage | None:
        return self._usage

    def excerpt(self) -> Excerpt:
        return Excerpt("".join(self._text.parts), self._text.times)

    def answer_id(self) -> str:
        return self._id

    def finish(self) -> str | None:
        return self._finish

    def _encoded(self, events: list[Event]) -> bytes:
        for event in events:
            match event:
                case Grew(text=text):
                    self._text.add(text)
                case Used(usage=usage):
                    self._usage = usage
                    self._text.clear()
                case BlockStarted(block=ToolCall() as call):
                    self._text.add(call.name + call.arguments)
                case BlockStarted(block=Text(text=text) | Reasoning(text=text) | Refusal(text=text)):
                    self._text.add(text)
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
                        retryable=event.status >= 500 or event.status == 429,
                    )
        return self._encoder.encode(events)
