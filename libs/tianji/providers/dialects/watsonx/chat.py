"""watsonx.ai's chat: OpenAI's with other names for the model, for the choice of tools, and for streams."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from tianji.errors import UpstreamError
from tianji.providers._params import Params, drop
from tianji.providers.dialects.openai_chat.stream import ChatDecoder
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream, Quirk, plain
from tianji.providers.dialects.watsonx.errors import told_error
from tianji.wire.neutral import Ask

_ELSEWHERE = ("stream", "stream_options")
"""Said by the address."""


class WatsonxUpstream(ChatUpstream):
    """A deployment whose streams tell of errors in IBM's words."""

    def stream(self, ask: Ask) -> ChatDecoder:
        """Start to read a stream."""
        return _WatsonxDecoder(self.provider)


class _WatsonxDecoder(ChatDecoder):
    def _error_in(self, data: bytes, chunk: Any, *, named: bool) -> UpstreamError | None:
        found = told_error(self._provider, data) if b'"errors"' in data else None
        return found or super()._error_in(data, chunk, named=named)


def naming(place: Mapping[str, str]) -> Quirk:
    """Return a quirk that names the model and who pays for it, and says nothing that the address says."""

    def name(body: MutableMapping[str, Any], params: Params) -> list[str]:
        for field in ("model", *_ELSEWHERE):
            body.pop(field, None)
        body.update(place)
        return []

    return name


def choose_tools(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Say a choice that names no tool by the field that IBM has for it."""
    if isinstance(said := plain(body.get("tool_choice")), str):
        del body["tool_choice"]
        body["tool_choice_option"] = said
    return []


def lax_tools(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Take out of tools what IBM refuses in them."""
    changed = []
    for path in ("tools[*].function.strict", "tools[*].function.parameters.additionalProperties"):
        if drop(body, path):
            changed.append(f"dropped {path}")
    return changed
