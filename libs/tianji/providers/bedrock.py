"""Amazon Bedrock: Converse for all its models, InvokeModel where a config asks for it or a model needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.pricing.lookup import price_of
from tianji.providers import _credentials
from tianji.providers._bedrock_names import CONVERSE_LIKE, Named, read_name
from tianji.providers._params import Params, environment, read_params
from tianji.providers.auth import aws
from tianji.providers.contract import Profile, Setting, Upstream, features
from tianji.providers.dialects.aws.upstream import AwsUpstream
from tianji.providers.dialects.converse import answer, request
from tianji.providers.dialects.converse.model import Model, read_model
from tianji.providers.dialects.converse.names import own_names
from tianji.providers.dialects.converse.shape import emulated
from tianji.providers.dialects.converse.stream import ConverseDecoder
from tianji.wire.neutral import Ask

PROFILE = Profile(
    title="Amazon Bedrock",
    page="https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html",
    example="bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    settings=(
        Setting("api_base", "where the API is, if not at AWS", ("AWS_BEDROCK_RUNTIME_ENDPOINT",)),
        Setting("aws_bedrock_runtime_endpoint", "the same, under AWS' name"),
        Setting(
            "api_key",
            "a Bedrock API key, instead of signatures",
            ("AWS_BEARER_TOKEN_BEDROCK",),
            secret=True,
        ),
        Setting("model_id", "what stands in the address instead of the model's name: an ARN, for instance"),
        *aws.SETTINGS,
    ),
    supports=features(
        "stream tools parallel_tools tool_choice vision documents audio video json_object json_schema"
        " reasoning cache_marks citations server_tools stop"
    ),
    notes=(
        "Any model that Converse serves, by its id, by an inference profile (`us.`, `eu.`, `global.`)"
        " or by an ARN. `bedrock/invoke/…` calls InvokeModel instead, `bedrock/<region>/…` names the region."
        " Pictures and documents go as data or from S3: Bedrock fetches no addresses."
    ),
)


def bind(deployment: Deployment, options: Mapping[str, Any]) -> Upstream:
    """Bind a deployment of Bedrock."""
    rules = read_params(deployment, options)
    said = _credentials.read_settings(PROFILE, deployment, environment(options))
    named = read_name(deployment)
    region = aws.region_of(said, deployment, named.region)
    model = _model(named, deployment)
    base = _base(said, region)
    key = _key(said, deployment)
    betas = tuple(
        beta.strip()
        for name, value in rules.headers.items()
        if name.lower() == "anthropic-beta"
        for beta in value.split(",")
    )
    path = base if named.way == CONVERSE_LIKE else f"{base}/model/{named.quoted}/converse"
    headers = {"content-type": "application/json"} | _plain_headers(rules)
    if key:
        headers["authorization"] = f"Bearer {key}"
    return AwsUpstream(
        provider="bedrock",
        model=named.id,
        url=path,
        stream_url="" if named.way == CONVERSE_LIKE else f"{path}-stream",
        headers=headers,
        params=rules,
        write=lambda ask: request.write(ask, model, rules, betas),
        read=lambda body, ask: answer.read(body, named.id, own_names(ask), emulated=emulated(ask, model)),
        decoder=lambda ask: _decoder(ask, model),
        secret=key,
        authorize=None if key else aws.signer("bedrock", region, said, deployment),
    )


def _decoder(ask: Ask, model: Model) -> ConverseDecoder:
    return ConverseDecoder("bedrock", model.id, own_names(ask), emulated=emulated(ask, model))


def _model(named: Named, deployment: Deployment) -> Model:
    known = price_of("bedrock", named.known_as, deployment.params | deployment.info)
    return read_model(named.id, known, family=named.family)


def _base(said: Mapping[str, str], region: str) -> str:
    base = said.get("api_base") or said.get("aws_bedrock_runtime_endpoint")
    return base.rstrip("/") if base else aws.host("bedrock-runtime", region)


def _key(said: Mapping[str, str], deployment: Deployment) -> str:
    """Return a Bedrock API key; one of the environment does not replace a deployment's own credentials."""
    if aws.names_credentials(deployment) and not deployment.params.get("api_key"):
        return ""
    return said.get("api_key", "")


def _plain_headers(rules: Params) -> dict[str, str]:
    """Return a deployment's own headers; betas stand in the body here."""
    return {name: value for name, value in rules.headers.items() if name.lower() != "anthropic-beta"}
