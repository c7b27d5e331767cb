"""A deployment whose provider speaks the Responses API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Raw, Struct, field

from tianji.errors import UpstreamError
from tianji.providers._params import GATEWAY, Params, drop
from tianji.providers.contract import UpstreamRequest
from tianji.providers.dialects.openai_chat.errors import failure, read_error
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.providers.dialects.responses import answer, request
from tianji.providers.dialects.responses.foreign import without_foreign
from tianji.providers.dialects.responses.stream import ResponsesDecoder
from tianji.wire import values
from tianji.wire.chat import filled
from tianji.wire.front import Fields
from tianji.wire.neutral import Answer, Ask
from tianji.wire.responses.failures import status_of
from tianji.wire.responses.parts import DIALECT

_SAME = (
    "temperature",
    "top_p",
    "user",
    "service_tier",
    "store",
    "parallel_tool_calls",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
)
"""Defaults of a deployment that this format names as chat completions do."""


class ResponsesUpstream(Struct):
    """One deployment behind the Responses API."""

    provider: str
    model: str
    url: str
    headers: dict[str, str]
    params: Params
    secret: str = ""
    kind: str = ""
    """A model's name that says what it is, where the deployment's own does not."""
    authorize: Callable[[UpstreamRequest], Any] | None = None
    speaks: frozenset[str] = frozenset((DIALECT,))
    _model: Raw = field(default_factory=Raw)
    _defaults: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._model = Raw(values.encode(self.model))
        self._defaults = _defaults(self.params.defaults)

    def __repr__(self) -> str:
        """Show whose it is, never the credentials."""
        return f"ResponsesUpstream({self.provider}/{self.model} at {self.url})"

    def request(self, ask: Ask) -> UpstreamRequest:
        """Translate a request."""
        ask = filled(ask, self.params.defaults) if self.params.defaults else ask
        body, changed = request.write(ask, self.model, self.kind or self.model, self.params)
        return self._ready(body, changed)

    def forward(self, front: str, fields: Fields, *, stream: bool) -> UpstreamRequest:
        """Pass on a Responses request; its input is not read, unless it holds what other vendors signed."""
        body: dict[str, Any] = {**self._defaults, **fields, "model": self._model}
        return self._ready(body, without_foreign(body))

    def _ready(self, body: dict[str, Any], changed: list[str]) -> UpstreamRequest:
        extra = body.get("extra_body")
        for name in [name for name in body if name in GATEWAY]:
            del body[name]
        if extra is not None:
            said = values.decode(extra, "extra_body") if isinstance(extra, Raw) else extra
            body |= values.mapping(said, "extra_body")
        body |= self.params.extra_body
        changed += [f"dropped {path}" for path in self.params.dropped if drop(body, path)]
        return UpstreamRequest(
            self.url,
            values.encode(body),
            dict(self.headers),
            authorize=self.authorize,
            warnings=tuple(changed),
        )

    def response(self, body: bytes, ask: Ask) -> Answer:
        """Read a whole answer."""
        try:
            return answer.read(body)
        except answer.FailedInside as error:
            raise failure(self.provider, status_of(error.code), str(error), code=error.code) from None
        except answer.Unreadable as error:
            raise UpstreamError(
                f"{self.provider} sent an answer that cannot be read: {error}",
                provider=self.provider,
                retryable=True,
            ) from None

    def stream(self, ask: Ask) -> ResponsesDecoder:
        """Start to read a stream."""
        return ResponsesDecoder(self.provider)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """Map an error answer."""
        return read_error(self.provider, status, headers, body, self.secret)


def beside(chat: ChatUpstream, url: str) -> None:
    """Let a deployment take Responses requests as they are, too, at `url`."""
    own = ResponsesUpstream(
        chat.provider, chat.model, url, chat.headers, chat.params, chat.secret, authorize=chat.authorize
    )
    chat.others[DIALECT] = own
    chat.speaks = chat.speaks | {DIALECT}


def _defaults(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deployment's defaults in this format's words; those it has no word for are left out."""
    found: dict[str, Any] = {name: said[name] for name in _SAME if name in said}
    for name in ("max_tokens", "max_completion_tokens", "max_output_tokens"):
        if name in said:
            found["max_output_tokens"] = said[name]
    effort = said.get("reasoning_effort")
    if effort is not None:
        found["reasoning"] = effort if isinstance(effort, dict) else {"effort": effort}
    return found
