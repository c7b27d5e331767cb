"""What all ways to call a SageMaker endpoint share: where it is, and who calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tianji.domain.deployments import Deployment
from tianji.providers import _credentials
from tianji.providers._params import Params, environment, read_params
from tianji.providers.auth import aws
from tianji.providers.contract import Profile, Setting
from tianji.providers.dialects.aws.upstream import AwsUpstream
from tianji.providers.dialects.openai_chat import answer, request
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.stream import ChatDecoder
from tianji.providers.dialects.sagemaker.stream import PartsDecoder
from tianji.wire.neutral import Answer, Ask
from tianji.wire.values import Object

PAGE = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html"
SETTINGS = (
    Setting("api_base", "where the API is, if not at AWS", ("SAGEMAKER_BASE_URL",)),
    Setting("model_id", "the inference component of the endpoint that is asked"),
    *aws.SETTINGS,
)
_COMPONENT = "x-amzn-sagemaker-inference-component"


def connect(profile: Profile, deployment: Deployment, options: Mapping[str, Any]) -> AwsUpstream:
    """Bind a deployment whose endpoint speaks chat completions."""
    rules = read_params(deployment, options)
    said = _credentials.read_settings(profile, deployment, environment(options))
    region = aws.region_of(said, deployment, None)
    base = (said.get("api_base") or aws.host("runtime.sagemaker", region)).rstrip("/")
    url = f"{base}/endpoints/{quote(deployment.model, safe='')}/invocations"
    headers = {"content-type": "application/json"}
    if "model_id" in said:
        headers[_COMPONENT] = said["model_id"]
    provider = deployment.provider
    return AwsUpstream(
        provider=provider,
        model=deployment.model,
        url=url,
        stream_url=f"{url}-response-stream",
        headers=headers | rules.headers,
        params=rules,
        write=lambda ask: _write(ask, deployment.model, rules),
        read=_read,
        decoder=lambda ask: PartsDecoder(provider, ChatDecoder(provider)),
        authorize=aws.signer("sagemaker", region, said, deployment),
    )


def _write(ask: Ask, model: str, params: Params) -> tuple[Object, list[str]]:
    body = request.write(ask, model)
    body.pop("metadata", None)
    if ask.stream:
        body["stream_options"] = {"include_usage": True}
    return body, without_foreign(body, params)


def _read(body: bytes, ask: Ask) -> Answer:
    try:
        return answer.read(body)
    except answer.Unreadable as error:
        raise ValueError(str(error)) from None
