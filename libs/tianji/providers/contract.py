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
    before sending; it may also complete `url`. None where all is known already."""
    canned: Canned | None = None
    """Set where nothing is to be sent: the answer is here."""
    warnings: tuple[str, ...] = ()
    """What was dropped or changed for this provider, for the log: `dropped logit_bias`."""
    then: Callable[[bytes], FollowUp | None] | None = None
    """For providers whose first answer only says where the answer is. Asked with the whole body of each
    answer below 400: what to send next, or None where this body is the answer. An answer to a request
    without `then` is the answer in any case, and may be a stream."""

    def __repr__(self) -> str:
        """Show where it goes, never the credentials or the content."""
        return f"UpstreamRequest({self.method} {self.url.partition('?')[0]})"


class FollowUp(Struct):
    """What is to be sent after an answer that was not yet the answer."""

    request: UpstreamRequest
    after_s: float = 0.0
    """How long to wait first."""


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


class Setting(Struct, frozen=True):
    """One thing that a deployment says about where its provider is and who pays there."""

    name: str
    """As it is called under `litellm_params`."""
    about: str
    """What it is, for a reader of the docs: `the region, such as us-east-1`."""
    variables: tuple[str, ...] = ()
    """Environment variables that stand in where the deployment does not say it, first one first."""
    required: bool = False
    secret: bool = False
    default: str | None = None


class Profile(Struct, frozen=True):
    """What a provider declares of itself: its settings are read by it, its page is made from it."""

    title: str
    """The vendor's own name of it: `Amazon Bedrock`."""
    page: str
    """The address of the vendor's API documentation that the module was written from."""
    example: str
    """A model as a config names it: `bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0`."""
    settings: tuple[Setting, ...] = ()
    supports: frozenset[str] = frozenset()
    """Read by `features`."""
    notes: str = ""
    """What a user must know besides, in a paragraph of Markdown."""


FEATURES: Mapping[str, str] = {
    "stream": "streaming",
    "tools": "tool calls",
    "parallel_tools": "several tool calls in one answer",
    "tool_choice": "forcing a tool",
    "vision": "images",
    "documents": "PDF and other files",
    "audio": "sound in",
    "audio_out": "sound out",
    "video": "films",
    "json_object": "JSON answers",
    "json_schema": "answers of a JSON schema, kept by the provider itself",
    "reasoning": "thoughts shown, effort or budget taken",
    "cache_marks": "cache marks (`cache_control`)",
    "citations": "citations",
    "server_tools": "tools that the provider runs itself",
    "logprobs": "log probabilities",
    "several": "several answers (`n`)",
    "seed": "seed",
    "stop": "stop sequences",
    "responses": "`/v1/responses` as the provider's own",
    "messages": "`/v1/messages` as the provider's own",
    "generate_content": "`:generateContent` as the provider's own",
}
"""What `Profile.supports` may name, and what each means."""


def features(names: str) -> frozenset[str]:
    """Read names of `FEATURES`, parted by spaces. Raises ValueError for one that is none."""
    found = frozenset(names.split())
    if unknown := found - FEATURES.keys():
        raise ValueError(f"no features: {', '.join(sorted(unknown))}")
    return found


class Provider(Protocol):
    """A provider module: `bind` is all that the gateway calls, `PROFILE` what the docs are made from."""

    PROFILE: Profile

    def bind(self, deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
        """Bind a deployment. `options` are the gateway-wide ones: drop_params, modify_params.

        Raises BadRequest naming what is missing (an api_base, for instance): it becomes a
        warning of the snapshot and the deployment's answer, never a failed snapshot.
        """
