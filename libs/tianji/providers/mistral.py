"""Mistral's API."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from msgspec import Raw

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import TRANSLATED, connect, settings
from tianji.providers._params import Params
from tianji.providers.contract import Profile, features
from tianji.providers.dialects.openai_chat.messages import system_for_developer
from tianji.providers.dialects.openai_chat.mistral import suit_messages
from tianji.providers.dialects.openai_chat.quirks import choosing, ignoring, refusing, renaming
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.wire import values

PROFILE = Profile(
    title="Mistral AI",
    page="https://docs.mistral.ai/api",
    example="mistral/mistral-large-latest",
    settings=settings(
        "https://api.mistral.ai/v1",
        ("MISTRAL_API_BASE", "MISTRAL_AZURE_API_BASE"),
        ("MISTRAL_API_KEY", "MISTRAL_AZURE_API_KEY"),
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision documents audio json_object json_schema reasoning"
        " citations several seed stop"
    ),
    notes=(
        "Tool calls' ids become nine letters and digits, as Mistral wants them. A conversation that ends with"
        " the assistant's turn is continued (`prefix`)."
    ),
)


def suit_tools(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Give every function its parameters, without which Mistral refuses it."""
    tools = body.get("tools")
    if isinstance(tools, Raw):
        tools = values.decode(tools, "tools")
    changed = False
    for tool in tools if isinstance(tools, list) else ():
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(tool, dict) and isinstance(function, dict):
            changed = tool.pop("cache_control", None) is not None or changed
            changed = changed or not isinstance(function.get("parameters"), dict)
            function["parameters"] = function.get("parameters") or {"type": "object", "properties": {}}
    if changed:
        body["tools"] = tools
    return []


QUIRKS = (
    system_for_developer,
    suit_messages,
    suit_tools,
    choosing({"required": "any"}),
    renaming({"seed": "random_seed", "max_completion_tokens": "max_tokens"}),
    ignoring(
        ("user", "store", "service_tier", "stream_options", "verbosity", "modalities", "safety_identifier")
    ),
    refusing(("logit_bias", "logprobs", "top_logprobs", "top_k", "web_search_options")),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of Mistral's API."""
    return connect(
        PROFILE,
        deployment,
        options,
        quirks=QUIRKS,
        asks_usage=False,  # told without being asked; the question is refused
        speaks=TRANSLATED,  # content comes as arrays of thoughts, references and text
    )
