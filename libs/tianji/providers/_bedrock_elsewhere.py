"""Models that a config names `bedrock/…` and that are called in other vendors' formats at AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest
from tianji.providers import bedrock_mantle
from tianji.providers._bedrock_invoke import REASONING
from tianji.providers._bedrock_names import CHAT, MANTLE, PLATFORM, Named
from tianji.providers._params import read_params
from tianji.providers.auth import aws
from tianji.providers.contract import Upstream
from tianji.providers.dialects.anthropic.model import read_model
from tianji.providers.dialects.anthropic.upstream import MessagesUpstream
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.think_tags import ThinkingUpstream

WAYS = (CHAT, MANTLE, PLATFORM)
_PLATFORM = "aws-external-anthropic"
_VERSION = "2023-06-01"


def bind(
    named: Named, said: Mapping[str, str], deployment: Deployment, options: Mapping[str, Any]
) -> Upstream:
    """Bind a deployment that goes one of these ways."""
    if named.way == MANTLE:
        place = f"{named.region}/" if named.region else ""
        moved = structs.replace(deployment, provider="bedrock_mantle", model=f"{place}{named.id}")
        return bedrock_mantle.bind(moved, options)
    region = aws.region_of(said, deployment, named.region)
    if named.way == PLATFORM:
        return _platform(named, region, said, deployment, options)
    rules, key = read_params(deployment, options), aws.bearer(said, deployment)
    base = said.get("api_base") or said.get("aws_bedrock_runtime_endpoint")
    base = base.rstrip("/") if base else aws.host("bedrock-runtime", region)
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    return ThinkingUpstream(
        provider="bedrock",
        model=named.id,
        url=f"{base}/openai/v1/chat/completions",
        headers=headers | rules.headers,
        params=rules,
        secret=key,
        quirks=(without_foreign,),
        authorize=None if key else aws.signer("bedrock", region, said, deployment),
        speaks=frozenset(),
        tag=REASONING,
    )


def _platform(
    named: Named,
    region: str,
    said: Mapping[str, str],
    deployment: Deployment,
    options: Mapping[str, Any],
) -> Upstream:
    """Bind a deployment of Anthropic's own platform behind AWS' door."""
    workspace = deployment.params.get("workspace_id") or deployment.params.get("anthropic_workspace_id")
    if not workspace:
        raise BadRequest(
            "bedrock/claude_platform: a deployment needs workspace_id (the workspace that pays)",
            param="workspace_id",
        )
    rules, key = read_params(deployment, options), str(deployment.params.get("api_key") or "")
    rules.defaults.pop("workspace_id", None)
    rules.defaults.pop("anthropic_workspace_id", None)
    base = (said.get("api_base") or f"https://{_PLATFORM}.{region}.api.aws").removesuffix("/v1/messages")
    headers = {"content-type": "application/json", "anthropic-version": _VERSION}
    headers["anthropic-workspace-id"] = str(workspace)
    if key:
        headers["x-api-key"] = key
    return MessagesUpstream(
        provider="bedrock",
        model=read_model("bedrock", named.id, deployment.params | deployment.info),
        url=f"{base}/v1/messages",
        headers=headers | rules.headers,
        params=rules,
        secret=key,
        authorize=None if key else aws.signer(_PLATFORM, region, said, deployment),
    )
