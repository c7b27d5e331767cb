"""xAI's API."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import connect, connect_responses, settings
from tianji.providers._params import Params, drop
from tianji.providers._responses_only import only_responses
from tianji.providers.contract import Profile, Upstream, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign_but
from tianji.providers.dialects.openai_chat.quirks import refusing

PROFILE = Profile(
    title="xAI",
    page="https://docs.x.ai/docs/api-reference",
    example="xai/grok-4",
    settings=settings("https://api.x.ai/v1", ("XAI_API_BASE",), ("XAI_API_KEY",)),
    supports=features(
        "stream tools parallel_tools tool_choice vision json_object json_schema reasoning citations"
        " server_tools logprobs several seed stop responses"
    ),
    notes=(
        "Reasoning models refuse `stop` and penalties; they go where `drop_params` says so. What a call cost"
        " is taken from the provider's own figure."
    ),
)

_REASONS = re.compile(r"grok-(?:3-mini|4|code|[5-9])")
_OF_REASONING = refusing(("stop", "presence_penalty", "frequency_penalty"))
_TAKES_EFFORT = re.compile(r"grok-3-mini|grok-[5-9]|grok-4\.[2-9]")


def _lax_tools(body: MutableMapping[str, Any], params: Params) -> list[str]:
    return ["dropped strict of tools"] if drop(body, "tools[*].function.strict") else []


def bind(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a deployment of xAI's API."""
    if only_responses(deployment):
        return connect_responses(PROFILE, deployment, options)
    quirks = [without_foreign_but("reasoning_content"), _lax_tools, refusing(("logit_bias",))]
    if _REASONS.search(deployment.model):
        quirks.append(_OF_REASONING)
        if not _TAKES_EFFORT.search(deployment.model):
            quirks.append(refusing(("reasoning_effort",)))
    return connect(PROFILE, deployment, options, quirks=tuple(quirks))
