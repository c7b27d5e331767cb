"""Snowflake Cortex: the account's address, what a key is, and the words in which Claude is asked to think."""

import json

import pytest

from tianji.errors import BadRequest
from tianji.wire.chat import ChatFront
from tianji.wire.neutral import Reasoning, Text, ToolCall

ROOT = "https://acme.snowflakecomputing.com/api/v2/cortex"
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "EvAB"}


def sent(upstream, fields, **body):
    return json.loads(upstream.request(ChatFront().read(fields(**body))).body)


@pytest.mark.parametrize(
    "params",
    [
        {"account_id": "acme"},
        {"api_base": "https://acme.snowflakecomputing.com"},
        {"api_base": "https://acme.snowflakecomputing.com/api/v2"},
        {"api_base": "https://acme.snowflakecomputing.com/api/v2/cortex/v1/chat/completions"},
        {"api_base": "https://acme.snowflakecomputing.com/api/v2/cortex/inference:complete"},
    ],
)
def test_an_account_is_found_by_its_name_or_its_address(bound, params):
    assert bound("snowflake", **params).url == f"{ROOT}/v1/chat/completions"


def test_an_account_must_be_named(bound):
    with pytest.raises(BadRequest, match="SNOWFLAKE_ACCOUNT_ID"):
        bound("snowflake", api_key="k")


@pytest.mark.parametrize(
    ("key", "token", "kind"),
    [("pat/abc", "abc", "PROGRAMMATIC_ACCESS_TOKEN"), ("a.b.c", "a.b.c", "KEYPAIR_JWT")],
)
def test_a_key_tells_what_it_is(bound, key, token, kind):
    headers = bound("snowflake", account_id="acme", api_key=key).headers

    assert headers["authorization"] == f"Bearer {token}"
    assert headers["x-snowflake-authorization-token-type"] == kind


def test_claude_takes_anthropics_format_and_others_do_not(bound, fields):
    claude = bound("snowflake", "claude-sonnet-4-5", account_id="acme", api_key="pat/abc")
    request = claude.forward("messages", fields(max_tokens=5), stream=False)

    assert request.url == f"{ROOT}/v1/messages"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert bound("snowflake", "llama3.1-8b", account_id="acme").speaks == frozenset()


def test_claude_is_told_of_thoughts_marks_and_limits_in_snowflakes_words(bound, fields):
    upstream = bound("snowflake", "claude-sonnet-4-5", account_id="acme")
    marked = [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]
    answered = {"role": "assistant", "content": "so", "thinking_blocks": [THOUGHT]}
    messages = [{"role": "user", "content": marked}, answered, {"role": "user", "content": "on"}]
    body = sent(upstream, fields, messages=messages, reasoning_effort="low", max_tokens=9)

    assert body["messages"][0]["content"] == marked
    details = body["messages"][1]["reasoning_details"]
    assert (details[0]["text"], details[0]["signature"]) == ("hm", "EvAB")
    assert body["reasoning"] == {"effort": "low"}
    assert body["max_completion_tokens"] == 9
    assert not {"reasoning_effort", "max_tokens"} & body.keys()


def test_others_get_no_field_of_anthropics(bound, fields):
    upstream = bound("snowflake", "llama3.1-8b", account_id="acme")
    answered = {"role": "assistant", "content": "so", "thinking_blocks": [THOUGHT], "reasoning_content": "hm"}
    messages = [{"role": "user", "content": "hi"}, answered, {"role": "user", "content": "on"}]

    assert sent(upstream, fields, messages=messages)["messages"][1] == {"role": "assistant", "content": "so"}


def test_empty_fields_of_an_answer_are_no_content(bound, fields):
    ask = ChatFront().read(fields())
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {
        "content": "so",
        "audio": {"data": "", "id": "", "transcript": "", "expires_at": 0},
        "tool_calls": [{**call, "custom": {"input": "", "name": ""}}],
        "function_call": {"name": "", "arguments": ""},
    }
    body = {"choices": [{"message": message, "finish_reason": "", "logprobs": {"content": None}}]}
    upstream = bound("snowflake", account_id="acme")
    (choice,) = upstream.response(json.dumps(body).encode(), ask).choices

    assert choice.blocks == [Text("so"), ToolCall("c", "f", "{}")]
    assert (choice.finish, choice.logprobs) == ("tool_calls", None)


def test_thoughts_of_a_stream_are_one_block(bound, fields):
    def chunk(**delta):
        choice = {"index": 0, "delta": {"content": "", **delta}, "logprobs": {"content": None}}
        return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"

    def thought(text):
        return chunk(reasoning_details=[{"type": "reasoning.text", "text": text}])

    decoder = bound("snowflake", "claude", account_id="acme").stream(ChatFront().read(fields()))
    raw = thought("a") + thought("b") + chunk(content="c")
    events = [event for at in range(len(raw)) for event in decoder.feed(raw[at : at + 1])]

    started = [type(event.block) for event in events if hasattr(event, "block") and event.block]
    assert started == [Reasoning, Text]
