"""OpenRouter: many vendors' models behind one API."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import connect, settings
from tianji.providers._credentials import read_settings
from tianji.providers._params import Params, environment
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.openai_chat.messages import changing, objects, thoughts_as
from tianji.providers.dialects.openai_chat.reasoning_details import write_details
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream, plain

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


def _signed(messages: list[Any]) -> list[str]:
    """Write signed thoughts in OpenRouter's words; a client that knows these is left alone."""
    changed = False
    for message in objects(messages):
        thoughts = message.pop("thinking_blocks", None)
        if message.pop("provider_specific_fields", None) is not None or thoughts is not None:
            changed = True
        if isinstance(thoughts, list) and "reasoning_details" not in message:
            details = write_details(thoughts)
            if details:
                message["reasoning_details"] = details
                message.pop("reasoning_content", None)
    return ["thinking_blocks as reasoning_details"] if changed else []


def _budget(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Say a budget for thinking, given in Anthropic's words, in OpenRouter's."""
    thinking = plain(body.get("thinking"))
    if not isinstance(thinking, dict) or "reasoning" in body:
        return []
    del body["thinking"]
    budget = thinking.get("budget_tokens")
    if thinking.get("type") == "disabled":
        body["reasoning"] = {"enabled": False}
    elif isinstance(budget, int):
        body["reasoning"] = {"max_tokens": budget}
        body.pop("reasoning_effort", None)
    else:
        body["reasoning"] = {"enabled": True}
    return ["thinking as reasoning"]


_QUIRKS = (
    changing(_signed, b'"thinking_blocks"', b'"provider_specific_fields"'),
    thoughts_as("reasoning"),
    _budget,
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of OpenRouter's API."""
    said = read_settings(PROFILE, deployment, environment(options))
    named = {"site_url": "http-referer", "app_name": "x-title"}
    headers = {header: said[name] for name, header in named.items() if name in said}
    return connect(PROFILE, deployment, options, headers=headers, quirks=_QUIRKS)
