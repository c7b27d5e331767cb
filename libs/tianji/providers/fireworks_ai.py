"""Fireworks AI's API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import connect, settings
from tianji.providers.contract import Profile, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign_but
from tianji.providers.dialects.openai_chat.messages import system_for_developer
from tianji.providers.dialects.openai_chat.quirks import renaming
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream

PROFILE = Profile(
    title="Fireworks AI",
    page="https://docs.fireworks.ai/api-reference/post-chatcompletions",
    example="fireworks_ai/llama-v3p3-70b-instruct",
    settings=settings(
        "https://api.fireworks.ai/inference/v1",
        ("FIREWORKS_API_BASE", "FIREWORKS_AI_API_BASE"),
        ("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN"),
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision json_object json_schema reasoning logprobs several"
        " seed stop"
    ),
    notes="A model without an account is one of Fireworks' own: `accounts/fireworks/models/…`.",
)

_QUIRKS = (
    system_for_developer,
    without_foreign_but("reasoning_content"),
    renaming({"max_completion_tokens": "max_tokens"}),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of Fireworks' API."""
    model = deployment.model
    named = model if model.startswith("accounts/") or "#" in model else f"accounts/fireworks/models/{model}"
    return connect(PROFILE, deployment, options, model=named, quirks=_QUIRKS)
