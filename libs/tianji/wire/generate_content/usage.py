"""Google's `usageMetadata`: to and from ours.

Theirs counts thoughts beside `candidatesTokenCount`, ours within the output; what tools that Google
runs itself put into the prompt stands apart there and is input here.
"""

from __future__ import annotations

from typing import Any

from tianji.wire.generate_content.spelling import camel
from tianji.wire.neutral import Usage
from tianji.wire.usage import count
from tianji.wire.values import Object

_PROMPT, _TOTAL = "promptTokenCount", "totalTokenCount"
_SOUND = "AUDIO"


def read_usage(metadata: Any) -> Usage | None:
    """Read `usageMetadata`, in either spelling; None where it counts nothing yet."""
    told = metadata if isinstance(metadata, dict) else {}
    if _TOTAL not in told:
        told = {camel(name): value for name, value in told.items()}
        if _TOTAL not in told and _PROMPT not in told:
            return None
    get = told.get
    thought, written = count(get("thoughtsTokenCount")), count(get("candidatesTokenCount"))
    read = count(get(_PROMPT)) + count(get("toolUsePromptTokenCount"))
    # Thoughts are counted apart; a total without them says that they are counted in.
    apart = count(get(_TOTAL)) != read + written
    return Usage(
        input_tokens=read,
        output_tokens=written + (thought if apart or not written else 0),
        cache_read_tokens=count(get("cachedContentTokenCount")),
        reasoning_tokens=thought,
        input_audio_tokens=_of_sound(get("promptTokensDetails")),
        output_audio_tokens=_of_sound(get("candidatesTokensDetails")),
    )


def _of_sound(details: Any) -> int:
    found = 0
    for item in details if isinstance(details, list) else ():
        if isinstance(item, dict) and item.get("modality") == _SOUND:
            found += count(item.get("tokenCount", item.get("token_count")))
    return found


def searches(grounding: Any, model: str) -> int:
    """Count the searches that are paid for: each from the third generation on, before that one."""
    told = grounding if isinstance(grounding, dict) else {}
    queries = told.get("webSearchQueries", told.get("web_search_queries"))
    made = len(queries) if isinstance(queries, list) else 0
    return min(made, 1) if "gemini-2" in model or "gemini-1" in model else made


def write_usage(usage: Usage) -> Object:
    """Write `usageMetadata`."""
    out: Object = {
        _PROMPT: usage.input_tokens,
        "candidatesTokenCount": max(usage.output_tokens - usage.reasoning_tokens, 0),
        _TOTAL: usage.input_tokens + usage.output_tokens,
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
    return [text, {"modality": _SOUND, "tokenCount": sound}]
