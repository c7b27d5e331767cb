"""Amazon Bedrock: Converse for all its models, InvokeModel where a config asks for it or a model needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.domain.deployments import Deployment
from tianji.providers import _bedrock_elsewhere as elsewhere
from tianji.providers import _credentials
from tianji.providers._bedrock_invoke import Form, form_of, into_headers
from tianji.providers._bedrock_names import CONVERSE_LIKE, INVOKE, Named, read_name
from tianji.providers._params import Params, environment, read_params
from tianji.providers.auth import aws
from tianji.providers.contract import Profile, Setting, Upstream, features
from tianji.providers.dialects.aws.upstream import AwsUpstream
from tianji.providers.dialects.converse import answer, request
from tianji.providers.dialects.converse.model import Model, read_model
from tianji.providers.dialects.converse.names import own_names
from tianji.providers.dialects.converse.shape import emulated
from tianji.providers.dialects.converse.stream import ConverseDecoder

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
    if named.way in elsewhere.WAYS:
        return elsewhere.bind(named, said, deployment, options)
    region = aws.region_of(said, deployment, named.region)
    model = read_model(named.id, named.known_as, deployment.params | deployment.info, family=named.family)
    key = aws.bearer(said, deployment)
    betas = _betas(rules)
    headers = {"content-type": "application/json"} | _plain_headers(rules)
    if key:
        headers["authorization"] = f"Bearer {key}"
    if named.way == INVOKE:
        rules, more = into_headers(rules)
        headers |= more
    url, stream_url = _urls(named, said, region)
    form = _converse(model, rules, betas) if named.way != INVOKE else form_of(named, model, rules, betas)
    return AwsUpstream(
        provider="bedrock",
        model=named.id,
        url=url,
        stream_url=stream_url,
        headers=headers,
        params=rules,
        write=form.write,
        read=form.read,
        decoder=form.decoder,
        secret=key,
        authorize=None if key else aws.signer("bedrock", region, said, deployment),
    )


def _converse(model: Model, rules: Params, betas: tuple[str, ...]) -> Form:
    return Form(
        lambda ask: request.write(ask, model, rules, betas),
        lambda body, ask: answer.read(body, model.id, own_names(ask), emulated=emulated(ask, model)),
        lambda ask: ConverseDecoder("bedrock", model.id, own_names(ask), emulated=emulated(ask, model)),
    )


def _urls(named: Named, said: Mapping[str, str], region: str) -> tuple[str, str]:
    """Return where answers and where streams are asked for."""
    base = said.get("api_base") or said.get("aws_bedrock_runtime_endpoint")
    base = base.rstrip("/") if base else aws.host("bedrock-runtime", region)
    if named.way == CONVERSE_LIKE:
        return base, ""
    way = "invoke" if named.way == INVOKE else "converse"
    url = f"{base}/model/{named.quoted}/{way}"
    return url, f"{url}{'-with-response' if way == 'invoke' else ''}-stream"


def _betas(rules: Params) -> tuple[str, ...]:
    said = [value for name, value in rules.headers.items() if name.lower() == "anthropic-beta"]
    return tuple(beta.strip() for value in said for beta in value.split(",") if beta.strip())


def _plain_headers(rules: Params) -> dict[str, str]:
    """Return a deployment's own headers; betas stand in the body here."""
    return {name: value for name, value in rules.headers.items() if name.lower() != "anthropic-beta"}
