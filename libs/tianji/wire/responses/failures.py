"""What the codes of failed responses stand for: those come with a status of 200, whole or in a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_STATUS: Mapping[Any, int] = {
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "context_length_exceeded": 400,
    "invalid_prompt": 400,
    "bio_policy": 400,
    "image_content_policy_violation": 400,
}


def status_of(code: object) -> int:
    """Return the status that an error of this code would have come with."""
    return _STATUS.get(code, 502) if isinstance(code, str) else 502
