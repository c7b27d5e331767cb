"""Bedrock's models as configs name them, and which credentials may go where."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tianji.errors import BadRequest
from tianji.wire.neutral import Ask, Thinking

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}
EAST = "https://bedrock-runtime.us-east-1.amazonaws.com"
PROFILE = "arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc123"
QUOTED = "arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Aapplication-inference-profile%2Fabc123"
IMPORTED = "arn:aws:bedrock:us-east-1:123456789012:imported-model/r4c4kewx2s0n"


@pytest.mark.parametrize(
    ("model", "params", "url"),
    [
        ("anthropic.claude-v2", {}, f"{EAST}/model/anthropic.claude-v2/converse"),
        ("us.amazon.nova-pro-v1:0", {}, f"{EAST}/model/us.amazon.nova-pro-v1%3A0/converse"),
        ("converse/anthropic.claude-v2", {}, f"{EAST}/model/anthropic.claude-v2/converse"),
        ("invoke/anthropic.claude-v2", {}, f"{EAST}/model/anthropic.claude-v2/invoke"),
        (
            "eu-west-1/anthropic.claude-v2",
            {"aws_region_name": None},
            "https://bedrock-runtime.eu-west-1.amazonaws.com/model/anthropic.claude-v2/converse",
        ),
        (
            "invoke/us-gov-west-1/meta.llama3-8b-instruct-v1:0",
            {"aws_region_name": None},
            "https://bedrock-runtime.us-gov-west-1.amazonaws.com/model/meta.llama3-8b-instruct-v1%3A0/invoke",
        ),
        (
            PROFILE,
            {"aws_region_name": None},
            f"https://bedrock-runtime.eu-central-1.amazonaws.com/model/{QUOTED}/converse",
        ),
        (
            "anthropic.claude-3-5-sonnet-20240620-v1:0",
            {"model_id": PROFILE},
            f"{EAST}/model/{QUOTED}/converse",
        ),
        (f"llama/{IMPORTED}", {}, f"{EAST}/model/{IMPORTED.replace(':', '%3A').replace('/', '%2F')}/invoke"),
        (
            f"converse/openai/{IMPORTED}",
            {},
            f"{EAST}/model/{IMPORTED.replace(':', '%3A').replace('/', '%2F')}/converse",
        ),
        ("converse_like/any", {"api_base": "https://proxy.test/models"}, "https://proxy.test/models"),
        (
            "anthropic.claude-v2",
            {"aws_bedrock_runtime_endpoint": "https://vpce.test/"},
            "https://vpce.test/model/anthropic.claude-v2/converse",
        ),
        ("mantle/openai.gpt-oss-120b", {}, "https://bedrock-mantle.us-east-1.api.aws/v1/chat/completions"),
        ("chat_completions/openai.gpt-oss-120b", {}, f"{EAST}/openai/v1/chat/completions"),
        (
            "claude_platform/claude-sonnet-4-5",
            {"workspace_id": "w"},
            "https://aws-external-anthropic.us-east-1.api.aws/v1/messages",
        ),
        (
            "anthropic.claude-v2",
            {"aws_region_name": "cn-north-1"},
            "https://bedrock-runtime.cn-north-1.amazonaws.com.cn/model/anthropic.claude-v2/converse",
        ),
    ],
)
def test_a_model_is_called_where_its_name_says(bound: Callable[..., Any], model: str, params: Any, url: str):
    said = {"aws_region_name": "us-east-1", **KEYS, **params}

    upstream = bound("bedrock", model, **said)

    assert upstream.request(Ask("m")).url == url


def test_streams_are_asked_for_elsewhere(bound: Callable[..., Any]):
    streamed = Ask("m", stream=True)

    converse = bound("bedrock", "amazon.nova-pro-v1:0", **KEYS).request(streamed)
    invoke = bound("bedrock", "invoke/amazon.nova-pro-v1:0", **KEYS).request(streamed)

    assert converse.url.endswith("/converse-stream")
    assert invoke.url.endswith("/invoke-with-response-stream")


def test_the_region_is_that_of_the_environment_before_the_default(
    bound: Callable[..., Any], monkeypatch: Any
):
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    here = bound("bedrock", "amazon.nova-pro-v1:0", **KEYS, environ={"AWS_REGION": "ap-south-1"})
    default = bound("bedrock", "amazon.nova-pro-v1:0", **KEYS)

    assert ".ap-south-1." in here.url
    assert ".us-west-2." in default.url


def test_the_profile_in_an_arn_tells_what_the_model_can_do(bound: Callable[..., Any]):
    profile = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-6"
    ask = Ask("m", thinking=Thinking(effort="high"))

    for model, params in (
        (profile, {}),
        ("x.y", {"model_id": "arn:aws:x", "base_model": profile.split("/")[1]}),
    ):
        body = json.loads(bound("bedrock", model, **KEYS, **params).request(ask).body)
        assert body["additionalModelRequestFields"]["thinking"] == {"type": "adaptive"}


@pytest.mark.parametrize("region", ["evil.test/#", "us-east-1.evil", "US-EAST-1", "x"])
def test_what_is_no_region_becomes_no_address(bound: Callable[..., Any], region: str):
    with pytest.raises(BadRequest, match="is no region"):
        bound("bedrock", "amazon.nova-pro-v1:0", **KEYS, aws_region_name=region)


@pytest.mark.parametrize(
    "model", ["agent/ABC/DEF", "agentcore/arn:aws:x", "async_invoke/amazon.nova-reel-v1:0"]
)
def test_what_is_no_chat_is_refused(bound: Callable[..., Any], model: str):
    with pytest.raises(BadRequest, match="not served"):
        bound("bedrock", model, **KEYS)


def test_a_bedrock_key_goes_instead_of_a_signature(bound: Callable[..., Any]):
    for upstream in (
        bound("bedrock", "amazon.nova-pro-v1:0", api_key="ABSK-1"),
        bound("bedrock", "amazon.nova-pro-v1:0", environ={"AWS_BEARER_TOKEN_BEDROCK": "ABSK-1"}),
        bound("bedrock_mantle", "openai.gpt-oss-20b", environ={"AWS_BEARER_TOKEN_BEDROCK": "ABSK-1"}),
    ):
        request = upstream.request(Ask("m"))
        assert request.headers["authorization"] == "Bearer ABSK-1"
        assert request.authorize is None
        assert "ABSK-1" not in repr(upstream)


def test_a_key_of_the_environment_does_not_replace_credentials_of_the_deployment(bound: Callable[..., Any]):
    environ = {"AWS_BEARER_TOKEN_BEDROCK": "ABSK-1"}

    request = bound("bedrock", "amazon.nova-pro-v1:0", environ=environ, **KEYS).request(Ask("m"))

    assert "authorization" not in request.headers
    assert request.authorize is not None


@pytest.mark.parametrize("name", ["bedrock", "bedrock_mantle", "sagemaker", "sagemaker_chat"])
@pytest.mark.parametrize("address", ["api_base", "aws_sts_endpoint"])
@pytest.mark.parametrize("more", [{}, {"aws_profile_name": "p"}, {"aws_role_name": "arn:aws:iam::1:role/r"}])
def test_no_credentials_of_the_gateway_go_where_an_api_call_points(
    bound: Callable[..., Any], name: str, address: str, more: Any
):
    environ = {
        "AWS_ACCESS_KEY_ID": "AKIAGATEWAY",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_BEARER_TOKEN_BEDROCK": "ABSK-gateway",
    }
    with pytest.raises(BadRequest, match="keys of its own"):
        bound(name, "m.x", source="api", environ=environ, **{address: "https://evil.test"}, **more)

    bound(name, "m.x", source="api", environ=environ, **{address: "https://own.test"}, **KEYS)
    bound(name, "m.x", source="file", environ=environ, **{address: "https://own.test"}, **more)


def test_an_api_call_names_no_files_of_the_gateway(bound: Callable[..., Any]):
    more = {"aws_role_name": "arn:aws:iam::1:role/r"}
    for token in ("/etc/passwd", "oidc/file/etc/passwd", "oidc/env/TIANJI_MASTER_KEY"):
        with pytest.raises(BadRequest, match="aws_web_identity_token"):
            bound("bedrock", "amazon.nova-pro-v1:0", source="api", aws_web_identity_token=token, **more)


def test_the_workspace_of_the_platform_goes_into_a_header_alone(bound: Callable[..., Any]):
    upstream = bound(
        "bedrock",
        "claude_platform/claude-sonnet-4-5",
        api_key="k",
        workspace_id="w",
        aws_region_name="us-east-1",
    )
    request = upstream.request(Ask("m"))

    assert request.headers["anthropic-workspace-id"] == "w"
    assert request.headers["x-api-key"] == "k"
    assert b"workspace" not in request.body
    with pytest.raises(BadRequest, match="workspace_id"):
        bound("bedrock", "claude_platform/claude-sonnet-4-5", api_key="k")


def test_the_second_endpoint_speaks_three_formats(bound: Callable[..., Any]):
    said = {"api_key": "k", "aws_region_name": "us-east-2"}
    chat = bound("bedrock_mantle", "qwen.qwen3-32b", **said)
    claude = bound("bedrock_mantle", "anthropic.claude-sonnet-5-5", **said)
    newest = bound("bedrock_mantle", "openai.gpt-5.5", **said)

    root = "https://bedrock-mantle.us-east-2.api.aws"
    assert chat.request(Ask("m")).url == f"{root}/v1/chat/completions"
    assert chat.speaks == {"chat", "responses"}
    assert claude.request(Ask("m")).url == f"{root}/anthropic/v1/messages"
    assert claude.speaks == {"messages"}
    assert newest.request(Ask("m")).url == f"{root}/openai/v1/responses"
    for form in ("/v1", "/v1/chat/completions", "/openai/v1", ""):
        near = bound("bedrock_mantle", "qwen.qwen3-32b", api_key="k", api_base=f"http://x.test{form}")
        assert near.request(Ask("m")).url == "http://x.test/v1/chat/completions"
