"""NVIDIA's Triton: language models on an inference server of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._translated import reach
from tianji.providers.contract import Profile, Setting, features
from tianji.providers.dialects.spoken_tools import heard, listening
from tianji.providers.dialects.translated import TranslatedUpstream
from tianji.providers.dialects.triton import answer, request

_INFER, _GENERATE = "/infer", "/generate"

PROFILE = Profile(
    title="NVIDIA Triton Inference Server",
    page="https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/protocol/extension_generate.html",
    example="triton/llama-3-8b-instruct",
    settings=(
        Setting(
            "api_base",
            "the server, or the whole address of a model's `generate` or `infer`",
            ("TRITON_API_BASE",),
            required=True,
        ),
        Setting("api_key", "a key, for a proxy in front", ("TRITON_API_KEY",), secret=True),
    ),
    supports=features("stream tools parallel_tools seed stop"),
    notes="A chat becomes one prompt; tools are told in words. `infer` cannot stream: it answers whole.",
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> TranslatedUpstream:
    """Bind a model on a Triton server."""
    at = reach(PROFILE, deployment, options)
    rules, provider, model = at.rules, deployment.provider, deployment.model
    url = at.base.removesuffix("_stream")
    if not url.endswith((_INFER, _GENERATE)):
        url = f"{url.removesuffix('/v2')}/v2/models/{model}{_GENERATE}"
    infer = url.endswith(_INFER)
    return TranslatedUpstream(
        provider=provider,
        model=model,
        url=url,
        stream_url="" if infer else f"{url}_stream",
        headers=at.headers,
        params=rules,
        secret=at.key,
        write=lambda ask: request.write(ask, rules, provider, infer=infer),
        read=lambda body, ask: heard(answer.read(body, provider, model), ask),
        decoder=lambda ask: listening(answer.TritonDecoder(provider, model), ask),
    )
