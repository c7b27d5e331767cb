"""Why a model stopped: the words of OpenAI, and of the vendors that took its form but not its words."""

from __future__ import annotations

import re

from tianji.wire.neutral import Finish

OPENAIS = frozenset(("stop", "length", "tool_calls", "content_filter", "function_call"))
UNFINISHED = ("", "null")
"""What some vendors write for null where the answer goes on."""

_MEANT: dict[str, Finish] = {
    "stop": "stop",
    "eos": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "tool_calls",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "sensitive": "content_filter",
    "safety": "content_filter",
    "error": "error",
    "abort": "error",
    "network_error": "error",
    "insufficient_system_resource": "error",
}
_IN_OPENAIS = {"refusal": "content_filter", "pause": "stop", "error": "stop"}
_SAID = re.compile(rb'("finish_reason"\s*:\s*)"([^"\\]*)"')


def meant(raw: str) -> Finish:
    """Return what a vendor's word means; one that nobody knows is an end like any other."""
    return _MEANT.get(raw.lower(), "stop")


def in_openais_words(finish: str) -> str:
    """Return OpenAI's word for one of ours."""
    return _IN_OPENAIS.get(finish, finish)


def translated(raw: str) -> str:
    """Return OpenAI's word for a vendor's."""
    return raw if raw in OPENAIS else in_openais_words(meant(raw))


def rewritten(data: bytes) -> bytes:
    """Return a chunk or an answer with OpenAI's words in the place of the vendor's."""
    return _SAID.sub(lambda found: b'%s"%s"' % (found[1], translated(found[2].decode()).encode()), data)
