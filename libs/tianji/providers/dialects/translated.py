"""A deployment whose provider speaks a form that no client speaks: every request is translated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec
from msgspec import Struct

from tianji.errors import BadRequest, UpstreamError
from tianji.providers._params import GATEWAY, Params, drop
from tianji.providers.contract import Decoder, UpstreamRequest
from tianji.providers.dialects.openai_chat.errors import read_error
from tianji.providers.dialects.tuning import without_dropped
from tianji.wire import chat, values
from tianji.wire.front import Fields
from tianji.wire.neutral import Answer, Ask
from tianji.wire.values import Object


class TranslatedUpstream(Struct):
    """One deployment: an address, and the functions of a dialect."""

    provider: str
    model: str
    url: str
    headers: dict[str, str]
    params: Params
    write: Callable[[Ask], tuple[Object, list[str]]]
    """From a request to its body, and what was dropped or changed."""
    read: Callable[[bytes, Ask], Answer]
    """From a body to the answer; may raise BadRequest or ValueError for what is none."""
    decoder: Callable[[Ask], Decoder]
    secret: str = ""
    stream_url: str = ""
    """Where streams are asked for, if elsewhere."""
    authorize: Callable[[UpstreamRequest], Awaitable[Mapping[str, str]]] | None = None
    speaks: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """Show whose it is, never the credentials."""
        return f"TranslatedUpstream({self.provider}/{self.model} at {self.url})"

    def request(self, ask: Ask) -> UpstreamRequest:
        """Translate a request."""
        if self.params.defaults:
            ask = chat.filled(ask, self.params.defaults)
        ask, dropped = without_dropped(ask, self.params)
        body, changed = self.write(ask)
        extra = ask.extra.get("extra_body")
        if isinstance(extra, dict):
            body |= extra
        body |= self.params.extra_body
        for name in [name for name in body if name in GATEWAY]:
            del body[name]
        changed += dropped + [f"dropped {path}" for path in self.params.dropped if drop(body, path)]
        return UpstreamRequest(
            self.stream_url if ask.stream and self.stream_url else self.url,
            values.encode(body),
            dict(self.headers),
            authorize=self.authorize,
            warnings=tuple(changed),
        )

    def forward(self, front: str, fields: Fields, *, stream: bool) -> UpstreamRequest:
        """Refuse: there is no format that passes untouched."""
        raise LookupError(f"{self.provider} does not speak the format '{front}'")

    def response(self, body: bytes, ask: Ask) -> Answer:
        """Read a whole answer."""
        try:
            return self.read(body, ask)
        except BadRequest as error:
            reason = error.message
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            reason = f"not JSON ({error})"
        except ValueError as error:
            reason = str(error)
        raise UpstreamError(
            f"{self.provider} sent an answer that cannot be read: {reason}",
            provider=self.provider,
            retryable=True,
        )

    def stream(self, ask: Ask) -> Decoder:
        """Start to read a stream."""
        return self.decoder(ask)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """Map an error answer."""
        return read_error(self.provider, status, headers, body, self.secret)
