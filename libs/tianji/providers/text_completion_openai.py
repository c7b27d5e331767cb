"""OpenAI's older completions: models that take a prompt, such as gpt-3.5-turbo-instruct."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._translated import reach
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.completions import answer, request
from tianji.providers.dialects.spoken_tools import heard, listening
from tianji.providers.dialects.translated import TranslatedUpstream

BASE = "https://api.openai.com/v1"
_PATH = "/completions"

PROFILE = Profile(
    title="OpenAI's completions",
    page="https://platform.openai.com/docs/api-reference/completions",
    example="text-completion-openai/gpt-3.5-turbo-instruct",
    settings=(
        Setting("api_base", "where the API is", ("OPENAI_API_BASE", "OPENAI_BASE_URL"), default=BASE),
        Setting("api_key", "the key", ("OPENAI_API_KEY",), secret=True),
        Setting("organization", "the organization that pays", ("OPENAI_ORGANIZATION",)),
    ),
    supports=features("stream tools parallel_tools logprobs several seed stop"),
    notes=(
        "A chat becomes one prompt; tools are told in words. `suffix`, `echo` and `best_of` are passed on."
        " Servers that speak this form, such as vLLM, are reached by `api_base`."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> TranslatedUpstream:
    """Bind a deployment behind the completions form."""
    at = reach(PROFILE, deployment, options)
    rules = at.rules
    base = at.base
    model, provider = deployment.model, deployment.provider
    if "organization" in at.said:
        at.headers.setdefault("openai-organization", at.said["organization"])
    return TranslatedUpstream(
        provider=provider,
        model=model,
        url=base if base.endswith(_PATH) else base + _PATH,
        headers=at.headers,
        params=rules,
        secret=at.key,
        write=lambda ask: request.write(ask, model, rules, provider),
        read=lambda body, ask: heard(answer.read(body), ask),
        decoder=lambda ask: listening(answer.CompletionsDecoder(provider), ask),
    )
