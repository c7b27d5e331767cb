"""AI21: the Jamba models."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import connect, settings
from tianji.providers._params import Params
from tianji.providers.contract import Profile, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.messages import system_for_developer, text_for_parts
from tianji.providers.dialects.openai_chat.quirks import ignoring, refusing, renaming
from tianji.providers.dialects.openai_chat.shapes import schema_in_words
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream, plain

BASE = "https://api.ai21.com/studio/v1"

PROFILE = Profile(
    title="AI21",
    page="https://docs.ai21.com/reference/jamba-1-6-api-ref",
    example="ai21/jamba-large",
    settings=settings(BASE, ("AI21_API_BASE",), ("AI21_API_KEY",)),
    supports=features("stream tools parallel_tools json_object several stop"),
    notes=(
        "AI21's own `documents` are passed on. Models choose their tools freely: a `tool_choice` that forces"
        " one is left out, and `none` leaves the tools out."
    ),
)


def _choose_freely(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Leave out `tool_choice`, which Jamba does not know, and the tools where none may be called."""
    choice = plain(body.pop("tool_choice", None))
    if choice == "none" and body.pop("tools", None) is not None:
        return ["dropped tools: none may be called"]
    return [] if choice in (None, "auto", "none") else ["dropped tool_choice"]


_QUIRKS = (
    schema_in_words,
    system_for_developer,
    without_foreign,
    text_for_parts,
    renaming({"max_completion_tokens": "max_tokens"}),
    ignoring(("user", "parallel_tool_calls", "stream_options", "service_tier", "store", "metadata")),
    refusing(
        ("seed", "logprobs", "top_logprobs", "logit_bias", "presence_penalty", "frequency_penalty", "top_k")
    ),
    _choose_freely,
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of AI21."""
    return connect(PROFILE, deployment, options, quirks=_QUIRKS, asks_usage=False)
