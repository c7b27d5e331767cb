"""The figures that every sum of calls has."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Struct


class Metrics(Struct, kw_only=True):
    """What calls cost and how many there were."""

    spend_usd: Decimal = Decimal(0)
    requests: int = 0
    successful_requests: int = 0
    failed_requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    duration_ms: int = 0

    def add(self, more: Metrics) -> None:
        """Take more calls in."""
        self.spend_usd += more.spend_usd
        self.requests += more.requests
        self.successful_requests += more.successful_requests
        self.failed_requests += more.failed_requests
        self.input_tokens += more.input_tokens
        self.output_tokens += more.output_tokens
        self.cache_read_tokens += more.cache_read_tokens
        self.cache_write_tokens += more.cache_write_tokens
        self.duration_ms += more.duration_ms

    def plus(self, more: Metrics) -> Metrics:
        """Return the sum of both."""
        found = Metrics()
        found.add(self)
        found.add(more)
        return found

    def shown(self) -> dict[str, Any]:
        """Return them under LiteLLM's names."""
        return {
            "spend": float(self.spend_usd),
            "prompt_tokens": self.input_tokens,
            "completion_tokens": self.output_tokens,
            "cache_read_input_tokens": self.cache_read_tokens,
            "cache_creation_input_tokens": self.cache_write_tokens,
            "total_tokens": self.input_tokens + self.output_tokens,
            "successful_requests": self.successful_requests,
            "failed_requests": self.failed_requests,
            "api_requests": self.requests,
            "total_response_time_ms": self.duration_ms,
            "timed_requests": self.requests,
        }

    def totals(self) -> dict[str, Any]:
        """Return the same as sums over all days are called."""
        shown = self.shown()
        time_ms = shown.pop("total_response_time_ms")
        tokens = shown.pop("total_tokens")
        named = {f"total_{name}": value for name, value in shown.items()}
        return {**named, "total_tokens": tokens, "total_response_time_ms": time_ms}


def total(rows: Iterable[Metrics]) -> Metrics:
    """Add some up."""
    found = Metrics()
    for row in rows:
        found.add(row)
    return found
