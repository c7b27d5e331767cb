"""IBM watsonx.ai's generation of text, for models without a chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._watsonx import SETTINGS, place_of
from tianji.providers.contract import Profile, features
from tianji.providers.dialects.spoken_tools import heard, listening
from tianji.providers.dialects.translated import TranslatedUpstream
from tianji.providers.dialects.watsonx.generation import GenerationDecoder, read, write

PROFILE = Profile(
    title="IBM watsonx.ai's text generation",
    page="https://cloud.ibm.com/apidocs/watsonx-ai#text-generation",
    example="watsonx_text/ibm/granite-13b-instruct-v2",
    settings=SETTINGS,
    supports=features("stream tools parallel_tools seed stop"),
    notes="A chat becomes one prompt; tools, and a form of the answer, are told in words.",
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> TranslatedUpstream:
    """Bind a deployment of watsonx.ai's text generation."""
    place = place_of(PROFILE, deployment, options)
    provider, model = deployment.provider, place.model
    return TranslatedUpstream(
        provider=provider,
        model=model,
        url=place.url("text/generation"),
        stream_url=place.url("text/generation_stream"),
        headers=place.headers,
        params=place.rules,
        secret=place.secret,
        authorize=place.authorize,
        write=lambda ask: write(ask, place.fields, place.rules, provider),
        read=lambda body, ask: heard(read(body, model), ask),
        decoder=lambda ask: listening(GenerationDecoder(provider, model), ask),
    )
