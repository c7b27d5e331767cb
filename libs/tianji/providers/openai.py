"""OpenAI, and any server that speaks as it does at an `api_base`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._params import environment, read_params
from tianji.providers._responses_only import only_responses, without_prefix
from tianji.providers.contract import Profile, Setting, Upstream, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign, without_marks
from tianji.providers.dialects.openai_chat.quirks import refusing
from tianji.providers.dialects.openai_chat.reasoning_models import suit
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream, Quirk
from tianji.providers.dialects.responses.upstream import ResponsesUpstream, beside

BASE = "https://api.openai.com/v1"

PROFILE = Profile(
    title="OpenAI",
    page="https://platform.openai.com/docs/api-reference",
    example="openai/gpt-4o",
    settings=(
        Setting(
            "api_base",
            "another server that speaks as OpenAI does",
            ("OPENAI_BASE_URL", "OPENAI_API_BASE"),
            default=BASE,
        ),
        Setting("api_key", "the key", ("OPENAI_API_KEY",), secret=True),
        Setting("organization", "whom the call is billed to", ("OPENAI_ORGANIZATION",)),
        Setting("project", "the project within the organization"),
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision documents audio audio_out json_object json_schema"
        " reasoning citations server_tools logprobs several seed stop responses"
    ),
    notes=(
        "Models that only the Responses API has are reached by it from every client format. In front of a"
        " model's name `responses/` asks for it; `use_chat_completions_api: true` says that a server at an"
        " `api_base` lacks it."
    ),
)

_QUIRKS = (suit, without_foreign, refusing(("top_k",)))
_QUIRKS_BEHIND_A_PROXY = (suit, without_foreign)
_QUIRKS_ELSEWHERE = (suit, without_marks)
_OPENAIS = re.compile(r"^(?:gpt-(?!oss)|chatgpt-|o[1345](?:$|-))")
"""Names of models that OpenAI alone serves, wherever it is reached."""


def bind(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a deployment of OpenAI's API."""
    rules = read_params(deployment, options)
    said = _credentials.read_settings(PROFILE, deployment, environment(options))
    base, key = said["api_base"], said.get("api_key", "")
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    for name in ("organization", "project"):
        if name in said:
            headers[f"openai-{name}"] = said[name]
    base, headers = base.rstrip("/"), headers | rules.headers
    model, responses = without_prefix(deployment.model), f"{base}/responses"
    if only_responses(deployment):
        return ResponsesUpstream("openai", model, responses, headers, rules, key)
    upstream = ChatUpstream(
        provider="openai",
        model=model,
        url=f"{base}/chat/completions",
        headers=headers,
        params=rules,
        secret=key,
        quirks=_quirks(base, model),
    )
    if not deployment.params.get("use_chat_completions_api"):
        beside(upstream, responses)
    return upstream


def _quirks(base: str, model: str) -> tuple[Quirk, ...]:
    if base == BASE:
        return _QUIRKS
    return _QUIRKS_BEHIND_A_PROXY if _OPENAIS.match(model) else _QUIRKS_ELSEWHERE
