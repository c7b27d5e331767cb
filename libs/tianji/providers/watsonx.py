"""IBM watsonx.ai's chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers._compatible import TRANSLATED
from tianji.providers._watsonx import SETTINGS, place_of
from tianji.providers.contract import Profile, features
from tianji.providers.dialects.openai_chat.foreign import without_foreign_but
from tianji.providers.dialects.openai_chat.messages import system_for_developer, text_for_parts
from tianji.providers.dialects.openai_chat.quirks import ignoring
from tianji.providers.dialects.watsonx.chat import WatsonxUpstream, choose_tools, lax_tools, naming

PROFILE = Profile(
    title="IBM watsonx.ai",
    page="https://cloud.ibm.com/apidocs/watsonx-ai#text-chat",
    example="watsonx/meta-llama/llama-3-3-70b-instruct",
    settings=SETTINGS,
    supports=features(
        "stream tools parallel_tools tool_choice vision json_object json_schema reasoning logprobs several"
        " seed stop"
    ),
    notes=(
        "A key of IBM Cloud is exchanged for a token, which is kept until it ends. `watsonx/deployment/<id>`"
        " is a deployment of your own, which knows its model and who pays for it. `time_limit`,"
        " `chat_template_kwargs` and other fields of IBM's own are passed on."
    ),
)

_UNKNOWN = (
    "parallel_tool_calls",
    "user",
    "metadata",
    "store",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prediction",
    "modalities",
    "verbosity",
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> WatsonxUpstream:
    """Bind a deployment of watsonx.ai's chat."""
    place = place_of(PROFILE, deployment, options)
    return WatsonxUpstream(
        provider=deployment.provider,
        model=place.model,
        url=place.url("text/chat"),
        stream_url=place.url("text/chat_stream"),
        headers=place.headers,
        params=place.rules,
        secret=place.secret,
        quirks=(
            system_for_developer,
            text_for_parts,
            without_foreign_but("reasoning_content"),
            lax_tools,
            choose_tools,
            ignoring(_UNKNOWN),
            naming(place.fields),
        ),
        asks_usage=False,
        authorize=place.authorize,
        speaks=TRANSLATED,
    )
