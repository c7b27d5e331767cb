import json
from typing import Any

import pytest

from tianji.errors import BadRequest, UnsupportedParameter
from tianji.wire.chat import ChatFront
from tianji.wire.messages import MessagesFront
from tianji.wire.neutral import Opaque, Text

chat, messages = ChatFront(), MessagesFront()
OLD, NEW, ADAPTIVE = "claude-3-haiku-20240307", "claude-sonnet-4-5", "claude-opus-4-8"
SCHEMA = {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "string"}}}}}
SHAPED = {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
CALLED = {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.fixture
def sent(bound, fields):
    """Send a chat request to a Claude model and return the body that Anthropic gets."""

    def send(model: str = NEW, deployment: Any = None, **body: Any) -> dict[str, Any]:
        upstream = bound("anthropic", model, **(deployment or {}))
        return json.loads(upstream.request(chat.read(fields(**body))).body)

    return send


def test_turns_of_one_side_are_merged_and_the_systems_words_stand_apart(sent):
    body = sent(
        messages=[
            {"role": "system", "content": "a"},
            {"role": "user", "content": "b"},
            {"role": "developer", "content": "c"},
            {"role": "user", "content": "d"},
            {"role": "assistant", "content": "", "tool_calls": [CALLED]},
            {"role": "tool", "tool_call_id": "t", "content": "1"},
            {"role": "user", "content": "e"},
            {"role": "assistant", "content": "go on: "},
        ]
    )

    assert [block["text"] for block in body["system"]] == ["a", "c"]
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user", "assistant"]
    assert body["messages"][0]["content"] == [{"type": "text", "text": "b"}, {"type": "text", "text": "d"}]
    assert body["messages"][1]["content"] == [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]
    assert [block["type"] for block in body["messages"][2]["content"]] == ["tool_result", "text"]
    assert body["messages"][3]["content"][0]["text"] == "go on:"


def test_a_limit_is_always_named(sent):
    assert sent(OLD)["max_tokens"] == 4096
    assert sent(NEW)["max_tokens"] == 64000
    assert sent(NEW, {"max_tokens": 9})["max_tokens"] == 9
    assert sent(NEW, {"max_tokens": 9}, max_completion_tokens=5)["max_tokens"] == 5


def test_cache_marks_reach_content_and_tools(sent):
    mark = {"type": "ephemeral", "ttl": "1h"}
    body = sent(
        messages=[{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": mark}]}],
        tools=[TOOL | {"cache_control": mark}],
    )

    assert body["messages"][0]["content"][0]["cache_control"] == mark
    assert body["tools"][0]["cache_control"] == mark


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": "none"}, {"type": "none"}),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, {"type": "tool", "name": "f"}),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        (
            {"parallel_tool_calls": True, "tool_choice": "auto"},
            {"type": "auto", "disable_parallel_tool_use": False},
        ),
        ({}, None),
    ],
)
def test_the_choice_of_tools_is_said_in_anthropics_words(sent, said, written):
    assert sent(tools=[TOOL], **said).get("tool_choice") == written


def test_a_schema_is_given_natively_where_the_model_takes_it(sent):
    body = sent(NEW, **SHAPED)

    form = body["output_config"]["format"]
    assert form["type"] == "json_schema"
    assert form["schema"]["additionalProperties"] is False
    assert form["schema"]["properties"]["a"]["additionalProperties"] is False
    assert "tools" not in body


def test_a_schema_is_forced_by_a_hidden_tool_elsewhere(bound, fields):
    upstream, ask = bound("anthropic", OLD), chat.read(fields(**SHAPED))
    body = json.loads(upstream.request(ask).body)
    assert body["tool_choice"] == {"type": "tool", "name": "json_tool_call"}

    call = {"type": "tool_use", "id": "t", "name": "json_tool_call", "input": {"a": {"b": "c"}}}
    raw = json.dumps({"content": [call], "stop_reason": "tool_use", "usage": {}}).encode()
    (choice,) = upstream.response(raw, ask).choices

    assert (choice.blocks, choice.finish) == ([Text('{"a":{"b":"c"}}')], "stop")


def test_the_hidden_tool_is_text_in_a_stream_too(bound, fields):
    upstream, ask = bound("anthropic", OLD), chat.read(fields(stream=True, **SHAPED))
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 1}}},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "tool_use", "id": "t", "name": "json_tool_call", "input": {}},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": '{"a":'},
        },
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": "1}"},
        },
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 3}},
        {"type": "message_stop"},
    ]
    raw = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    decoder, encoder = upstream.stream(ask), chat.encoder(ask, model="m")

    written = encoder.encode(decoder.feed(raw)) + encoder.close()

    chunks = [json.loads(line[6:]) for line in written.decode().split("\n") if line.startswith("data: {")]
    assert "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks) == '{"a":1}'
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_an_effort_becomes_what_the_model_understands(sent):
    assert sent(NEW, reasoning_effort="medium")["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert sent(NEW, reasoning_effort="high", max_tokens=2000)["thinking"]["budget_tokens"] == 1999
    assert "thinking" not in sent(NEW, reasoning_effort="low", max_tokens=500)
    assert "thinking" not in sent(NEW, reasoning_effort="none")
    adaptive = sent(ADAPTIVE, reasoning_effort="high")
    assert (adaptive["thinking"], adaptive["output_config"]) == ({"type": "adaptive"}, {"effort": "high"})
    assert sent(ADAPTIVE, thinking={"type": "enabled", "budget_tokens": 2000})["thinking"] == {
        "type": "adaptive"
    }


def test_what_may_not_stand_beside_thinking_goes_only_where_we_may_drop_it(sent):
    said = {"reasoning_effort": "low", "temperature": 0.5, "tools": [TOOL], "tool_choice": "required"}

    assert sent(NEW, **said)["temperature"] == 0.5
    dropped = sent(NEW, {"drop_params": True}, **said)
    assert "temperature" not in dropped
    assert dropped["tool_choice"] == {"type": "auto"}


def test_a_conversation_that_lost_its_thoughts_goes_on_without_thinking(sent):
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": None, "tool_calls": [CALLED]},
        {"role": "tool", "tool_call_id": "t", "content": "1"},
    ]

    assert "thinking" not in sent(NEW, messages=turns, reasoning_effort="low", tools=[TOOL])
    assert "thinking" in sent(NEW, messages=turns[:1], reasoning_effort="low", tools=[TOOL])
    assert "thinking" in sent(ADAPTIVE, messages=turns, reasoning_effort="low", tools=[TOOL])
    body = sent(NEW, {"modify_params": True}, messages=turns, reasoning_effort="low")
    assert "thinking" not in body
    assert body["tools"][0]["name"] == "unused"


def test_one_thought_at_its_beginning_is_enough_for_a_chain_of_calls(sent):
    thought = {"type": "thinking", "thinking": "hm", "signature": "ErUB"}
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": None, "thinking_blocks": [thought], "tool_calls": [CALLED]},
        {"role": "tool", "tool_call_id": "t", "content": "1"},
        {"role": "assistant", "content": None, "tool_calls": [{**CALLED, "id": "u"}]},
        {"role": "tool", "tool_call_id": "u", "content": "2"},
    ]

    assert "thinking" in sent(NEW, messages=turns, reasoning_effort="low", tools=[TOOL])


def test_turns_of_nothing_but_spaces_are_left_out(sent):
    turns = [
        {"role": role, "content": said} for role, said in (("user", "a"), ("assistant", " \n"), ("user", "b"))
    ]

    (only,) = sent(NEW, messages=turns)["messages"]
    assert [block["text"] for block in only["content"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "value"), [("seed", 7), ("n", 2), ("presence_penalty", 0.5), ("logprobs", True)]
)
def test_a_parameter_that_claude_lacks_is_refused_or_dropped(bound, fields, name, value):
    ask = chat.read(fields(**{name: value}))

    with pytest.raises(UnsupportedParameter, match=f"'{name}'"):
        bound("anthropic", NEW).request(ask)
    request = bound("anthropic", NEW, options={"drop_params": True}).request(ask)
    assert name not in json.loads(request.body)
    assert f"dropped {name}" in request.warnings


def test_unknown_parameters_pass_with_a_word_in_the_log(bound, fields):
    ask = chat.read(fields(inference_geo="eu", stream_options={}, store=True))

    request = bound("anthropic", NEW).request(ask)

    body = json.loads(request.body)
    assert body["inference_geo"] == "eu"
    assert not {"stream_options", "store"} & body.keys()
    assert request.warnings == ("passed inference_geo on unread",)


def test_content_that_claude_cannot_take_is_refused_with_its_place(sent):
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}

    with pytest.raises(BadRequest, match=r"messages\[0\]: audio cannot be sent"):
        sent(messages=[{"role": "user", "content": [sound]}])


def test_an_address_is_no_user_id(sent):
    assert sent(user="u-1")["metadata"] == {"user_id": "u-1"}
    assert "metadata" not in sent(user="ann@example.org")


def test_native_requests_pass_with_their_betas(bound, fields):
    said = fields(
        max_tokens=5,
        tools=[{"type": "computer_20250124", "name": "computer"}],
        context_management={"edits": []},
        system="s",
        litellm_metadata={},
    )

    request = bound("anthropic", NEW, extra_headers={"anthropic-beta": "mine"}).forward(
        "messages", said, stream=False
    )

    assert request.headers["anthropic-beta"] == "mine,computer-use-2025-01-24,context-management-2025-06-27"
    assert json.loads(request.body) == {
        "model": NEW,
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 5,
        "tools": [{"type": "computer_20250124", "name": "computer"}],
        "context_management": {"edits": []},
        "system": "s",
    }


@pytest.mark.parametrize(
    ("params", "name", "value"),
    [
        ({"api_key": "sk-ant-api"}, "x-api-key", "sk-ant-api"),
        ({"api_key": "sk-ant-oat01-x"}, "authorization", "Bearer sk-ant-oat01-x"),
        ({"auth_token": "t"}, "authorization", "Bearer t"),
        ({"environ": {"ANTHROPIC_API_KEY": "e"}}, "x-api-key", "e"),
    ],
)
def test_credentials_have_their_header(bound, params, name, value):
    headers = bound("anthropic", NEW, **params).headers

    assert headers[name] == value
    assert headers["anthropic-version"] == "2023-06-01"
    assert len({"x-api-key", "authorization"} & headers.keys()) == 1


@pytest.mark.parametrize(
    "base", ["http://a.test/x", "http://a.test/x/", "http://a.test/x/v1", "http://a.test/x/v1/messages"]
)
def test_the_address_is_what_stands_before_the_version(bound, base):
    assert bound("anthropic", NEW, api_base=base).url == "http://a.test/x/v1/messages"


def test_server_side_tools_come_back_from_a_chat_client_where_they_stood(bound, fields):
    used = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}
    found = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}
    content = [{"type": "text", "text": "a"}, used, found, {"type": "text", "text": "b"}]
    raw = json.dumps({"content": content, "stop_reason": "end_turn", "usage": {}}).encode()
    upstream, ask = bound("anthropic", NEW), chat.read(fields())

    answer = upstream.response(raw, ask)
    message = json.loads(chat.write(answer, ask))["choices"][0]["message"]
    back = chat.read(fields(messages=[{"role": "user", "content": "q"}, message]))

    assert [type(block) for block in answer.choices[0].blocks] == [Text, Opaque, Opaque, Text]
    assert message["content"] == "ab"
    assert "tool_calls" not in message
    assert back.turns[1].blocks == answer.choices[0].blocks
    assert json.loads(upstream.request(back).body)["messages"][1]["content"] == content


def test_a_budget_below_the_least_that_is_taken_is_raised(sent):
    body = sent(NEW, thinking={"type": "enabled", "budget_tokens": 128})

    assert body["thinking"] == {"type": "enabled", "budget_tokens": 1024}
