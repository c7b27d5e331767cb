"""What vendors that took OpenAI's form refuse is not sent to them, whatever the client's format."""

import json
import re
from typing import Any

import msgspec
import pytest

from tianji.errors import BadRequest
from tianji.wire.chat import ChatFront
from tianji.wire.generate_content import GenerateContentFront
from tianji.wire.messages import MessagesFront

USER = {"role": "user", "content": "hi"}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "answer", "schema": {"type": "object", "properties": {"city": {}}}},
}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}, "strict": True}}
CALL = {"id": "toolu_01AbCdEf", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL], "reasoning_content": "hm"}
RESULT = {"role": "tool", "tool_call_id": "toolu_01AbCdEf", "content": "sunny"}
TEXTS = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]


@pytest.fixture(params=["passed", "translated"])
def sent(request, bound, fields) -> Any:
    """Send a chat request both ways: as bytes that pass, and through the form in the middle."""

    def send(name: str, model: str = "m", *, params: Any = None, stream: bool = False, **body: Any) -> Any:
        upstream = bound(name, model, api_base="http://v.test", **(params or {}))
        asked = fields(**body)
        if request.param == "passed":
            made = upstream.forward("chat", asked, stream=stream)
        else:
            made = upstream.request(ChatFront().read(asked | fields(stream=stream, **body)))
        return json.loads(made.body)

    return send


def test_mistral_gets_ids_of_nine_letters_and_digits(sent):
    first, second = (sent("mistral", messages=[USER, CALLED, RESULT])["messages"] for _ in range(2))

    identity = first[1]["tool_calls"][0]["id"]
    assert re.fullmatch("[a-zA-Z0-9]{9}", identity)
    assert first[2]["tool_call_id"] == identity
    assert first == second


def test_mistral_keeps_ids_of_its_own(sent):
    own = {**CALL, "id": "D681PevKs"}
    messages = [USER, {**CALLED, "tool_calls": [own]}, {**RESULT, "tool_call_id": "D681PevKs"}]

    assert sent("mistral", messages=messages)["messages"][2]["tool_call_id"] == "D681PevKs"


def test_mistral_gets_no_conversation_that_ends_with_instructions(sent):
    system = {"role": "system", "content": "be brief"}
    said = {"role": "assistant", "content": "yes"}

    assert [one["role"] for one in sent("mistral", messages=[system])["messages"]] == ["user"]
    got = sent("mistral", messages=[system, USER, system])["messages"]
    assert [one["role"] for one in got] == ["system", "system", "user"]
    got = sent("mistral", messages=[USER, said, system])["messages"]
    assert [one["role"] for one in got] == ["user", "assistant", "user"]


def test_mistral_gets_an_answer_between_a_result_and_the_user_and_goes_on_with_a_begun_one(sent):
    begun = {"role": "assistant", "content": "It is"}
    messages = sent("mistral", messages=[USER, CALLED, RESULT, USER, begun])["messages"]

    assert [message["role"] for message in messages] == [
        "user",
        "assistant",
        "tool",
        "assistant",
        "user",
        "assistant",
    ]
    assert messages[-1]["prefix"] is True
    assert messages[3]["content"]


@pytest.mark.parametrize(
    ("roles", "seen"),
    [("aua", "uaua"), ("uaa", "ua"), ("uctsu", "uctasu"), ("uctt", "uctt"), ("ucta", "ucta")],
)
def test_mistral_gets_roles_in_an_order_that_it_serves(sent, roles: str, seen: str):
    kinds = {
        "u": USER,
        "a": {"role": "assistant", "content": "so"},
        "c": CALLED,
        "t": RESULT,
        "s": {"role": "system", "content": "brief"},
    }
    got = sent("mistral", messages=[kinds[role] for role in roles])["messages"]

    said = ["c" if one.get("tool_calls") else one["role"][0] for one in got]
    assert "".join(said) == seen


def test_mistral_gets_its_own_names_and_no_field_that_it_refuses(sent):
    body = sent(
        "mistral",
        messages=[{**USER, "name": "me"}, {"role": "developer", "content": "brief"}, USER],
        tools=[{"type": "function", "function": {"name": "now"}, "cache_control": {"type": "ephemeral"}}],
        tool_choice="required",
        seed=7,
        max_completion_tokens=9,
        user="u",
        stream=True,
        stream_options={"include_usage": True},
    )

    assert (body["random_seed"], body["max_tokens"], body["tool_choice"]) == (7, 9, "any")
    assert not {"seed", "user", "stream_options", "max_completion_tokens"} & body.keys()
    assert body["messages"][0] == USER
    assert body["messages"][1]["role"] == "system"
    assert body["tools"][0]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert "cache_control" not in body["tools"][0]


def test_mistral_reads_thoughts_files_and_sounds_in_its_own_words(sent):
    file = {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}}
    sound = {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}
    thought = {"role": "assistant", "content": "so", "reasoning_content": "hm"}
    messages = sent("mistral", messages=[{"role": "user", "content": [file, sound]}, thought, USER])[
        "messages"
    ]

    assert messages[0]["content"] == [
        {
            "type": "document_url",
            "document_url": "data:application/pdf;base64,AAAA",
            "document_name": "a.pdf",
        },
        {"type": "input_audio", "input_audio": "UklG"},
    ]
    assert messages[1]["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "so"},
    ]
    assert "reasoning_content" not in messages[1]


@pytest.mark.parametrize(
    ("model", "thoughts"), [("openai/gpt-oss-120b", "reasoning"), ("llama-3.3-70b-versatile", None)]
)
def test_groq_gets_thoughts_only_where_the_model_takes_them(sent, model, thoughts):
    message = sent("groq", model, messages=[USER, CALLED, RESULT])["messages"][1]

    assert message.get("reasoning") == ("hm" if thoughts else None)
    assert "reasoning_content" not in message


def test_groq_keeps_schemas_only_with_the_models_that_do(sent):
    kept = sent("groq", "openai/gpt-oss-120b", response_format=SCHEMA)
    told = sent("groq", "llama-3.3-70b-versatile", response_format=SCHEMA)
    with_tools = sent("groq", "llama-3.3-70b-versatile", response_format=SCHEMA, tools=[TOOL])

    assert kept["response_format"]["type"] == "json_schema"
    assert told["response_format"] == {"type": "json_object"}
    assert '"city"' in told["messages"][0]["content"]
    assert "response_format" not in with_tools


def test_a_schema_joins_the_instructions_that_are_there(sent):
    plain = sent(
        "deepseek", messages=[{"role": "system", "content": "Be brief."}, USER], response_format=SCHEMA
    )
    parts = [{"role": "system", "content": [{"type": "image_url", "image_url": {"url": "http://x"}}]}, USER]
    listed = sent("moonshot", messages=parts, response_format=SCHEMA)

    assert [message["role"] for message in plain["messages"]] == ["system", "user"]
    assert plain["messages"][0]["content"].startswith("Be brief.")
    assert "JSON" in plain["messages"][0]["content"]
    assert '"city"' in listed["messages"][0]["content"][-1]["text"]


def test_deepseek_gets_text_its_own_switch_for_thinking_and_thoughts_before_calls(sent):
    without = {name: value for name, value in CALLED.items() if name != "reasoning_content"}
    body = sent(
        "deepseek",
        messages=[{"role": "user", "content": TEXTS}, without, RESULT],
        reasoning_effort="high",
        max_completion_tokens=9,
    )

    assert body["messages"][0]["content"] == "a\nb"
    assert body["messages"][1]["reasoning_content"]
    assert body["thinking"] == {"type": "enabled"}
    assert body["max_tokens"] == 9


def test_deepseek_does_not_think_where_no_effort_is_wanted(sent):
    body = sent("deepseek", reasoning_effort="none")

    assert body["thinking"] == {"type": "disabled"}
    assert "reasoning_effort" not in body


def test_deepseek_keeps_the_thoughts_that_came_with_a_call(sent):
    assert sent("deepseek", messages=[USER, CALLED, RESULT])["messages"][1]["reasoning_content"] == "hm"


@pytest.mark.parametrize(
    ("roles", "seen"),
    [
        ("uu", "u"),
        ("su", "su"),
        ("ssuau", "suau"),
        ("au", "uau"),
        ("ua", "uau"),
        ("suaa", "suau"),
        ("s", "su"),
    ],
)
def test_perplexity_sees_roles_that_alternate(sent, roles, seen):
    names = {"u": "user", "s": "system", "a": "assistant"}
    messages = [{"role": names[role], "content": f"{role}{at}"} for at, role in enumerate(roles)]

    got = sent("perplexity", messages=messages)["messages"]

    assert "".join(message["role"][0] for message in got) == seen
    said = json.dumps(got)
    assert all(f"{role}{at}" in said for at, role in enumerate(roles))


def test_perplexity_joins_parts_with_text(sent):
    picture = {"type": "image_url", "image_url": {"url": "http://x/y.png"}}
    got = sent("perplexity", messages=[USER, {"role": "user", "content": [picture]}])["messages"]

    assert got == [{"role": "user", "content": [{"type": "text", "text": "hi"}, picture]}]


def test_perplexity_knows_json_by_schemas_only(sent):
    body = sent("perplexity", response_format={"type": "json_object"})

    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_xai_gets_no_strict_tools_and_no_stop_where_the_model_reasons(sent):
    drop = {"drop_params": True}
    body = sent("xai", "grok-4", params=drop, tools=[TOOL], stop=["x"], reasoning_effort="low")
    older = sent("xai", "grok-2", params=drop, stop=["x"])

    assert "strict" not in body["tools"][0]["function"]
    assert not {"stop", "reasoning_effort"} & body.keys()
    assert older["stop"] == ["x"]
    assert sent("xai", "grok-3-mini", params=drop, reasoning_effort="low")["reasoning_effort"] == "low"


def test_a_refused_parameter_goes_on_where_the_deployment_allows_it(sent):
    body = sent("xai", "grok-4", params={"drop_params": True, "allowed_openai_params": ["stop"]}, stop=["x"])

    assert body["stop"] == ["x"]


def test_moonshot_is_asked_for_a_call_in_words(sent):
    forced = {"type": "function", "function": {"name": "weather"}}
    for choice, words in (("required", "one of the tools"), (forced, "the tool weather")):
        body = sent("moonshot", tools=[TOOL], tool_choice=choice, temperature=1.7)

        assert body["tool_choice"] == "auto"
        assert words in body["messages"][-1]["content"]
        assert body["temperature"] == 1
    assert len(sent("moonshot", tools=[TOOL], tool_choice="auto")["messages"]) == 1


def test_minimax_gets_its_thoughts_back_in_the_text(sent):
    message = sent("minimax", messages=[USER, {**CALLED, "content": "so"}, RESULT])["messages"][1]

    assert message["content"] == "<think>\nhm\n</think>\n\nso"
    assert message["tool_calls"] == [CALL]
    assert "reasoning_content" not in message


def test_fireworks_models_are_its_own_unless_they_name_an_account(sent):
    assert sent("fireworks_ai", "llama")["model"] == "accounts/fireworks/models/llama"
    assert sent("fireworks_ai", "accounts/me/models/x")["model"] == "accounts/me/models/x"


@pytest.mark.parametrize(("kind", "place"), [("chat", "chats_openai"), ("agent", "agents_openai")])
def test_ragflow_is_asked_at_the_address_of_a_chat_or_an_agent(bound, fields, kind: str, place: str):
    upstream = bound("ragflow", f"{kind}/7/qwen", api_key="k")
    request = upstream.forward("chat", fields(), stream=False)

    assert request.url == f"http://localhost:9380/api/v1/{place}/7/chat/completions"
    assert json.loads(request.body)["model"] == "qwen"
    with pytest.raises(BadRequest, match="chat/<id>/<model>"):
        bound("ragflow", "qwen")


def test_openrouter_is_told_who_asks(bound, fields):
    environ = {"OPENROUTER_API_KEY": "k", "OR_SITE_URL": "https://site.test"}
    upstream = bound("openrouter", environ=environ, app_name="App")
    request = upstream.forward("chat", fields(), stream=False)

    assert request.headers["http-referer"] == "https://site.test"
    assert request.headers["x-title"] == "App"
    assert "app_name" not in json.loads(request.body)


def test_openrouter_gets_what_only_it_knows_as_it_is(sent):
    own = {
        "provider": {"order": ["a"]},
        "transforms": ["middle-out"],
        "models": ["x"],
        "usage": {"include": True},
    }
    details = [{"type": "reasoning.encrypted", "data": "AA", "format": "openai-responses-v1", "index": 0}]
    said = {"role": "assistant", "content": "so", "reasoning_details": details}

    body = sent("openrouter", messages=[USER, said, USER], **own)

    assert own.items() <= body.items()
    assert body["messages"][1]["reasoning_details"] == details


def test_openrouter_takes_a_budget_in_anthropics_words(sent):
    body = sent("openrouter", thinking={"type": "enabled", "budget_tokens": 2000})

    assert body.get("reasoning") == {"max_tokens": 2000} or body["reasoning_effort"] == "medium"
    assert "thinking" not in body


def test_signed_thoughts_come_back_to_openrouter_through_anthropics_format(bound):
    details = [
        {
            "type": "reasoning.text",
            "text": "hm",
            "signature": "SIG",
            "format": "anthropic-claude-v1",
            "index": 0,
        },
        {
            "type": "reasoning.encrypted",
            "data": "ENC",
            "format": "google-gemini-v1",
            "id": "call_1",
            "index": 1,
        },
        {"type": "reasoning.summary", "summary": "in short", "format": "openai-responses-v1", "index": 2},
    ]
    answer = {
        "choices": [{"message": {"content": "so", "reasoning_details": details}, "finish_reason": "stop"}]
    }
    upstream, front = bound("openrouter"), MessagesFront()
    asked = {"model": "m", "max_tokens": 9, "messages": [USER]}
    ask = front.read(_fields(asked))

    said = json.loads(front.write(upstream.response(json.dumps(answer).encode(), ask), ask))["content"]
    back = {**asked, "messages": [USER, {"role": "assistant", "content": said}, USER]}
    sent = json.loads(upstream.request(front.read(_fields(back))).body)["messages"][1]

    assert [block["type"] for block in said][:2] == ["thinking", "redacted_thinking"]
    assert sent["reasoning_details"] == details[:2]
    assert "thinking_blocks" not in sent


def test_what_another_provider_signed_never_reaches_openrouter(bound, fields):
    blocks = [{"type": "thinking", "thinking": "hm", "signature": "openai:SECRET"}]
    messages = [USER, {"role": "assistant", "content": "so", "thinking_blocks": blocks}, USER]

    request = bound("openrouter").forward("chat", fields(messages=messages), stream=False)

    assert b"SECRET" not in request.body


def _fields(body: Any) -> Any:
    return msgspec.json.decode(json.dumps(body), type=dict[str, msgspec.Raw])


@pytest.mark.parametrize("provider", ["openai", "anthropic", "cohere", "bedrock", "mistral"])
def test_a_tool_that_only_google_runs_is_refused_by_its_name(bound, fields, provider):
    body = {"contents": [{"parts": [{"text": "hi"}]}], "tools": [{"googleSearch": {}}]}
    ask = GenerateContentFront().read(fields(**body))

    with pytest.raises(BadRequest, match="googleSearch"):
        bound(provider, api_base="https://a.test", aws_region_name="us-east-1", api_key="k").request(ask)
