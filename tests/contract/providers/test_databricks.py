"""Databricks: addresses, service principals, and Claude with its thoughts among the content."""

import json
from typing import Any

import pytest

from tianji.providers.contract import UpstreamRequest
from tianji.wire.chat import ChatFront
from tianji.wire.messages import MessagesFront

AT = "https://w.cloud.databricks.com"
SERVING = f"{AT}/serving-endpoints"
CLAUDE = "databricks-claude-sonnet-4-5"
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "EvAB"}


@pytest.fixture
def sent(bound, fields) -> Any:
    def send(model: str = CLAUDE, **body: Any) -> Any:
        upstream = bound("databricks", model, api_base=AT, api_key="dapi")
        return json.loads(upstream.request(ChatFront().read(fields(**body))).body)

    return send


@pytest.mark.parametrize(
    ("base", "url"),
    [
        (AT, f"{SERVING}/chat/completions"),
        (SERVING, f"{SERVING}/chat/completions"),
        (f"{SERVING}/chat/completions", f"{SERVING}/chat/completions"),
        (f"{SERVING}/mine/invocations", f"{SERVING}/mine/invocations"),
    ],
)
def test_a_workspace_or_an_endpoint_may_be_named(bound, base, url):
    upstream = bound("databricks", CLAUDE, api_base=base, api_key="dapi", user_agent="acme/1")

    assert upstream.url == url
    assert upstream.headers["authorization"] == "Bearer dapi"
    assert upstream.headers["user-agent"] == "acme/1"
    assert ("messages" in upstream.speaks) == (not base.endswith("invocations"))


async def test_a_service_principal_gets_a_token_of_the_workspace(bound, office):
    environ = {"DATABRICKS_CLIENT_ID": "me", "DATABRICKS_CLIENT_SECRET": "s", "DATABRICKS_API_KEY": "k"}
    base = f"{office.url}/serving-endpoints"
    upstream = bound("databricks", CLAUDE, environ=environ | {"DATABRICKS_API_BASE": base})

    assert await upstream.authorize(UpstreamRequest("", b"")) == {"authorization": "Bearer t1"}
    assert await upstream.others["messages"].authorize(UpstreamRequest("", b"")) == {
        "authorization": "Bearer t1"
    }
    assert "authorization" not in upstream.headers
    assert office.paths == ["/oidc/v1/token"]
    assert office.asked == [{"grant_type": "client_credentials", "scope": "all-apis"}]
    own = bound("databricks", CLAUDE, api_key="own", environ=environ | {"DATABRICKS_API_BASE": base})
    assert own.authorize is None


def test_each_vendors_own_format_is_taken_as_it_is(bound, fields):
    claude = bound("databricks", CLAUDE, api_base=SERVING)
    gpt = bound("databricks", "databricks-gpt-5", api_base=SERVING)

    assert claude.forward("messages", fields(max_tokens=5), stream=False).url == (
        f"{SERVING}/anthropic/v1/messages"
    )
    assert gpt.forward("responses", fields(input="hi"), stream=False).url == f"{SERVING}/responses"
    assert gpt.speaks == {"chat", "responses"}
    assert bound("databricks", "databricks-gpt-oss-20b", api_base=SERVING).speaks == {"chat"}


def test_claude_gets_its_thoughts_back_among_the_content(sent):
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    foreign = {"type": "thinking", "thinking": "x", "signature": "openai:abc"}
    answered = {
        "role": "assistant",
        "content": "",
        "tool_calls": [call],
        "thinking_blocks": [THOUGHT, foreign],
    }
    result = {"role": "tool", "tool_call_id": "c", "content": "4"}
    messages = sent(messages=[{"role": "user", "content": "hi"}, answered, result])["messages"]

    assert messages[1]["content"] == [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm", "signature": "EvAB"}]}
    ]
    assert not {"thinking_blocks", "reasoning_content"} & messages[1].keys()


def test_claude_gets_no_empty_texts(sent):
    parts = [{"type": "text", "text": " "}, {"type": "text", "text": "hi"}]
    messages = sent(messages=[{"role": "user", "content": parts}])["messages"]

    assert messages == [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]


@pytest.mark.parametrize(
    ("said", "budget", "limit"),
    [
        ({"reasoning_effort": "high"}, 4096, 8192),
        ({"reasoning_effort": "low", "max_tokens": 50}, 1024, 1074),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 3000}, 2000, 3000),
    ],
)
def test_claude_is_told_how_much_it_may_think_by_a_budget(sent, said, budget, limit):
    body = sent(temperature=0.2, **said)

    assert body["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert body["max_tokens"] == limit
    assert not {"reasoning_effort", "temperature"} & body.keys()


def test_claude_is_asked_for_any_object_in_words_and_for_a_schema_outright(sent):
    schema = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    told = sent(response_format={"type": "json_object"})

    assert "response_format" not in told
    assert "JSON" in told["messages"][0]["content"]
    assert sent(response_format=schema)["response_format"]["type"] == "json_schema"


def test_marks_reach_claude_and_nobody_else(bound, fields):
    part = {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}
    asked = fields(messages=[{"role": "user", "content": [part]}], max_tokens=5)

    for model, marked in ((CLAUDE, True), ("databricks-llama-4-maverick", False)):
        request = bound("databricks", model, api_base=AT).request(MessagesFront().read(asked))
        assert (b"cache_control" in request.body) == marked


def test_what_changes_no_answer_is_left_out(sent):
    body = sent("databricks-llama-4-maverick", user="u", parallel_tool_calls=True, max_completion_tokens=5)

    assert body["max_tokens"] == 5
    assert not {"user", "parallel_tool_calls", "max_completion_tokens"} & body.keys()
