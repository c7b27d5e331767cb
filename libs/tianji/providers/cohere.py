"""Cohere: version 2 of its chat, and version 1 where a deployment names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.pricing.lookup import price_of
from tianji.providers._translated import reach
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.cohere import answer, request
from tianji.providers.dialects.cohere.stream import CohereDecoder
from tianji.providers.dialects.cohere.v1.answer import read as read_v1
from tianji.providers.dialects.cohere.v1.request import write as write_v1
from tianji.providers.dialects.cohere.v1.stream import CohereV1Decoder
from tianji.providers.dialects.translated import TranslatedUpstream
from tianji.wire.neutral import Ask
from tianji.wire.values import Object

BASE = "https://api.cohere.com"
_V1 = "v1/"

PROFILE = Profile(
    title="Cohere",
    page="https://docs.cohere.com/reference/chat",
    example="cohere/command-a-03-2025",
    settings=(
        Setting("api_base", "where the API is", ("COHERE_API_BASE",), default=BASE),
        Setting("api_key", "the key", ("COHERE_API_KEY", "CO_API_KEY"), secret=True),
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision json_object json_schema reasoning citations"
        " logprobs seed stop"
    ),
    notes=(
        "Version 2 of the chat API is called. `cohere/v1/<model>`, or an `api_base` that ends in `/v1` or"
        " `/v1/chat`, calls version 1, which takes no pictures. The plan that a model makes before it calls"
        " tools is shown as reasoning. `documents`, `citation_options`, `safety_mode` and other fields of"
        " Cohere's own are passed on."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> TranslatedUpstream:
    """Bind a deployment of Cohere."""
    at = reach(PROFILE, deployment, options)
    rules = at.rules
    name, provider = deployment.model, deployment.provider
    url = chat_url(at.base, first=name.startswith(_V1))
    model = name.removeprefix(_V1)
    bound = TranslatedUpstream(
        provider=provider,
        model=model,
        url=url,
        headers=at.headers,
        params=rules,
        secret=at.key,
        write=lambda ask: write_v1(ask, model, rules, provider),
        read=lambda body, ask: read_v1(body, provider, model),
        decoder=lambda ask: CohereV1Decoder(provider, model),
    )
    if url.endswith("/v1/chat"):
        return bound
    known = price_of("cohere", model, deployment.params | deployment.info)
    thinks = known.supports("reasoning") is True or "reasoning" in model

    def write(ask: Ask) -> tuple[Object, list[str]]:
        return request.write(ask, model, rules, provider, thinks=thinks)

    bound.write = write
    bound.read = lambda body, ask: answer.read(body, provider, model)
    bound.decoder = lambda ask: CohereDecoder(provider, model)
    return bound


def chat_url(base: str, *, first: bool = False) -> str:
    """Return the address of the chat; longer forms of `base` are taken too. `first`: of version 1."""
    root = base.rstrip("/").removesuffix("/chat")
    first = first or root.endswith("/v1")
    root = root.removesuffix("/v1").removesuffix("/v2")
    return f"{root}/{'v1' if first else 'v2'}/chat"
