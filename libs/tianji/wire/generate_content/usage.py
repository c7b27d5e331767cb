"""Google's `usageMetadata`: to and from ours.

Theirs counts thoughts beside `candidatesTokenCount`, ours within the output; what tools that Google
runs itself put into the prompt stands apart there and is input here.
"""

from __future__ import annotations

from typing import Any

from tianji.wire.neutral import Usage
from tianji.wire.usage import count
from tianji.wire.values import Object

_KNOWN = (
    "promptTokenCount",
    "candidatesTokenCount",
    "thoughtsTokenCount",
    "cachedContentTokenCount",
    "toolUsePromptTokenCount",
    "totalTokenCount",
    "promptTokensDetails",
    "candidatesTokensDetails",
    "cacheTokensDetails",
)


def read_usage(said: Object) -> Usage:
    """Read `usageMetadata`."""
    thoughts = count(said.get("thoughtsTokenCount"))
    return Usage(
        input_tokens=count(said.get("promptTokenCount")) + count(said.get("toolUsePromptTokenCount")),
        output_tokens=count(said.get("candidatesTokenCount")) + thoughts,
        cache_read_tokens=count(said.get("cachedContentTokenCount")),
        reasoning_tokens=thoughts,
        input_audio_tokens=_sound(said.get("promptTokensDetails")),
        output_audio_tokens=_sound(said.get("candidatesTokensDetails")),
        extra={name: value for name, value in said.items() if name not in _KNOWN and value is not None},
    )


def _sound(details: Any) -> int:
    for one in details if isinstance(details, list) else ():
        if isinstance(one, dict) and one.get("modality") == "AUDIO":
            return count(one.get("tokenCount"))
    return 0


def write_usage(usage: Usage) -> Object:
    """Write `usageMetadata`."""
    out: Object = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": max(usage.output_tokens - usage.reasoning_tokens, 0),
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if usage.reasoning_tokens:
        out["thoughtsTokenCount"] = usage.reasoning_tokens
    if usage.cache_read_tokens:
        out["cachedContentTokenCount"] = usage.cache_read_tokens
    if usage.input_audio_tokens:
        out["promptTokensDetails"] = _details(usage.input_tokens, usage.input_audio_tokens)
    if usage.output_audio_tokens:
        out["candidatesTokensDetails"] = _details(out["candidatesTokenCount"], usage.output_audio_tokens)
    return out


def _details(total: int, sound: int) -> list[Object]:
    text = {"modality": "TEXT", "tokenCount": max(total - sound, 0)}
    return [text, {"modality": "AUDIO", "tokenCount": sound}]
