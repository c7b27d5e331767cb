"""Traces of tools that one provider ran itself, in conversations that move on to another."""

import pytest

from tianji.wire.neutral import Ask, Opaque, Text, Turn

RUN = {
    "messages": {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "trace"}},
    "responses": {"type": "web_search_call", "id": "s", "action": {"query": "trace"}},
    "generate_content": {"executableCode": {"language": "PYTHON", "code": "trace"}},
    "chat": {"type": "executed_tool", "output": "trace"},
    "converse": {"toolUse": {"type": "server_tool_use", "input": {"query": "trace"}}},
}
AWS = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "aws_region_name": "us-east-1"}
SPOKEN = [
    ("openai", "gpt-4o", "chat", {}),
    ("openai", "o3-pro", "responses", {}),
    ("anthropic", "claude-sonnet-4-5", "messages", {}),
    ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", "converse", AWS),
    ("gemini", "gemini-2.5-pro", "generate_content", {}),
    ("cohere_chat", "command-a-03-2025", "", {}),
    ("cohere", "command-r", "", {"api_base": "https://c.test/v1/chat"}),
    ("ollama", "qwen3", "", {}),
    ("replicate", "meta/llama", "", {}),
    ("triton", "llama", "", {"api_base": "http://t.test/generate"}),
    ("sagemaker", "llama", "", AWS),
]


@pytest.mark.parametrize("ran", RUN)
@pytest.mark.parametrize(("provider", "model", "own", "params"), SPOKEN)
def test_what_another_provider_ran_is_left_out_and_what_was_said_stays(
    bound, provider, model, own, params, ran
):
    said = Turn("assistant", [Text("before"), Opaque(ran, RUN[ran]), Text("after")])
    ask = Ask("m", [Turn("user", [Text("q")]), said, Turn("user", [Text("go on")])])

    body = bound(provider, model=model, api_key="k", **params).request(ask).body.decode()

    assert body.index("before") < body.index("after")
    if ran != own:
        assert "trace" not in body
    elif own != "chat":
        assert "trace" in body
