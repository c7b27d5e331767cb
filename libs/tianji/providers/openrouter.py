"""OpenRouter: many vendors' models behind one API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import connect, settings
from tianji.providers._credentials import read_settings
from tianji.providers._params import environment
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.openai_chat.messages import thoughts_as
from tianji.providers.dialects.openai_chat.signed import budget_for_thinking, signed_thoughts
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream

PROFILE = Profile(
    title="OpenRouter",
    page="https://openrouter.ai/docs/api-reference/chat-completion",
    example="openrouter/anthropic/claude-sonnet-4.5",
    settings=(
        *settings(
            "https://openrouter.ai/api/v1",
            ("OPENROUTER_API_BASE",),
            ("OPENROUTER_API_KEY", "OR_API_KEY"),
        ),
        Setting("site_url", "your site, for OpenRouter's ranking", ("OR_SITE_URL",)),
        Setting("app_name", "your application's name there", ("OR_APP_NAME",)),
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision documents audio video json_object json_schema"
        " reasoning cache_marks citations server_tools logprobs seed stop responses"
    ),
    notes=(
        "`models`, `provider`, `plugins`, `transforms` and `reasoning` of a request reach OpenRouter as they"
        " are. Signed thoughts (`reasoning_details`) are kept across turns in every client format. What a"
        " call cost is taken from the provider's own figure."
    ),
)


_QUIRKS = (
    signed_thoughts,
    thoughts_as("reasoning"),
    budget_for_thinking,
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of OpenRouter's API."""
    said = read_settings(PROFILE, deployment, environment(options))
    named = {"site_url": "http-referer", "app_name": "x-title"}
    headers = {header: said[name] for name, header in named.items() if name in said}
    return connect(PROFILE, deployment, options, headers=headers, quirks=_QUIRKS)
