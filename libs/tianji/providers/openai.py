"""OpenAI, and any server that speaks as it does at an `api_base`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._params import environment, read_params
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.reasoning_models import suit
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream

BASE = "https://api.openai.com/v1"


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of OpenAI's API."""
    params, environ = deployment.params, environment(options)
    rules = read_params(deployment, options)
    base = _credentials.api_base(deployment, environ, ("OPENAI_BASE_URL", "OPENAI_API_BASE")) or BASE
    key = _credentials.api_key(deployment, environ, ("OPENAI_API_KEY",))
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    if organization := params.get("organization") or _credentials.own(
        deployment, environ, "OPENAI_ORGANIZATION"
    ):
        headers["openai-organization"] = str(organization)
    if project := params.get("project"):
        headers["openai-project"] = str(project)
    return ChatUpstream(
        provider="openai",
        model=deployment.model,
        url=f"{base.rstrip('/')}/chat/completions",
        headers=headers | rules.headers,
        params=rules,
        secret=key,
        # Another server at an `api_base` may well know what OpenAI does not.
        quirks=(suit, without_foreign) if base.rstrip("/") == BASE else (suit,),
    )
