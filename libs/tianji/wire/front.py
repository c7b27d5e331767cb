"""What a client format must offer. One module per format; each is pure.

A front is chosen by the endpoint that was called and never knows which provider answers.
When the provider speaks the same format, bytes pass untouched and only `glance` and `Watch`
look at them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from tianji.errors import TianjiError
from tianji.wire.excerpt import Excerpt
from tianji.wire.neutral import Answer, Ask, Event, Usage

Fields = dict[str, msgspec.Raw]
"""A request body taken apart at its top level: names in order, values as the client's bytes."""


class Glance(msgspec.Struct):
    """What accounting needs of an answer that was passed on unread."""

    id: str = ""
    model: str = ""
    usage: Usage | None = None
    finish: str | None = None
    failed: str | None = None
    """The message of an error event inside a stream."""
    error: object = None
    """The error object itself, where the format has one."""
    instead: bytes | None = None
    """What the client is to get of a whole answer that holds words which its format does not have."""


class Encoder(Protocol):
    """Writes one stream in the client's format."""

    def encode(self, events: Iterable[Event]) -> bytes:
        """Return the bytes of these events; may be empty. Called as events arrive, never later."""

    def close(self) -> bytes:
        """Return what ends the stream; called once, also after `Failed`."""


class Watch(Protocol):
    """Follows a stream that passes untouched."""

    glance: Glance
    complete: bool
    """Whether the format's own last event has passed."""

    def excerpt(self) -> Excerpt:
        """Return the text that came since usage was last told: for counting what nobody counted."""

    def feed(self, chunk: bytes) -> bytes:
        """Look at a chunk as it came from the wire and return what the client is to get of it.

        Chunks may end anywhere, also inside a line or a character; whole events are returned, at
        once and unchanged, so that another can be put between any two. What is hidden from the
        client (a usage event it did not ask for) is cut out.
        """

    def close(self) -> bytes:
        """Return what was held back when the stream ended; called once."""


class Front(Protocol):
    """A client format, such as OpenAI's chat completions."""

    name: str
    id_header: bytes
    """Where this format's own SDKs look for the id of a call; empty where they do not."""
    media_type: str
    """Of its streams; whole answers and errors are JSON."""
    keep_alive: bytes
    """What may stand between any two events of a stream, and before the first, and says nothing."""

    def check(self, fields: Fields) -> None:
        """Refuse at a glance what is no request of this format; it may be passed on unread."""

    def shorten(self, fields: Fields, most: int) -> None:
        """Say in a request that an answer has so many tokens at most, in place of what it says of that."""

    def read(self, fields: Fields) -> Ask:
        """Read a request. Raises BadRequest naming the field and what is wrong with it."""

    def write(self, answer: Answer, ask: Ask) -> bytes:
        """Write a whole answer."""

    def encoder(self, ask: Ask, *, model: str) -> Encoder:
        """Start to write a stream."""

    def glance(self, body: bytes) -> Glance:
        """Pick model, usage and finish out of a whole answer without reading the rest."""

    def watch(self, *, hide_usage: bool) -> Watch:
        """Start to follow a stream of this very format."""

    def error(self, error: TianjiError) -> bytes:
        """Write an error body."""

    def error_event(self, error: TianjiError) -> bytes:
        """Write an error as the legal last event of a stream that has begun."""
