"""DeepSeek's API."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import connect, settings
from tianji.providers._params import Params
from tianji.providers.contract import Profile, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign_but
from tianji.providers.dialects.openai_chat.messages import (
    system_for_developer,
    text_for_parts,
    thoughts_before_calls,
)
from tianji.providers.dialects.openai_chat.quirks import ignoring, refusing, renaming
from tianji.providers.dialects.openai_chat.shapes import schema_in_words
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream, plain

PROFILE = Profile(
    title="DeepSeek",
    page="https://api-docs.deepseek.com/api/create-chat-completion",
    example="deepseek/deepseek-chat",
    settings=settings("https://api.deepseek.com/beta", ("DEEPSEEK_API_BASE",), ("DEEPSEEK_API_KEY",)),
    supports=features("stream tools parallel_tools tool_choice json_object reasoning logprobs stop"),
    notes="Schemas are told in words. `reasoning_effort` also turns thinking on or off.",
)


def _think(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Say in DeepSeek's own words whether the model is to think."""
    effort = plain(body.get("reasoning_effort"))
    if "thinking" in body or not isinstance(effort, str):
        return []
    body["thinking"] = {"type": "disabled" if effort == "none" else "enabled"}
    if effort in ("none", "minimal"):
        del body["reasoning_effort"]
    return [f"reasoning_effort {effort} as thinking"]


_QUIRKS = (
    schema_in_words,
    system_for_developer,
    without_foreign_but("reasoning_content"),
    text_for_parts,
    thoughts_before_calls,
    renaming({"max_completion_tokens": "max_tokens"}),
    ignoring(("user", "store", "parallel_tool_calls", "prompt_cache_key", "safety_identifier")),
    refusing(("seed", "n", "logit_bias", "service_tier")),
    _think,
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of DeepSeek's API."""
    return connect(PROFILE, deployment, options, quirks=_QUIRKS)
