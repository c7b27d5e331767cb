"""Anthropic's own API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.pricing.lookup import price_of
from tianji.providers import _credentials
from tianji.providers._params import environment, read_params
from tianji.providers.dialects.anthropic.betas import joined
from tianji.providers.dialects.anthropic.model import DEFAULT_MAX_TOKENS, Model
from tianji.providers.dialects.anthropic.upstream import MessagesUpstream

BASE = "https://api.anthropic.com"
VERSION = "2023-06-01"
_OAUTH_BETA = "oauth-2025-04-20"
_OAUTH_PREFIX = "sk-ant-oat"


def bind(deployment: Deployment, options: Mapping[str, Any]) -> MessagesUpstream:
    """Bind a deployment of Anthropic's API."""
    environ, rules = environment(options), read_params(deployment, options)
    base = _credentials.api_base(deployment, environ, ("ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL")) or BASE
    key = _credentials.api_key(deployment, environ, ("ANTHROPIC_API_KEY",))
    token = deployment.params.get("auth_token") or _credentials.own(
        deployment, environ, "ANTHROPIC_AUTH_TOKEN"
    )
    headers = {"content-type": "application/json", "anthropic-version": VERSION}
    if key.startswith(_OAUTH_PREFIX) or (token and not key):
        key = key or str(token)
        headers |= {"authorization": f"Bearer {key}", "anthropic-beta": _OAUTH_BETA}
    elif key:
        headers["x-api-key"] = key
    own = {name.lower(): value for name, value in rules.headers.items()}
    if "anthropic-beta" in own:
        own["anthropic-beta"] = joined(headers.get("anthropic-beta", ""), own["anthropic-beta"])
    return MessagesUpstream(
        provider="anthropic",
        model=read_model(deployment),
        url=messages_url(base),
        headers=headers | own,
        params=rules,
        secret=key,
    )


def messages_url(base: str) -> str:
    """Return the address of the Messages API; longer forms of `base` are taken too."""
    base = base.rstrip("/").removesuffix("/messages").removesuffix("/v1")
    return f"{base}/v1/messages"


def read_model(deployment: Deployment) -> Model:
    """Find what a deployment's model can do."""
    known = price_of("anthropic", deployment.model, deployment.params | deployment.info)
    adaptive = known.supports("adaptive_thinking") is True
    return Model(
        deployment.model,
        max_tokens=known.max_output_tokens or DEFAULT_MAX_TOKENS,
        adaptive_thinking=adaptive,
        budget_thinking=not adaptive or known.supports("legacy_thinking") is True,
        output_config=known.supports("output_config") is True,
        structured_output=known.supports("native_structured_output") is True,
        sampling=known.supports("sampling_params") is not False,
        system_anywhere=known.supports("mid_conversation_system") is True,
    )
