"""Codestral's completions: code between a prompt and a suffix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._translated import reach
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.completions import answer, request
from tianji.providers.dialects.translated import TranslatedUpstream

BASE = "https://codestral.mistral.ai/v1"
_PATH = "/fim/completions"
_NAMES = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "stop": "stop",
    "seed": "random_seed",
}

PROFILE = Profile(
    title="Codestral's completions",
    page="https://docs.mistral.ai/api/endpoint/fim",
    example="text-completion-codestral/codestral-latest",
    settings=(
        Setting("api_base", "where the API is", ("CODESTRAL_API_BASE",), default=BASE),
        Setting("api_key", "the key", ("CODESTRAL_API_KEY", "MISTRAL_API_KEY"), secret=True),
    ),
    supports=features("stream seed stop"),
    notes="A chat becomes the prompt. `suffix` and `min_tokens` are passed on.",
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> TranslatedUpstream:
    """Bind a deployment of Codestral."""
    at = reach(PROFILE, deployment, options)
    rules = at.rules
    base = at.base
    model, provider = deployment.model, deployment.provider
    return TranslatedUpstream(
        provider=provider,
        model=model,
        url=base if base.endswith(_PATH) else base.removesuffix("/completions") + _PATH,
        headers=at.headers,
        params=rules,
        secret=at.key,
        write=lambda ask: request.write(
            ask, model, rules, provider, names=_NAMES, asks_usage=False, tells_tools=False
        ),
        read=lambda body, ask: answer.read(body),
        decoder=lambda ask: answer.CompletionsDecoder(provider),
    )
