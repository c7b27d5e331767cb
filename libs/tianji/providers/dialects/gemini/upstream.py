"""A deployment whose provider speaks Google's generateContent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from tianji.errors import UpstreamError
from tianji.providers._params import GATEWAY, Params, drop
from tianji.providers.contract import UpstreamRequest
from tianji.providers.dialects.gemini import answer, request
from tianji.providers.dialects.gemini.blocks import wanted
from tianji.providers.dialects.gemini.errors import error_of
from tianji.providers.dialects.gemini.foreign import own_contents
from tianji.providers.dialects.gemini.model import Model
from tianji.providers.dialects.gemini.settings import merge
from tianji.providers.dialects.gemini.spelling import said
from tianji.providers.dialects.gemini.stream import GeminiDecoder
from tianji.providers.dialects.tuning import without_dropped
from tianji.wire import chat, values
from tianji.wire.front import Fields
from tianji.wire.generate_content.spelling import DIALECT, camel
from tianji.wire.neutral import Answer, Ask

_IN_THE_ADDRESS = ("model", "stream")
_TAKEN_AS_THEY_ARE = ("safetySettings", "cachedContent", "labels")


class GeminiUpstream(Struct):
    """One deployment behind the generateContent form."""

    provider: str
    model: Model
    url: str
    """Of the model; the method follows a colon."""
    headers: dict[str, str]
    params: Params
    secret: str = ""
    authorize: Callable[[UpstreamRequest], Awaitable[Mapping[str, str]]] | None = None
    speaks: frozenset[str] = frozenset((DIALECT,))

    def __repr__(self) -> str:
        """Show whose it is, never the credentials."""
        return f"GeminiUpstream({self.provider}/{self.model.name} at {self.url})"

    def request(self, ask: Ask) -> UpstreamRequest:
        """Translate a request."""
        asked = chat.filled(ask, self.params.defaults) if self.params.defaults else ask
        asked, dropped = without_dropped(asked, self.params)
        body, changed = request.write(asked, self.model, self.params, self.provider)
        extra = asked.extra.get("extra_body")
        if isinstance(extra, dict):
            merge(body, extra)
        return self._ready(body, dropped + changed, stream=ask.stream)

    def forward(self, front: str, fields: Fields, *, stream: bool) -> UpstreamRequest:
        """Pass on a generateContent request; its contents are not read unless others said a part of them."""
        body: dict[str, Any] = {name: value for name, value in fields.items() if name not in _IN_THE_ADDRESS}
        if "contents" in fields:
            body["contents"] = own_contents(fields["contents"], self.model)
        for name, value in self.params.defaults.items():
            if camel(name) in _TAKEN_AS_THEY_ARE and said(body, camel(name)) is None:
                body[camel(name)] = value
        for name in [name for name in body if name in GATEWAY]:
            del body[name]
        return self._ready(body, [], stream=stream)

    def _ready(self, body: dict[str, Any], changed: list[str], *, stream: bool) -> UpstreamRequest:
        merge(body, self.params.extra_body)
        changed += [f"dropped {path}" for path in self.params.dropped if drop(body, path)]
        return UpstreamRequest(
            f"{self.url}:streamGenerateContent?alt=sse" if stream else f"{self.url}:generateContent",
            values.encode(body),
            dict(self.headers),
            authorize=self.authorize,
            warnings=tuple(changed),
        )

    def response(self, body: bytes, ask: Ask) -> Answer:
        """Read a whole answer."""
        try:
            return answer.read(body, wanted(ask))
        except answer.Unreadable as error:
            failed = error_of(self.provider, 502, {}, body, self.secret) if b'"error"' in body[:200] else None
            raise failed or UpstreamError(
                f"{self.provider} sent an answer that cannot be read: {error}",
                provider=self.provider,
                retryable=True,
            ) from None

    def stream(self, ask: Ask) -> GeminiDecoder:
        """Start to read a stream."""
        return GeminiDecoder(self.provider, wanted(ask))

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """Map an error answer."""
        return error_of(self.provider, status, headers, body, self.secret)
