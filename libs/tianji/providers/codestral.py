"""Codestral: Mistral's models for code, at a door and with keys of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import TRANSLATED, connect, settings
from tianji.providers.contract import Profile, features
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.providers.mistral import QUIRKS

PROFILE = Profile(
    title="Codestral (Mistral AI)",
    page="https://docs.mistral.ai/api",
    example="codestral/codestral-latest",
    settings=settings("https://codestral.mistral.ai/v1", ("CODESTRAL_API_BASE",), ("CODESTRAL_API_KEY",)),
    supports=features("stream tools parallel_tools tool_choice json_object json_schema several seed stop"),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of Codestral's API."""
    return connect(PROFILE, deployment, options, quirks=QUIRKS, asks_usage=False, speaks=TRANSLATED)
