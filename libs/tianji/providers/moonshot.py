"""Moonshot AI's API, of the Kimi models."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from msgspec import Raw

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import connect, settings
from tianji.providers._params import Params
from tianji.providers.contract import Profile, features
from tianji.providers.dialects.openai_chat.messages import (
    system_for_developer,
    text_for_parts,
    thoughts_before_calls,
)
from tianji.providers.dialects.openai_chat.quirks import clamping
from tianji.providers.dialects.openai_chat.shapes import schema_in_words
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream, plain
from tianji.wire import values

PROFILE = Profile(
    title="Moonshot AI",
    page="https://platform.moonshot.ai/docs/api/chat",
    example="moonshot/kimi-k2-turbo-preview",
    settings=settings("https://api.moonshot.ai/v1", ("MOONSHOT_API_BASE",), ("MOONSHOT_API_KEY",)),
    supports=features("stream tools parallel_tools tool_choice vision json_object reasoning several stop"),
    notes="A call of some tool cannot be forced: the model is asked for it in words. So are schemas.",
)


def _ask_for_a_call(body: MutableMapping[str, Any], params: Params) -> list[str]:
    match plain(body.get("tool_choice")):
        case "required":
            named = "one of the tools"
        case {"function": {"name": str(name)}}:
            named = f"the tool {name}"
        case _:
            return []
    body["tool_choice"] = "auto"
    messages = body.get("messages")
    if isinstance(messages, Raw):
        messages = values.decode(messages, "messages")
    if isinstance(messages, list):
        body["messages"] = [*messages, {"role": "user", "content": f"Go on by calling {named}."}]
    return ["tool_choice as words"]


_QUIRKS = (
    schema_in_words,
    system_for_developer,
    text_for_parts,
    _ask_for_a_call,
    thoughts_before_calls,
    clamping("temperature", 0, 1),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of Moonshot's API."""
    return connect(PROFILE, deployment, options, quirks=_QUIRKS)
