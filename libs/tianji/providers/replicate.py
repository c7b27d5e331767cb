"""Replicate: language models behind predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._translated import reach
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.fresh_ids import answer_id
from tianji.providers.dialects.replicate import answer, request
from tianji.providers.dialects.replicate.families import family_of
from tianji.providers.dialects.replicate.stream import ReplicateDecoder
from tianji.providers.dialects.replicate.upstream import ReplicateUpstream
from tianji.providers.dialects.spoken_tools import heard, listening
from tianji.wire.neutral import Ask
from tianji.wire.values import Object

BASE = "https://api.replicate.com/v1"
_SYSTEM = "supports_system_prompt"

PROFILE = Profile(
    title="Replicate",
    page="https://replicate.com/docs/reference/http",
    example="replicate/meta/meta-llama-3-70b-instruct",
    settings=(
        Setting("api_base", "where the API is", ("REPLICATE_API_BASE",), default=BASE),
        Setting("api_key", "the token", ("REPLICATE_API_KEY", "REPLICATE_API_TOKEN"), secret=True),
        Setting(_SYSTEM, "`true` for a model that has the input `system_prompt`"),
    ),
    supports=features("stream tools parallel_tools vision reasoning seed stop"),
    notes=(
        "A model is `owner/name`, `owner/name:version`, or `deployments/owner/name`. The conversation becomes"
        " the input `prompt`; inputs of the model's own schema are passed on as they are. A prediction is"
        " made, then streamed, or asked for until it has ended. Tools, and a form of the answer, are"
        " told in words."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ReplicateUpstream:
    """Bind a deployment on Replicate."""
    at = reach(PROFILE, deployment, options, apart=(_SYSTEM,))
    rules = at.rules
    base = at.base.removesuffix("/predictions")
    model, provider = deployment.model, deployment.provider
    place, family = request.place_of(model), family_of(model)
    if at.said.get(_SYSTEM, "").lower() == "true":
        family = request.with_system_prompt(family)

    def write(ask: Ask) -> tuple[Object, list[str]]:
        body, changed = request.write(ask, family, rules, provider)
        return body | ({"version": place.version} if place.version else {}), changed

    return ReplicateUpstream(
        provider=provider,
        model=model,
        url=base + place.path,
        headers=at.headers,
        params=rules,
        secret=at.key,
        base=base,
        write=write,
        read=lambda body, ask: heard(answer.read(body, provider, model), ask),
        decoder=lambda ask: listening(ReplicateDecoder(provider, model, answer_id()), ask),
    )
