"""Perplexity's Sonar API."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import PASSES, TRANSLATED, connect, settings
from tianji.providers._params import Params
from tianji.providers.contract import Profile, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.messages import alternating_roles, system_for_developer
from tianji.providers.dialects.openai_chat.quirks import renaming
from tianji.providers.dialects.openai_chat.think_tags import ThinkingUpstream
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream, plain

PROFILE = Profile(
    title="Perplexity",
    page="https://docs.perplexity.ai/api-reference/chat-completions-post",
    example="perplexity/sonar",
    settings=settings(
        "https://api.perplexity.ai",
        ("PERPLEXITY_API_BASE",),
        ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    ),
    supports=features("stream vision documents json_object json_schema reasoning citations server_tools"),
    notes="The pages that an answer was made from come as `citations` and `search_results`.",
)


def _any_object(body: MutableMapping[str, Any], params: Params) -> list[str]:
    """Ask for any JSON object by a schema: there is no other JSON mode."""
    shape = plain(body.get("response_format"))
    if not isinstance(shape, dict) or shape.get("type") != "json_object":
        return []
    body["response_format"] = {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}}
    return ["json_object as a schema"]


_QUIRKS = (
    system_for_developer,
    without_foreign,
    alternating_roles,
    _any_object,
    renaming({"max_completion_tokens": "max_tokens"}),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of Perplexity's API."""
    thinks = "reasoning" in deployment.model or "research" in deployment.model
    return connect(
        PROFILE,
        deployment,
        options,
        ThinkingUpstream if thinks else ChatUpstream,
        quirks=_QUIRKS,
        speaks=TRANSLATED if thinks else PASSES,
    )
