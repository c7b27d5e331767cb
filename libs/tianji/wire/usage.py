"""Token counts: OpenAI's usage object to and from ours."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from tianji.wire.neutral import Usage

Object = dict[str, Any]

_PROMPT_DETAILS = {
    "cached_tokens",
    "audio_tokens",
    "cache_creation_tokens",
    "cache_write_tokens",
    "cache_creation_token_details",
}
_COMPLETION_DETAILS = {
    "reasoning_tokens",
    "audio_tokens",
    "accepted_prediction_tokens",
    "rejected_prediction_tokens",
}
_KNOWN = {
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "prompt_tokens_details",
    "completion_tokens_details",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "prompt_cache_hit_tokens",
    "prompt_cache_miss_tokens",
    "server_tool_use",
    "server_tool_use_details",
    "cost",
    "estimated_cost",
    "cost_in_usd_ticks",
    "cached_tokens",
    "num_cached_tokens",
    "num_search_queries",
    "num_sources_used",
    "reasoning_tokens",
    "prompt_token_details",
    "completion_token_details",
}
_TICKS = 10_000_000_000
"""xAI's ticks to a dollar."""


_Count = Annotated[int, Meta(ge=0, lt=1 << 53)]


class _Prompt(Struct, forbid_unknown_fields=True):
    cached_tokens: _Count = 0
    audio_tokens: _Count = 0


class _Completion(Struct, forbid_unknown_fields=True):
    reasoning_tokens: _Count = 0
    audio_tokens: _Count = 0
    accepted_prediction_tokens: _Count = 0
    rejected_prediction_tokens: _Count = 0


class _Plain(Struct, forbid_unknown_fields=True):
    """Usage as OpenAI itself writes it."""

    prompt_tokens: _Count
    completion_tokens: _Count
    total_tokens: _Count = 0
    prompt_tokens_details: _Prompt | None = None
    completion_tokens_details: _Completion | None = None


_plain = msgspec.json.Decoder(_Plain)
_any = msgspec.json.Decoder()
_NO_PROMPT, _NO_COMPLETION = _Prompt(), _Completion()


def count(value: object) -> int:
    """Read a number of tokens; what is none counts as nothing."""
    if value is None:
        return 0
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1 << 53:
        return int(value)
    return 0


def _object(value: object) -> Object:
    return value if isinstance(value, dict) else {}


def usage_in(raw: Raw) -> Usage | None:
    """Read the `usage` of a chat completion that has not been decoded. Raises msgspec.DecodeError."""
    try:
        said = _plain.decode(raw)
    except msgspec.ValidationError:
        return read_chat_usage(_any.decode(raw))
    if said.total_tokens > said.prompt_tokens + said.completion_tokens:
        return read_chat_usage(_any.decode(raw))
    # Nearly every answer comes here; to look for all that vendors add takes five times as long.
    prompt = said.prompt_tokens_details or _NO_PROMPT
    completion = said.completion_tokens_details or _NO_COMPLETION
    return Usage(
        input_tokens=said.prompt_tokens,
        output_tokens=said.completion_tokens,
        cache_read_tokens=prompt.cached_tokens,
        reasoning_tokens=completion.reasoning_tokens,
        input_audio_tokens=prompt.audio_tokens,
        output_audio_tokens=completion.audio_tokens,
        accepted_prediction_tokens=completion.accepted_prediction_tokens,
        rejected_prediction_tokens=completion.rejected_prediction_tokens,
    )


def read_chat_usage(raw: object) -> Usage | None:
    """Read the `usage` of a chat completion, with the fields that vendors add to it."""
    if not isinstance(raw, dict):
        return None
    prompt = _object(raw.get("prompt_tokens_details") or raw.get("prompt_token_details"))
    completion = _object(raw.get("completion_tokens_details") or raw.get("completion_token_details"))
    read, thought = count(raw.get("prompt_tokens")), _first(completion, raw, "reasoning_tokens")
    searches = _object(raw.get("server_tool_use") or raw.get("server_tool_use_details"))
    usage = Usage(
        input_tokens=read,
        output_tokens=_written(raw, read, thought),
        cache_read_tokens=_first(prompt, raw, "cached_tokens")
        or count(raw.get("cache_read_input_tokens"))
        or count(raw.get("prompt_cache_hit_tokens"))
        or count(raw.get("num_cached_tokens")),
        cache_write_tokens=count(prompt.get("cache_creation_tokens"))
        or count(prompt.get("cache_write_tokens"))
        or count(raw.get("cache_creation_input_tokens")),
        cache_write_1h_tokens=count(
            _object(prompt.get("cache_creation_token_details")).get("ephemeral_1h_input_tokens")
        ),
        reasoning_tokens=thought,
        input_audio_tokens=count(prompt.get("audio_tokens")),
        output_audio_tokens=count(completion.get("audio_tokens")),
        accepted_prediction_tokens=count(completion.get("accepted_prediction_tokens")),
        rejected_prediction_tokens=count(completion.get("rejected_prediction_tokens")),
        web_searches=count(searches.get("web_search_requests"))
        or count(raw.get("num_search_queries"))
        or count(raw.get("num_sources_used")),
        cost_usd=_said_cost(raw),
    )
    usage.extra = {name: value for name, value in raw.items() if name not in _KNOWN and value is not None}
    return usage


def _first(details: Object, raw: Object, name: str) -> int:
    """Return a count that vendors write among the details, or beside them."""
    return count(details.get(name)) or count(raw.get(name))


def _written(raw: Object, read: int, thought: int) -> int:
    """Return all generated tokens; xAI leaves the thoughts out of `completion_tokens`."""
    said = count(raw.get("completion_tokens"))
    return said + thought if thought and count(raw.get("total_tokens")) == read + said + thought else said


def _said_cost(raw: Object) -> str | None:
    ticks = raw.get("cost_in_usd_ticks")
    if isinstance(ticks, int) and not isinstance(ticks, bool):
        return read_cost(ticks / _TICKS)
    return read_cost(raw.get("cost") if raw.get("cost") is not None else raw.get("estimated_cost"))


def read_cost(value: object) -> str | None:
    """Read a cost given as a number, or as an object with a total."""
    if isinstance(value, dict):
        value = value.get("total_cost")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return format(value, ".15g")
    return None


def write_chat_usage(usage: Usage) -> Object:
    """Write the `usage` of a chat completion, with the cache fields that LiteLLM's users know."""
    prompt: Object = {"cached_tokens": usage.cache_read_tokens, "audio_tokens": usage.input_audio_tokens}
    out: Object = {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": usage.output_audio_tokens,
            "accepted_prediction_tokens": usage.accepted_prediction_tokens,
            "rejected_prediction_tokens": usage.rejected_prediction_tokens,
        },
    }
    if usage.cache_write_tokens:
        prompt["cache_creation_tokens"] = usage.cache_write_tokens
        out["cache_creation_input_tokens"] = usage.cache_write_tokens
    if usage.cache_write_1h_tokens:
        prompt["cache_creation_token_details"] = {
            "ephemeral_5m_input_tokens": usage.cache_write_tokens - usage.cache_write_1h_tokens,
            "ephemeral_1h_input_tokens": usage.cache_write_1h_tokens,
        }
    if usage.cache_read_tokens:
        out["cache_read_input_tokens"] = usage.cache_read_tokens
    if usage.web_searches:
        out["server_tool_use"] = {"web_search_requests": usage.web_searches}
    if usage.cost_usd is not None:
        out["cost"] = float(usage.cost_usd)
    return out
