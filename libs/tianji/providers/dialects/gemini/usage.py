"""Token counts: Google's `usageMetadata` to ours."""

from __future__ import annotations

from typing import Any

from tianji.providers.dialects.gemini.spelling import listed, mapped, said
from tianji.wire.neutral import Usage
from tianji.wire.usage import count
from tianji.wire.values import Object


def read_usage(metadata: Any) -> Usage | None:
    """Read `usageMetadata`; None where it counts nothing yet."""
    told = mapped(metadata)
    if said(told, "promptTokenCount") is None and said(told, "totalTokenCount") is None:
        return None
    thought = count(said(told, "thoughtsTokenCount"))
    written = count(said(told, "candidatesTokenCount"))
    read = count(said(told, "promptTokenCount")) + count(said(told, "toolUsePromptTokenCount"))
    # Thoughts are counted apart; a total without them says that they are counted in.
    apart = count(said(told, "totalTokenCount")) != read + written
    return Usage(
        input_tokens=read,
        output_tokens=written + (thought if apart or not written else 0),
        cache_read_tokens=count(said(told, "cachedContentTokenCount")),
        reasoning_tokens=thought,
        input_audio_tokens=_of_sound(told, "promptTokensDetails"),
        output_audio_tokens=_of_sound(told, "candidatesTokensDetails"),
    )


def _of_sound(told: Object, name: str) -> int:
    details = (mapped(item) for item in listed(said(told, name)))
    return sum(count(said(item, "tokenCount")) for item in details if item.get("modality") == "AUDIO")


def service_tier(metadata: Any) -> str | None:
    """Return the tier that served a request."""
    tier = said(mapped(metadata), "serviceTier")
    return tier.lower() if isinstance(tier, str) and tier else None


def searches(grounding: Any, model: str) -> int:
    """Count the searches that are paid for: each from the third generation on, before that one."""
    queries = len(listed(said(mapped(grounding), "webSearchQueries")))
    return min(queries, 1) if "gemini-2" in model or "gemini-1" in model else queries
