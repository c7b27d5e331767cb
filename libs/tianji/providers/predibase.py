"""Predibase: Hugging Face's text generation server behind a tenant's deployments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._translated import reach
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.sagemaker import generation
from tianji.providers.dialects.spoken_tools import heard, listening
from tianji.providers.dialects.translated import TranslatedUpstream

BASE = "https://serving.app.predibase.com"
_TENANT = "predibase_tenant_id"

PROFILE = Profile(
    title="Predibase",
    page="https://docs.predibase.com/inference/querying-models",
    example="predibase/llama-3-8b-instruct",
    settings=(
        Setting("api_base", "where the API is", ("PREDIBASE_API_BASE",), default=BASE),
        Setting(_TENANT, "the tenant", ("PREDIBASE_TENANT_ID",), required=True),
        Setting("api_key", "the key", ("PREDIBASE_API_KEY",), secret=True),
    ),
    supports=features("stream tools parallel_tools seed stop"),
    notes=(
        "A chat becomes one prompt, in the model's own marks where its name tells them. Tools, and a form of"
        " the answer, are told in words."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> TranslatedUpstream:
    """Bind a deployment of Predibase."""
    at = reach(PROFILE, deployment, options, apart=(_TENANT, "tenant_id"))
    rules, provider, model = at.rules, deployment.provider, deployment.model
    url = f"{at.base}/{at.said[_TENANT]}/deployments/v2/llms/{model}/generate"
    template = generation.template_of(model)
    return TranslatedUpstream(
        provider=provider,
        model=model,
        url=url,
        stream_url=f"{url}_stream",
        headers=at.headers,
        params=rules,
        secret=at.key,
        write=lambda ask: generation.write(ask, template, rules, provider),
        read=lambda body, ask: heard(generation.read(body, model, template, ask, provider), ask),
        decoder=lambda ask: listening(generation.GenerationDecoder(provider, model), ask),
    )
