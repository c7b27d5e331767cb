"""Azure OpenAI's completions: deployments of models that take a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest
from tianji.providers import azure
from tianji.providers.contract import features
from tianji.providers.dialects.completions import answer, request
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.providers.dialects.spoken_tools import heard, listening
from tianji.providers.dialects.translated import TranslatedUpstream

PROFILE = structs.replace(
    azure.PROFILE,
    title="Azure OpenAI's completions",
    example="azure_text/my-deployment",
    supports=features("stream tools parallel_tools logprobs several seed stop"),
    notes="A chat becomes one prompt; tools are told in words.",
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> TranslatedUpstream:
    """Bind a deployment of Azure OpenAI behind the completions form."""
    chat = azure.bind(deployment, options)
    if not isinstance(chat, ChatUpstream):
        raise BadRequest(f"azure_text: the model '{deployment.model}' takes no prompt", param="model")
    provider, rules, model = deployment.provider, chat.params, chat.model
    return TranslatedUpstream(
        provider=provider,
        model=model,
        url=chat.url.replace("/chat/completions", "/completions"),
        headers=chat.headers,
        params=rules,
        secret=chat.secret,
        authorize=chat.authorize,
        write=lambda ask: request.write(ask, model, rules, provider),
        read=lambda body, ask: heard(answer.read(body), ask),
        decoder=lambda ask: listening(answer.CompletionsDecoder(provider), ask),
    )
