"""MiniMax's API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tianji.domain.deployments import Deployment
from tianji.errors import UpstreamError
from tianji.providers._compatible import TRANSLATED, connect, settings
from tianji.providers.contract import Decoder, Profile, features
from tianji.providers.dialects.openai_chat.errors import failure
from tianji.providers.dialects.openai_chat.foreign import without_foreign_but
from tianji.providers.dialects.openai_chat.messages import system_for_developer
from tianji.providers.dialects.openai_chat.shapes import schema_in_words
from tianji.providers.dialects.openai_chat.stream import ChatDecoder
from tianji.providers.dialects.openai_chat.think_tags import (
    ThinkingDecoder,
    ThinkingUpstream,
    thoughts_in_text,
)
from tianji.wire.neutral import Answer, Ask

PROFILE = Profile(
    title="MiniMax",
    page="https://platform.minimax.io/docs/api-reference/text-openai-api",
    example="minimax/MiniMax-M2",
    settings=settings("https://api.minimax.io/v1", ("MINIMAX_API_BASE",), ("MINIMAX_API_KEY",)),
    supports=features("stream tools parallel_tools tool_choice json_object reasoning"),
    notes="Thoughts, which the models write into their text, are told apart. Schemas are told in words.",
)

_STATUS = {
    1000: 500,
    1001: 504,
    1002: 429,
    1004: 401,
    1008: 402,
    1024: 500,
    1026: 400,
    1027: 400,
    1033: 500,
    1039: 429,
    1041: 429,
    2013: 400,
    2045: 429,
    2049: 401,
    2056: 429,
}
"""What its own numbers mean; another one is a fault of the provider."""
_POLICY = (1026, 1027)
"""The question or the answer was found to be sensitive."""


class _Told(msgspec.Struct):
    status_code: int = 0
    status_msg: str = ""


class _Body(msgspec.Struct):
    base_resp: _Told | None = None


class MiniMaxUpstream(ThinkingUpstream):
    """A deployment whose errors come with a status of 200."""

    def response(self, body: bytes, ask: Ask) -> Answer:
        """Read a whole answer. Raises UpstreamError where it tells of one."""
        error = told_error(body)
        if error is not None:
            raise error
        return super().response(body, ask)

    def stream(self, ask: Ask) -> Decoder:  # type: ignore[override]
        """Start to read a stream."""
        return ThinkingDecoder(_MiniMaxDecoder(self.provider))


class _MiniMaxDecoder(ChatDecoder):
    def _error_in(self, data: bytes, chunk: Any, *, named: bool) -> UpstreamError | None:
        found = told_error(data) if b'"base_resp"' in data else None
        return found or super()._error_in(data, chunk, named=named)


def told_error(body: bytes) -> UpstreamError | None:
    """Return the error that `base_resp` tells of."""
    try:
        told = msgspec.json.decode(body, type=_Body).base_resp
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if told is None or not told.status_code:
        return None
    code = "content_policy_violation" if told.status_code in _POLICY else str(told.status_code)
    return failure("minimax", _STATUS.get(told.status_code, 502), told.status_msg, code=code)


_QUIRKS = (schema_in_words, system_for_developer, thoughts_in_text, without_foreign_but("reasoning_details"))


def bind(deployment: Deployment, options: Mapping[str, Any]) -> MiniMaxUpstream:
    """Bind a deployment of MiniMax's API."""
    return connect(PROFILE, deployment, options, MiniMaxUpstream, quirks=_QUIRKS, speaks=TRANSLATED)
