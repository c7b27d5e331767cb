"""What every dialect decides alike: `docs/reference/translation.md` says it in words."""

import json

import pytest

from tianji.wire.neutral import (
    Ask,
    CacheMark,
    Reasoning,
    Refusal,
    Shape,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
)

AWS = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "aws_region_name": "us-east-1"}
DIALECTS = [
    ("openai", "gpt-4o", {}),
    ("openai", "o3-pro", {}),
    ("mistral", "mistral-large-latest", {}),
    ("deepseek", "deepseek-chat", {}),
    ("groq", "llama-3.3-70b-versatile", {}),
    ("anthropic", "claude-sonnet-4-5", {}),
    ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", AWS),
    ("bedrock", "invoke/meta.llama3-8b-instruct-v1:0", AWS),
    ("gemini", "gemini-2.5-pro", {}),
    ("cohere_chat", "command-a-03-2025", {}),
    ("cohere", "command-r", {"api_base": "https://c.test/v1/chat"}),
    ("ollama", "qwen3", {}),
    ("ollama", "qwen3", {"api_base": "http://o.test/api/generate"}),
    ("replicate", "meta/llama", {}),
    ("cloudflare", "@cf/meta/llama", {"api_base": "https://cf.test/ai/run"}),
    ("triton", "llama", {"api_base": "http://t.test/generate"}),
    ("sagemaker", "llama", AWS),
    ("text-completion-openai", "gpt-3.5-turbo-instruct", {}),
]


@pytest.fixture(params=DIALECTS, ids=lambda case: f"{case[0]}/{case[1]}")
def sent(request, bound):
    """Translate for one dialect after the other."""
    provider, model, params = request.param

    def send(turns, **more):
        ask = Ask("m", [Turn(role, list(blocks)) for role, *blocks in turns], max_tokens=9000, **more)
        return bound(provider, model=model, api_key="k", **params).request(ask).body.decode()

    return send


def test_an_earlier_refusal_is_told_to_the_model(sent):
    body = sent([("user", Text("q")), ("assistant", Refusal("I decline")), ("user", Text("why"))])

    assert "I decline" in body


def test_of_a_choice_among_some_tools_these_alone_can_be_called(sent):
    tools = [Tool(name, f"Does {name}.") for name in ("leap", "crawl")]

    body = sent([("user", Text("q"))], tools=tools, tool_choice=ToolChoice("auto", allowed=["leap"]))

    asked = json.loads(body)
    assert "leap" in body
    assert "crawl" not in body or asked["tool_choice"]["type"] == "allowed_tools"


def test_no_tool_can_be_called_where_the_client_wants_none(sent):
    body = sent([("user", Text("q"))], tools=[Tool("leap")], tool_choice=ToolChoice("none"))

    words = json.dumps(json.loads(body).get("tool_choice", json.loads(body).get("toolConfig", "")))
    assert "leap" not in body or "none" in words.lower()


def test_thoughts_that_another_signed_are_not_sent_on(sent):
    body = sent(
        [
            ("user", Text("q")),
            ("assistant", Reasoning("hm", "groq:foreign-mark"), Text("a")),
            ("user", Text("b")),
        ]
    )

    assert "foreign-mark" not in body


def test_every_call_has_a_result_and_every_result_a_call(sent):
    body = sent(
        [
            ("user", Text("q")),
            ("assistant", ToolCall("c1", "leap", "{}"), ToolCall("c2", "leap", "{}")),
            ("tool", ToolResult("c1", [Text("landed")])),
            ("tool", ToolResult("lost", [Text("orphan words")])),
        ],
        tools=[Tool("leap")],
    )

    assert "landed" in body
    assert "orphan words" in body
    assert '"lost"' not in body


def test_empty_turns_do_no_harm(sent):
    body = json.loads(sent([("system", Text("")), ("user", Text("q")), ("assistant",), ("user", Text("r"))]))

    told = body.get("messages") or body.get("contents") or body.get("input") or []
    for message in told if isinstance(told, list) else []:
        assert message.get("parts", True) != []
        assert message.get("content", True) != []


def test_cache_marks_reach_only_those_that_know_them(sent):
    turns = [("system", Text("s", cache=CacheMark("1h"))), ("user", Text("q", cache=CacheMark()))]

    body = sent(turns, tools=[Tool("leap", cache=CacheMark())])

    asked = json.loads(body)
    knows = "claude" in asked.get("model", "") or "cachePoint" in body
    assert ("cache_control" in body or "cachePoint" in body) == knows


@pytest.mark.parametrize("provider", ["openai", "azure"])
def test_top_k_is_dropped_for_openai_where_the_deployment_drops_parameters(bound, provider):
    where = {"api_base": "https://x.openai.azure.com", "api_key": "k"} if provider == "azure" else {}
    ask = Ask("m", [Turn("user", [Text("q")])], top_k=3)

    request = bound(provider, model="gpt-4o", drop_params=True, **where).request(ask)

    assert "top_k" not in json.loads(request.body)
    assert "dropped top_k" in request.warnings


@pytest.mark.parametrize(
    ("provider", "model", "params"),
    [
        ("anthropic", "claude-sonnet-4-5", {}),
        ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", AWS),
        ("vertex_ai", "claude-sonnet-4-5", {"vertex_project": "p", "vertex_location": "global"}),
    ],
)
def test_a_claude_that_thinks_is_not_forced_to_call_a_tool(bound, provider, model, params):
    ask = Ask("m", [Turn("user", [Text("q")])], tools=[Tool("leap")], max_tokens=9000)
    ask.tool_choice, ask.thinking = ToolChoice("tool", "leap"), Thinking(effort="high")

    request = bound(provider, model=model, **params).request(ask)

    body = json.loads(request.body)
    assert "auto" in json.dumps(body.get("tool_choice") or body["toolConfig"]["toolChoice"])
    assert any("tool_choice" in warning for warning in request.warnings)


@pytest.mark.parametrize("base", ["http://o.test", "http://o.test/api/generate"])
def test_ollamas_models_may_call_tools_beside_a_form_of_the_answer(bound, base):
    shape = Shape("json_schema", schema={"type": "object", "title": "Jump"})
    ask = Ask("m", [Turn("user", [Text("q")])], tools=[Tool("leap")], shape=shape)

    body = bound("ollama", model="qwen3", api_base=base).request(ask).body.decode()

    assert "format" not in json.loads(body)
    assert "Jump" in body
