"""Anthropic's own API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._params import environment, read_params
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.anthropic.betas import joined
from tianji.providers.dialects.anthropic.model import read_model
from tianji.providers.dialects.anthropic.upstream import MessagesUpstream

BASE = "https://api.anthropic.com"
VERSION = "2023-06-01"
_OAUTH_BETA = "oauth-2025-04-20"
_OAUTH_PREFIX = "sk-ant-oat"

PROFILE = Profile(
    title="Anthropic",
    page="https://docs.anthropic.com/en/api/messages",
    example="anthropic/claude-sonnet-4-5",
    settings=(
        Setting("api_base", "where the API is", ("ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL"), default=BASE),
        Setting("api_key", "the key", ("ANTHROPIC_API_KEY",), secret=True),
        Setting("auth_token", "a bearer token instead of a key", ("ANTHROPIC_AUTH_TOKEN",), secret=True),
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision documents json_schema json_object reasoning"
        " cache_marks citations server_tools stop messages"
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> MessagesUpstream:
    """Bind a deployment of Anthropic's API."""
    rules = read_params(deployment, options)
    said = _credentials.read_settings(PROFILE, deployment, environment(options))
    base, key, token = said["api_base"], said.get("api_key", ""), said.get("auth_token", "")
    headers = {"content-type": "application/json", "anthropic-version": VERSION}
    if key.startswith(_OAUTH_PREFIX) or (token and not key):
        key = key or token
        headers |= {"authorization": f"Bearer {key}", "anthropic-beta": _OAUTH_BETA}
    elif key:
        headers["x-api-key"] = key
    own = {name.lower(): value for name, value in rules.headers.items()}
    if "anthropic-beta" in own:
        own["anthropic-beta"] = joined(headers.get("anthropic-beta", ""), own["anthropic-beta"])
    return MessagesUpstream(
        provider="anthropic",
        model=read_model("anthropic", deployment.model, deployment.params | deployment.info),
        url=messages_url(base),
        headers=headers | own,
        params=rules,
        secret=key,
    )


def messages_url(base: str) -> str:
    """Return the address of the Messages API; longer forms of `base` are taken too."""
    base = base.rstrip("/").removesuffix("/messages").removesuffix("/v1")
    return f"{base}/v1/messages"
