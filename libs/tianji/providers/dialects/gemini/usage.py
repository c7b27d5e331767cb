"""Token counts: Google's `usageMetadata` to ours."""

from __future__ import annotations

from typing import Any

from tianji.providers.dialects.gemini.spelling import listed, mapped, said
from tianji.wire.generate_content.spelling import camel
from tianji.wire.neutral import Usage
from tianji.wire.usage import count

_PROMPT, _TOTAL = "promptTokenCount", "totalTokenCount"


def read_usage(metadata: Any) -> Usage | None:
    """Read `usageMetadata`; None where it counts nothing yet."""
    told = mapped(metadata)
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
    return sum(
        count(said(item, "tokenCount"))
        for item in listed(details)
        if isinstance(item, dict) and item.get("modality") == "AUDIO"
    )


def service_tier(metadata: Any) -> str | None:
    """Return the tier that served a request."""
    tier = said(mapped(metadata), "serviceTier")
    return tier.lower() if isinstance(tier, str) and tier else None


def searches(grounding: Any, model: str) -> int:
    """Count the searches that are paid for: each from the third generation on, before that one."""
    queries = len(listed(said(mapped(grounding), "webSearchQueries")))
    return min(queries, 1) if "gemini-2" in model or "gemini-1" in model else queries
