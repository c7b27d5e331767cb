"""What tests of Bedrock share: credentials, models, conversations, and AWS' own model of its API."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

from botocore.loaders import Loader  # type: ignore[import-untyped]
from botocore.model import ServiceModel  # type: ignore[import-untyped]
from botocore.validate import ParamValidator  # type: ignore[import-untyped]

from tianji.wire.neutral import Ask, Text, Tool, ToolCall, ToolResult, Turn

SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
OLD = "anthropic.claude-3-5-sonnet-20240620-v1:0"
NOVA = "us.amazon.nova-pro-v1:0"
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
LLAMA = "us.meta.llama4-maverick-17b-instruct-v1:0"
KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret", "aws_region_name": "us-east-1"}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()
WEATHER = Tool(
    "weather", "Tells the weather.", {"type": "object", "properties": {"city": {"type": "string"}}}
)

Sent = Callable[..., dict[str, Any]]


def ask(*turns: Turn, **more: Any) -> Ask:
    """Return a request of these turns, of one word where there are none."""
    return Ask("m", list(turns) or [user("hi")], front=more.pop("front", "chat"), **more)


def user(text: str) -> Turn:
    """Return what a user says."""
    return Turn("user", [Text(text)])


def called(*ids: str) -> Turn:
    """Return a turn of calls."""
    return Turn("assistant", [ToolCall(one, "weather", '{"city":"Bern"}') for one in ids])


def result(identity: str, text: str = "sunny") -> Turn:
    """Return what a call came to."""
    return Turn("tool", [ToolResult(identity, [Text(text)])])


def sender(bound: Callable[..., Any]) -> Sent:
    """Return a function that gives the body of a request, which must be legal where it is one of Converse."""

    def send(request: Ask, model: str = SONNET, **params: Any) -> dict[str, Any]:
        written = bound("bedrock", model, **KEYS, **params).request(request)
        body: dict[str, Any] = json.loads(written.body)
        if written.url.endswith(("/converse", "/converse-stream")):
            assert_legal(body)
        return body

    return send


def assert_legal(body: dict[str, Any]) -> None:
    """Hold a body against AWS' model of the API, and against what Bedrock refuses besides."""
    report = ParamValidator().validate({"modelId": "m", **body}, _converse_shape())
    assert not report.has_errors(), report.generate_report()
    roles = [message["role"] for message in body["messages"]]
    assert roles[0] == "user"
    assert all(one != other for one, other in pairwise(roles))
    open_calls: set[str] = set()
    has_calls = False
    for message in body["messages"]:
        assert message["content"]
        blocks = message["content"]
        assert all(block["text"].strip() for block in blocks if "text" in block)
        results = [block["toolResult"]["toolUseId"] for block in blocks if "toolResult" in block]
        if message["role"] == "user":
            assert sorted(results) == sorted(open_calls)
            assert "toolConfig" in body or not results
        open_calls = {block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block}
        has_calls = has_calls or bool(open_calls)
    assert not open_calls
    assert "toolConfig" in body or not has_calls


@cache
def _converse_shape() -> Any:
    service = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))
    return service.operation_model("Converse").input_shape
