"""A deployment whose provider speaks chat completions: everything but the address is shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import msgspec
from msgspec import Raw, Struct, field

from tianji.errors import UpstreamError
from tianji.providers._params import GATEWAY, Params, drop
from tianji.providers.contract import Upstream, UpstreamRequest
from tianji.providers.dialects.openai_chat import answer, request
from tianji.providers.dialects.openai_chat.cache_marks import unmarked
from tianji.providers.dialects.openai_chat.errors import inside, read_error
from tianji.providers.dialects.openai_chat.stream import ChatDecoder
from tianji.wire import values
from tianji.wire.chat.parts import DIALECT as CHAT
from tianji.wire.chat.read import LIMITS
from tianji.wire.front import Fields
from tianji.wire.neutral import Answer, Ask

Quirk = Callable[[MutableMapping[str, Any], Params], list[str]]
"""Adapts a body's top level to a model; returns what it changed. Values may be `Raw`."""

_USAGE = b'{"include_usage":true}'


class ChatUpstream(Struct):
    """One deployment behind the chat completions form."""

    provider: str
    model: str
    url: str
    headers: dict[str, str]
    params: Params
    secret: str = ""
    quirks: tuple[Quirk, ...] = ()
    asks_usage: bool = True
    """Whether the vendor takes `stream_options.include_usage`."""
    authorize: Callable[[UpstreamRequest], Any] | None = None
    stream_url: str = ""
    """Where streams are asked for, if not at `url`."""
    speaks: frozenset[str] = frozenset(("chat",))
    marks: bool = False
    """Whether the vendor knows cache marks: those of other formats' clients go to no one else."""
    budgets: bool = False
    """Whether a budget for thinking, in Anthropic's words, is taken, and need not become an effort."""
    others: dict[str, Upstream] = field(default_factory=dict)
    """Who takes the other client formats that the vendor serves as its own, by format."""
    _model: Raw = field(default_factory=Raw)
    _defaults: dict[str, Raw] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._model = Raw(values.encode(self.model))
        self._defaults = {name: Raw(values.encode(value)) for name, value in self.params.defaults.items()}

    def __repr__(self) -> str:
        """Show whose it is, never the credentials."""
        return f"ChatUpstream({self.provider}/{self.model} at {self.url})"

    def request(self, ask: Ask) -> UpstreamRequest:
        """Translate a request."""
        said = request.write(ask, self.model)
        body = {**_beside(self.params.defaults, said), **said}
        if not self.marks and ask.front != CHAT:
            unmarked(body)
        if self.budgets and ask.thinking is not None and ask.thinking.budget_tokens is not None:
            body.pop("reasoning_effort", None)
            body["thinking"] = {"type": "enabled", "budget_tokens": ask.thinking.budget_tokens}
        return self._ready(body, stream=ask.stream)

    def forward(self, front: str, fields: Fields, *, stream: bool) -> UpstreamRequest:
        """Pass on a chat request, whose messages are not read, or one of another format that is served."""
        if front in self.others:
            return self.others[front].forward(front, fields, stream=stream)
        body: dict[str, Any] = {**_beside(self._defaults, fields), **fields, "model": self._model}
        return self._ready(body, stream=stream)

    def _ready(self, body: dict[str, Any], *, stream: bool) -> UpstreamRequest:
        extra = body.get("extra_body")
        for name in GATEWAY.intersection(body):
            del body[name]
        if "store" not in body:
            body.pop("metadata", None)  # OpenAI takes it only for stored completions
        if extra is not None:
            body |= _object(extra)
        body |= self.params.extra_body
        warnings = [f"dropped {path}" for path in self.params.dropped if drop(body, path)]
        for quirk in self.quirks:
            warnings += quirk(body, self.params)
        if stream and self.asks_usage:
            body["stream_options"] = _with_usage(body.get("stream_options"))
        return UpstreamRequest(
            self.stream_url if stream and self.stream_url else self.url,
            values.encode(body),
            dict(self.headers),
            authorize=self.authorize,
            warnings=tuple(warnings),
        )

    def response(self, body: bytes, ask: Ask) -> Answer:
        """Read a whole answer."""
        if ask.front in self.others:
            return self.others[ask.front].response(body, ask)
        try:
            return answer.read(body)
        except answer.Unreadable as error:
            raise inside(self.provider, body) or UpstreamError(
                f"{self.provider} sent an answer that cannot be read: {error}",
                provider=self.provider,
                retryable=True,
            ) from None

    def stream(self, ask: Ask) -> ChatDecoder:
        """Start to read a stream."""
        return ChatDecoder(self.provider)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """Map an error answer."""
        return read_error(self.provider, status, headers, body, self.secret)


def _beside(defaults: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out a deployment's limit for answers where a request names one, by whichever name."""
    if not defaults or said.keys().isdisjoint(LIMITS):
        return defaults
    return {name: value for name, value in defaults.items() if name not in LIMITS}


def _object(value: Any) -> dict[str, Any]:
    return values.mapping(
        values.decode(value, "extra_body") if isinstance(value, Raw) else value, "extra_body"
    )


def _with_usage(options: Any) -> Any:
    """Ask for usage also where the client did not: it is hidden from it again."""
    if options is None or (isinstance(options, Raw) and bytes(options) in (b"null", b"{}")):
        return Raw(_USAGE)
    said = values.decode(options, "stream_options") if isinstance(options, Raw) else options
    return {**values.mapping(said, "stream_options"), "include_usage": True}


def plain(value: Any) -> Any:
    """Return the value of a field that may not be decoded yet; None for what cannot be."""
    if not isinstance(value, Raw):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
