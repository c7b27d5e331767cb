"""Endpoints on SageMaker whose container is Hugging Face's text generation server, or speaks as it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from tianji.domain.deployments import Deployment
from tianji.providers import _sagemaker
from tianji.providers._params import read_params
from tianji.providers.contract import Profile, Setting, Upstream, features
from tianji.providers.dialects.sagemaker import generation
from tianji.providers.dialects.sagemaker.stream import PartsDecoder
from tianji.providers.dialects.spoken_tools import heard, listening

PROFILE = Profile(
    title="Amazon SageMaker",
    page=_sagemaker.PAGE,
    example="sagemaker/my-endpoint",
    settings=(
        *_sagemaker.SETTINGS,
        Setting("hf_model_name", "the model's name at Hugging Face: it tells how turns are written"),
    ),
    supports=features("stream tools parallel_tools seed stop"),
    notes=(
        "For containers that take `inputs` and `parameters`. Those that take messages are"
        " `sagemaker_chat/<endpoint>`. Tools, and a form of the answer, are told in words."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a deployment of such an endpoint."""
    bound = _sagemaker.connect(PROFILE, deployment, options)
    rules, provider, model = read_params(deployment, options), deployment.provider, deployment.model
    template = generation.template_of(str(deployment.params.get("hf_model_name") or model))
    return structs.replace(
        bound,
        write=lambda ask: generation.write(ask, template, rules, provider),
        read=lambda body, ask: heard(generation.read(body, model, template, ask, provider), ask),
        decoder=lambda ask: listening(
            PartsDecoder(provider, generation.GenerationDecoder(provider, model)), ask
        ),
    )
