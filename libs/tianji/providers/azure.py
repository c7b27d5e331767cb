"""Azure OpenAI: OpenAI's models behind deployment names, API versions and Azure's own credentials."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest
from tianji.providers import _credentials
from tianji.providers._params import Params, environment, read_params
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.reasoning_models import suit_model
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream

DEFAULT_VERSION = "2025-02-01-preview"
_UNDATED = ("v1", "latest", "preview")
"""Versions of the API without a date: paths as OpenAI has them, the model in the body."""
_MARKS = ("o_series/", "gpt5_series/")
"""What a config writes before a deployment's name to say which kind of model it is."""


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment of Azure OpenAI."""
    params, environ = deployment.params, environment(options)
    rules = read_params(deployment, options)
    base = _credentials.api_base(deployment, environ, ("AZURE_API_BASE", "AZURE_OPENAI_ENDPOINT"))
    if base is None:
        raise BadRequest(
            "azure: a deployment needs an api_base or the variable AZURE_API_BASE", param="api_base"
        )
    version = params.get("api_version") or environ.get("AZURE_API_VERSION") or DEFAULT_VERSION
    name, kind = _name(deployment)
    key = _credentials.api_key(deployment, environ, ("AZURE_API_KEY", "AZURE_OPENAI_API_KEY"))
    token = params.get("azure_ad_token") or (
        None if key else _credentials.own(deployment, environ, "AZURE_AD_TOKEN")
    )
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    elif key:
        headers["api-key"] = key

    def suit(body: MutableMapping[str, Any], rules: Params) -> list[str]:
        return suit_model(kind, body, rules)

    return ChatUpstream(
        provider="azure",
        model=name,
        url=chat_url(base, name, str(version)),
        headers=headers | rules.headers,
        params=rules,
        secret=str(token or key),
        quirks=(suit, without_foreign),
    )


def chat_url(base: str, name: str, version: str) -> str:
    """Return the address of a deployment's chat completions.

    `base` is what stands before `/openai/`; longer forms that Azure's pages show are taken too.
    """
    parts = urlsplit(base)
    before, openai, after = parts.path.partition("/openai")
    root = f"{parts.scheme}://{parts.netloc}{before.rstrip('/')}"
    version = parse_qs(parts.query).get("api-version", [version])[0]
    if version in _UNDATED or (openai and after.startswith("/v1")):
        asked = f"?api-version={version}" if version in ("latest", "preview") else ""
        return f"{root}/openai/v1/chat/completions{asked}"
    if openai and after.startswith("/deployments/"):
        name = after.split("/")[2] or name
    return f"{root}/openai/deployments/{quote(name, safe='')}/chat/completions?api-version={quote(version)}"


def _name(deployment: Deployment) -> tuple[str, str]:
    """Return a deployment's name at Azure, and a model's name that says what it is."""
    name = deployment.model
    for mark in _MARKS:
        if name.startswith(mark):
            return name.removeprefix(mark), "o1" if mark == "o_series/" else "gpt-5"
    known = deployment.info.get("base_model") or deployment.params.get("base_model")
    return name, str(known or name)
