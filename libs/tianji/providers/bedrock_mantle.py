"""Bedrock's second endpoint: OpenAI's chat completions and Responses, and Anthropic's Messages, at AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._bedrock_names import read_name
from tianji.providers._params import environment, read_params
from tianji.providers._responses_only import only_responses
from tianji.providers.auth import aws
from tianji.providers.contract import Profile, Setting, Upstream, features
from tianji.providers.dialects.anthropic.model import read_model
from tianji.providers.dialects.anthropic.upstream import MessagesUpstream
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.providers.dialects.responses.upstream import ResponsesUpstream, beside

_SERVICE = "bedrock-mantle"
_CLAUDE = "anthropic."
_VERSION = "2023-06-01"

PROFILE = Profile(
    title="Amazon Bedrock (Mantle)",
    page="https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html",
    example="bedrock_mantle/openai.gpt-oss-120b",
    settings=(
        Setting("api_base", "where the API is, if not at AWS", ("BEDROCK_MANTLE_API_BASE",)),
        Setting(
            "api_key",
            "a Bedrock API key, instead of signatures",
            ("BEDROCK_MANTLE_API_KEY", "AWS_BEARER_TOKEN_BEDROCK"),
            secret=True,
        ),
        *aws.SETTINGS,
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision documents json_object json_schema reasoning"
        " cache_marks seed stop responses messages"
    ),
    notes=(
        "Claude is spoken to in Anthropic's own format, OpenAI's newest models by the Responses API, all"
        " others by chat completions."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a deployment of Bedrock's OpenAI-compatible endpoint."""
    rules = read_params(deployment, options)
    said = _credentials.read_settings(PROFILE, deployment, environment(options))
    named = read_name(deployment)
    region = aws.region_of(said, deployment, named.region)
    base = _root(said.get("api_base") or f"https://bedrock-mantle.{region}.api.aws")
    key = aws.bearer(said, deployment)
    headers = {"content-type": "application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    authorize = None if key else aws.signer(_SERVICE, region, said, deployment)
    if named.id.startswith(_CLAUDE):
        return MessagesUpstream(
            provider="bedrock_mantle",
            model=read_model("bedrock_mantle", named.id, deployment.params | deployment.info),
            url=f"{base}/anthropic/v1/messages",
            headers=headers | {"anthropic-version": _VERSION} | rules.headers,
            params=rules,
            secret=key,
            authorize=authorize,
        )
    headers |= rules.headers
    if only_responses(deployment):
        url = f"{base}/openai/v1/responses"
        return ResponsesUpstream("bedrock_mantle", named.id, url, headers, rules, key, authorize=authorize)
    upstream = ChatUpstream(
        provider="bedrock_mantle",
        model=named.id,
        url=f"{base}/v1/chat/completions",
        headers=headers,
        params=rules,
        secret=key,
        quirks=(without_foreign,),
        authorize=authorize,
    )
    beside(upstream, f"{base}/v1/responses")
    return upstream


def _root(base: str) -> str:
    """Return what stands before the paths of the three formats; longer forms of `base` are taken too."""
    for ending in ("/chat/completions", "/v1/responses", "/v1/messages", "/v1", "/openai", "/anthropic"):
        base = base.removesuffix(ending)
    return base
