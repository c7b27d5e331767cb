"""What a provider must offer. One module per provider, found by its name; all of it is pure.

Three questions are kept apart: where and with which credentials (the endpoint), in which
format (the dialect), with which quirks (data). `bind` answers all that can be answered before
a request is there, once, when a snapshot is built; the bound upstream then serves every request
to that deployment and must not keep state between them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from msgspec import Struct, field

from tianji.domain.deployments import Deployment
from tianji.errors import UpstreamError
from tianji.wire.front import Fields
from tianji.wire.neutral import Answer, Ask, Event


class Canned(Struct):
    """An answer that is known without asking anybody: taken as if it had come over the wire."""

    chunks: tuple[bytes, ...]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    """How long the provider would have taken to its first byte."""


class UpstreamRequest(Struct):
    """One HTTP request to a provider, ready to be sent."""

    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    authorize: Callable[[UpstreamRequest], Awaitable[Mapping[str, str]]] | None = None
    """For credentials that must be fetched or signed per request: headers to add, asked just
    before sending. None where the headers are complete."""
    canned: Canned | None = None
    """Set where nothing is to be sent: the answer is here."""
    warnings: tuple[str, ...] = ()
    """What was dropped or changed for this provider, for the log: `dropped logit_bias`."""

    def __repr__(self) -> str:
        """Show where it goes, never the credentials or the content."""
        return f"UpstreamRequest({self.method} {self.url.partition('?')[0]})"


class Decoder(Protocol):
    """Reads one stream of a provider."""

    complete: bool
    """Whether the provider's own last event was seen; False at the end means: cut off."""

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that are complete with this chunk; chunks may end anywhere."""

    def close(self) -> list[Event]:
        """Return what was still held at the end of the stream."""


class Upstream(Protocol):
    """One deployment, bound to its provider's endpoint, dialect and quirks."""

    speaks: frozenset[str]
    """Client formats that this upstream takes as they are (`chat`, `messages`); for these
    `forward` is called and the answer's bytes pass untouched."""

    def request(self, ask: Ask) -> UpstreamRequest:
        """Translate a request.

        Raises UnsupportedParameter for a tuning parameter the provider lacks (unless the
        deployment drops such), BadRequest for content it cannot take.
        """

    def forward(self, front: str, fields: Fields, *, stream: bool) -> UpstreamRequest:
        """Pass on a request of a format in `speaks`: only the model and quirks are changed."""

    def response(self, body: bytes, ask: Ask) -> Answer:
        """Read a whole answer. Raises UpstreamError when it cannot be read."""

    def stream(self, ask: Ask) -> Decoder:
        """Start to read a stream."""

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """Map an answer with status >= 400 to an error that names the provider."""


class Provider(Protocol):
    """A provider module: `bind` is all that the gateway calls."""

    def bind(self, deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
        """Bind a deployment. `options` are the gateway-wide ones: drop_params, modify_params.

        Raises BadRequest naming what is missing (an api_base, for instance): it becomes a
        warning of the snapshot and the deployment's answer, never a failed snapshot.
        """
