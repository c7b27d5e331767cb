"""The usage object of the Responses API: to and from ours."""

from __future__ import annotations

from tianji.wire import values
from tianji.wire.neutral import Usage
from tianji.wire.usage import count, read_cost
from tianji.wire.values import Object

_KNOWN = (
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "input_tokens_details",
    "output_tokens_details",
    "cost",
)


def read_usage(raw: object) -> Usage | None:
    """Read a usage object; None where there is none."""
    if not isinstance(raw, dict):
        return None
    read, written = _details(raw, "input_tokens_details"), _details(raw, "output_tokens_details")
    return Usage(
        input_tokens=count(raw.get("input_tokens")),
        output_tokens=count(raw.get("output_tokens")),
        cache_read_tokens=count(read.get("cached_tokens")),
        cache_write_tokens=count(read.get("cache_write_tokens")),
        reasoning_tokens=count(written.get("reasoning_tokens")),
        input_audio_tokens=count(read.get("audio_tokens")),
        output_audio_tokens=count(written.get("audio_tokens")),
        cost_usd=read_cost(raw.get("cost")),
        extra={k: v for k, v in values.rest(raw, _KNOWN).items() if v is not None},
    )


def _details(raw: Object, name: str) -> Object:
    found = raw.get(name)
    return found if isinstance(found, dict) else {}


def write_usage(usage: Usage) -> Object:
    """Write a usage object."""
    out: Object = {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
    if usage.cost_usd is not None:
        out["cost"] = float(usage.cost_usd)
    return out
