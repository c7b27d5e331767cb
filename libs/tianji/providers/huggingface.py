"""Hugging Face: its router in front of many vendors, and endpoints of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._compatible import PATH, connect, settings
from tianji.providers._params import environment
from tianji.providers.contract import Profile, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.messages import system_for_developer
from tianji.providers.dialects.openai_chat.quirks import renaming
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream

ROUTER = "https://router.huggingface.co/v1"
_ENDPOINTS_MODEL = "tgi"
"""What a dedicated endpoint calls its only model."""
_LIMIT = renaming({"max_completion_tokens": "max_tokens"})

PROFILE = Profile(
    title="Hugging Face",
    page="https://huggingface.co/docs/inference-providers/tasks/chat-completion",
    example="huggingface/together/deepseek-ai/DeepSeek-R1",
    settings=settings(ROUTER, ("HF_API_BASE", "HUGGINGFACE_API_BASE"), ("HF_TOKEN", "HUGGINGFACE_API_KEY")),
    supports=features(
        "stream tools parallel_tools tool_choice vision json_object json_schema reasoning logprobs seed stop"
    ),
    notes=(
        "A model is `org/name`, which the router gives to the fastest vendor, or `vendor/org/name`, which"
        " goes to that vendor. A dedicated endpoint is named by `api_base`, or as the model:"
        " `huggingface/https://name.endpoints.huggingface.cloud`."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> ChatUpstream:
    """Bind a deployment behind the router, or an endpoint."""
    if deployment.model.startswith(("http://", "https://")):
        params = {**deployment.params, "api_base": deployment.model}
        deployment = structs.replace(deployment, model=_ENDPOINTS_MODEL, params=params)
    base = _credentials.read_settings(PROFILE, deployment, environment(options))["api_base"]
    return connect(
        PROFILE,
        deployment,
        options,
        path=PATH if base.endswith(("/v1", "/openai", PATH)) else f"/v1{PATH}",
        model=routed(deployment.model) if base == ROUTER else deployment.model,
        quirks=(system_for_developer, without_foreign, _LIMIT),
    )


def routed(model: str) -> str:
    """Return a model as the router wants it: the vendor stands behind, not in front."""
    vendor, _, name = model.partition("/")
    return f"{name}:{vendor}" if "/" in name else model
