"""A deployment whose provider speaks Anthropic's Messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Raw, Struct, field

from tianji.errors import UpstreamError
from tianji.providers._params import GATEWAY, Params, drop
from tianji.providers.contract import UpstreamRequest
from tianji.providers.dialects.anthropic import answer, request
from tianji.providers.dialects.anthropic.betas import betas_of, served
from tianji.providers.dialects.anthropic.foreign import without_foreign
from tianji.providers.dialects.anthropic.lost_thoughts import suit_forwarded
from tianji.providers.dialects.anthropic.model import Model
from tianji.providers.dialects.anthropic.older import suit
from tianji.providers.dialects.anthropic.shape import emulated
from tianji.providers.dialects.anthropic.stream import AnthropicDecoder
from tianji.providers.dialects.openai_chat.errors import read_error
from tianji.wire import chat, values
from tianji.wire.front import Fields
from tianji.wire.messages.blocks import DIALECT
from tianji.wire.neutral import Answer, Ask

_BETA = "anthropic-beta"
_TAKEN_AS_THEY_ARE = ("temperature", "top_p", "top_k", "max_tokens", "thinking", "service_tier")


class MessagesUpstream(Struct):
    """One deployment behind the Messages form."""

    provider: str
    model: Model
    url: str
    headers: dict[str, str]
    params: Params
    secret: str = ""
    stream_url: str = ""
    """Where streams are asked for, if not at `url`."""
    authorize: Callable[[UpstreamRequest], Awaitable[Mapping[str, str]]] | None = None
    version: str = ""
    """What other clouds want in the body: the version of the format, and then no model."""
    speaks: frozenset[str] = frozenset((DIALECT,))
    _model: Raw = field(default_factory=Raw)

    def __post_init__(self) -> None:
        self._model = Raw(values.encode(self.model.name))

    def __repr__(self) -> str:
        """Show whose it is, never the credentials."""
        return f"MessagesUpstream({self.provider}/{self.model.name} at {self.url})"

    def request(self, ask: Ask) -> UpstreamRequest:
        """Translate a request."""
        body, changed = request.write(with_defaults(ask, self.params), self.model, self.params)
        return self._ready(body, changed)

    def forward(self, front: str, fields: Fields, *, stream: bool) -> UpstreamRequest:
        """Pass on a Messages request; its messages are not read unless others signed something in them."""
        body: dict[str, Any] = {**fields, "model": self._model}
        changed: list[str] = []
        if "messages" in fields:
            body["messages"] = without_foreign(fields["messages"])
            changed += suit_forwarded(body, cleaned=body["messages"] is not fields["messages"])
        for name in _TAKEN_AS_THEY_ARE:
            if name not in body and name in self.params.defaults:
                body[name] = self.params.defaults[name]
        return self._ready(body, changed + suit(body, self.model))

    def _ready(self, body: dict[str, Any], changed: list[str]) -> UpstreamRequest:
        for name in [name for name in body if name in GATEWAY]:
            del body[name]
        body |= self.params.extra_body
        changed += [f"dropped {path}" for path in self.params.dropped if drop(body, path)]
        headers = dict(self.headers)
        if betas := betas_of(body):
            headers[_BETA] = served(self.provider, headers.get(_BETA, ""), ",".join(betas))
        url = self.stream_url if self.stream_url and _streams(body) else self.url
        if self.version:
            body.pop("model", None)
            body["anthropic_version"] = self.version
        return UpstreamRequest(
            url, values.encode(body), headers, authorize=self.authorize, warnings=tuple(changed)
        )

    def response(self, body: bytes, ask: Ask) -> Answer:
        """Read a whole answer."""
        try:
            return answer.read(body, emulated=emulated(ask, self.model))
        except answer.Unreadable as error:
            raise UpstreamError(
                f"{self.provider} sent an answer that cannot be read: {error}",
                provider=self.provider,
                retryable=True,
            ) from None

    def stream(self, ask: Ask) -> AnthropicDecoder:
        """Start to read a stream."""
        return AnthropicDecoder(self.provider, emulated=emulated(ask, self.model))

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """Map an error answer."""
        return read_error(self.provider, status, headers, body, self.secret)


def _streams(body: Mapping[str, Any]) -> bool:
    value = body.get("stream")
    return bytes(value) == b"true" if isinstance(value, Raw) else value is True


def with_defaults(ask: Ask, params: Params) -> Ask:
    """Fill in what the deployment sets and the client did not say."""
    return chat.filled(ask, params.defaults) if params.defaults else ask
