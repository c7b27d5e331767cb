import json
from typing import Any

import pytest

TOOLS = [{"type": "function", "function": {"name": "f"}}]


@pytest.fixture
def sent(bound, fields):
    """Return the body that arrives."""

    def send(**body: Any) -> Any:
        upstream = bound("ai21", "jamba-large", **body.pop("params", {}))
        return json.loads(upstream.forward("chat", fields(**body), stream=bool(body.get("stream"))).body)

    return send


def test_both_names_are_one(bound):
    assert (
        bound("ai21_chat", "jamba-mini", api_key="k").url == "https://api.ai21.com/studio/v1/chat/completions"
    )


@pytest.mark.parametrize(
    ("choice", "tools"), [("auto", True), ("required", True), ("none", False), ({"type": "function"}, True)]
)
def test_tools_are_chosen_freely_or_not_there(sent, choice, tools):
    body = sent(tools=TOOLS, tool_choice=choice)

    assert "tool_choice" not in body
    assert ("tools" in body) is tools


def test_jamba_gets_what_it_knows(sent):
    part = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}

    body = sent(
        messages=[{"role": "developer", "content": "x"}, {"role": "user", "content": part}],
        response_format=wanted,
        max_completion_tokens=5,
        user="me",
        documents=[{"content": "d"}],
        seed=1,
        stream=True,
        params={"drop_params": True},
    )

    assert body["response_format"] == {"type": "json_object"}
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["messages"][1]["content"] == "a\nb"
    assert (body["max_tokens"], body["documents"]) == (5, [{"content": "d"}])
    assert body.keys() == {"model", "messages", "response_format", "max_tokens", "documents", "stream"}
