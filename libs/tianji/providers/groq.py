"""Groq's API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import TRANSLATED, connect, settings
from tianji.providers.contract import Profile, features
from tianji.providers.dialects.openai_chat.foreign import without, without_foreign, without_foreign_but
from tianji.providers.dialects.openai_chat.messages import system_for_developer, thoughts_as
from tianji.providers.dialects.openai_chat.quirks import ignoring, refusing
from tianji.providers.dialects.openai_chat.shapes import schema_in_words
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream, Quirk

PROFILE = Profile(
    title="Groq",
    page="https://console.groq.com/docs/api-reference",
    example="groq/openai/gpt-oss-120b",
    settings=settings("https://api.groq.com/openai/v1", ("GROQ_API_BASE",), ("GROQ_API_KEY",)),
    supports=features(
        "stream tools parallel_tools tool_choice vision json_object json_schema reasoning server_tools seed"
        " stop"
    ),
    notes="Models that keep to no schema are told it in words. What compound models look up stays theirs.",
)

_KEEPS_SCHEMAS = re.compile(r"gpt-oss|kimi-k2|llama-4|qwen3\.|deepseek-v")
_THINKS = re.compile(r"gpt-oss|qwen3")
"""Models that take earlier thoughts; all others refuse them."""
_QUIRKS = (
    system_for_developer,
    without("name"),
    ignoring(("store", "prompt_cache_key", "safety_identifier", "verbosity")),
    refusing(("logit_bias", "logprobs", "top_logprobs", "top_k")),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of Groq's API."""
    own: tuple[Quirk, ...] = () if _KEEPS_SCHEMAS.search(deployment.model) else (schema_in_words,)
    if _THINKS.search(deployment.model):
        own += (thoughts_as("reasoning"), without_foreign_but("reasoning"))
    else:
        own += (without_foreign,)
    return connect(
        PROFILE,
        deployment,
        options,
        quirks=own + _QUIRKS,
        speaks=TRANSLATED,  # usage and errors come in `x_groq`, thoughts in `reasoning`
    )
