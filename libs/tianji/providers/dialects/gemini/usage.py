"""What Gemini says of a call beside its tokens."""

from __future__ import annotations

from typing import Any

from tianji.providers.dialects.gemini.spelling import mapped, said


def service_tier(metadata: Any) -> str | None:
    """Return the tier that served a request."""
    tier = said(mapped(metadata), "serviceTier")
    return tier.lower() if isinstance(tier, str) and tier else None
