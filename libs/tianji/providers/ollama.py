"""Ollama: models that run on a machine of one's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import structs

from tianji.domain.deployments import Deployment
from tianji.pricing.lookup import price_of
from tianji.providers._translated import reach
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.ollama import answer, request
from tianji.providers.dialects.spoken_tools import heard, listening
from tianji.providers.dialects.translated import TranslatedUpstream

BASE = "http://localhost:11434"
_GENERATE = "/api/generate"
_THOUGHTLESS = re.compile(
    r"(?:^|/)(?:(?:code|tiny)?llama|llava|mi[sx]tral|gemma[23]?(?:$|:)|phi[34]?(?:$|:)|(?:code)?qwen[12]|command-r"
    r"|starcoder|deepseek-coder)"
)
"""Models that are known not to think; of all others Ollama knows best."""

PROFILE = Profile(
    title="Ollama",
    page="https://docs.ollama.com/api/chat",
    example="ollama/llama3.2",
    settings=(
        Setting("api_base", "where Ollama listens", ("OLLAMA_API_BASE",), default=BASE),
        Setting("api_key", "a key, for ollama.com or a proxy in front", ("OLLAMA_API_KEY",), secret=True),
    ),
    supports=features(
        "stream tools parallel_tools vision json_object json_schema reasoning logprobs seed stop"
    ),
    notes=(
        "`ollama/` and `ollama_chat/` both call `/api/chat`; an `api_base` that ends in `/api/generate` calls"
        " that instead, and tells tools in words. Ollama's own parameters (`num_ctx`, `mirostat` and so on)"
        " are taken as they are. Models choose their tools freely: a `tool_choice` that forces"
        " one only narrows what they are offered. Pictures must come as data."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> TranslatedUpstream:
    """Bind a deployment of Ollama."""
    at = reach(PROFILE, deployment, options)
    rules = at.rules
    model, provider = deployment.model, deployment.provider
    url = chat_url(at.base)
    generate = url.endswith(_GENERATE)
    told = price_of("ollama", model, deployment.params | deployment.info).supports("reasoning")
    thinks = not _THOUGHTLESS.search(model) if told is None else told
    bound = TranslatedUpstream(
        provider=provider,
        model=model,
        url=url,
        headers=at.headers,
        params=rules,
        secret=at.key,
        write=lambda ask: request.write(ask, model, rules, provider, thinks=thinks, generate=generate),
        read=lambda body, ask: answer.read(body, provider),
        decoder=lambda ask: answer.OllamaDecoder(provider),
    )
    if not generate:
        return bound
    return structs.replace(
        bound,
        read=lambda body, ask: heard(answer.read(body, provider), ask),
        decoder=lambda ask: listening(answer.OllamaDecoder(provider), ask),
    )


def chat_url(base: str) -> str:
    """Return the address of the chat; an address of `generate` is left as it is."""
    root = base.rstrip("/")
    if root.endswith(_GENERATE):
        return root
    return root.removesuffix("/chat").removesuffix("/api") + "/api/chat"
