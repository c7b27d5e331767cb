"""Providers that speak the Responses API: what they are sent, and what clients read of their answers."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tianji.errors import BadRequest, UnsupportedParameter, UpstreamError
from tianji.providers.azure import responses_url
from tianji.wire.chat import ChatFront
from tianji.wire.messages import MessagesFront
from tianji.wire.neutral import Ask, Grew, Opaque, Reasoning, Text, ToolCall, Turn
from tianji.wire.responses import ResponsesFront
from tianji_testkit.facts import chat_facts, lost_in_answer
from tianji_testkit.recorded import BESIDE, Exchange, recorded

OURS = Path(__file__).parent / "recorded"
OTHERS = ("azure", "azure_ai", "xai", "openrouter", "bedrock_mantle", "deepseek", "openai_compat_responses")
SEVERAL = {"openai-responses-92b8bbc882-0", "azure-responses-6882dba975-0"}
"""Several streams in one file."""
CUSTOM = {"openai-responses-adf5635833-0"}
"""Calls a tool that its facts do not name."""
OF_OURS = recorded(OURS, "openai/responses")
EXCHANGES = [
    one
    for one in OF_OURS + recorded(BESIDE, "openai/responses", *(f"{name}/responses" for name in OTHERS))
    if one.id not in SEVERAL | CUSTOM
]
ANSWERS = [one for one in EXCHANGES if one.status < 400]
STREAMS = [one for one in ANSWERS if one.stream]

chat, front = ChatFront(), ResponsesFront()


@pytest.fixture
def upstream(bound: Any) -> Any:
    return bound("openai", "gpt-5-pro", api_key="k", options={"drop_params": False})


def ask_in_chat(*, stream: bool = False) -> Ask:
    return Ask("m", stream=stream, front="chat", extra={"stream_options": {"include_usage": True}})


def read_in_chat(upstream: Any, exchange: Exchange, pieces: Any = None) -> dict[str, Any]:
    ask = ask_in_chat(stream=exchange.stream)
    if not exchange.stream:
        return chat_facts(chat.write(upstream.response(exchange.body, ask), ask), stream=False)
    decoder, encoder = upstream.stream(ask), chat.encoder(ask, model="m")
    out = b"".join(encoder.encode(decoder.feed(piece)) for piece in pieces or exchange.pieces())
    return chat_facts(out + encoder.encode(decoder.close()) + encoder.close(), stream=True)


@pytest.mark.parametrize("exchange", ANSWERS, ids=str)
def test_an_answer_keeps_every_fact_for_a_chat_client(upstream: Any, exchange: Exchange) -> None:
    got = read_in_chat(upstream, exchange)

    # Sections of a summary are parted here; the facts hold them without a gap.
    got["reasoning"] = exchange.expect.get("reasoning_text") or ""
    assert lost_in_answer(exchange, got) == []
    assert bool(got["error"]) == bool(exchange.expect.get("error"))


@pytest.mark.parametrize("exchange", STREAMS, ids=str)
def test_a_stream_passes_untouched_and_is_watched(exchange: Exchange) -> None:
    watch = front.watch(hide_usage=True)
    passed = b"".join(watch.feed(piece) for piece in exchange.pieces()) + watch.close()

    assert passed.rstrip() == exchange.body.rstrip()
    assert watch.complete
    told = exchange.expect.get("usage") or {}
    if told.get("output") is not None:
        assert watch.glance.usage is not None
        assert watch.glance.usage.output_tokens == told["output"]


@pytest.mark.parametrize("exchange", [one for one in OF_OURS if one.stream], ids=str)
def test_a_stream_is_read_the_same_wherever_it_is_cut(upstream: Any, exchange: Exchange) -> None:
    whole = read_in_chat(upstream, exchange, [exchange.body])
    for at in range(1, len(exchange.body), 3):
        assert read_in_chat(upstream, exchange, [exchange.body[:at], exchange.body[at:]]) == whole


@pytest.mark.parametrize("exchange", [one for one in EXCHANGES if one.status >= 400], ids=str)
def test_an_error_keeps_its_class_and_the_providers_words(upstream: Any, exchange: Exchange) -> None:
    error = upstream.error(exchange.status, exchange.headers, exchange.body)

    assert error.status == exchange.status
    assert exchange.expect["error"]["message"][:40] in error.message


def of_ours(name: str) -> Exchange:
    return next(one for one in OF_OURS if one.id == f"openai-responses-{name}")


def test_thoughts_searches_and_citations_of_a_stream_are_told(upstream: Any) -> None:
    decoder = upstream.stream(ask_in_chat(stream=True))
    events = decoder.feed(of_ours("text_stream").body)

    started = [event.block for event in events if hasattr(event, "block") and event.block is not None]
    assert [type(block) for block in started][:3] == [Reasoning, Opaque, Opaque]
    assert [event.signature for event in events if isinstance(event, Grew) and event.signature] == [
        "openai:rs_01:gAAAAABexample"
    ]
    cited = [event.citation for event in events if isinstance(event, Grew) and event.citation]
    assert cited[0]["url_citation"]["url"] == "https://example.com/paris"
    assert decoder.complete


def test_events_are_told_as_they_arrive(upstream: Any) -> None:
    decoder = upstream.stream(ask_in_chat(stream=True))
    blocks = of_ours("text_stream").body.split(b"\n\n")
    at = next(number for number, block in enumerate(blocks) if b"output_text.delta" in block)
    for block in blocks[:at]:
        decoder.feed(block + b"\n\n")

    assert [event.text for event in decoder.feed(blocks[at] + b"\n\n") if isinstance(event, Grew)] == [
        "Paris is "
    ]


def test_a_stream_that_is_cut_off_is_not_complete(upstream: Any) -> None:
    body = of_ours("text_stream").body
    decoder = upstream.stream(ask_in_chat(stream=True))
    decoder.feed(body[: body.index(b"event: response.completed")])
    decoder.close()

    assert not decoder.complete


def test_a_response_that_failed_with_a_good_status_is_an_error(upstream: Any) -> None:
    body = {
        "status": "failed",
        "output": [],
        "error": {"code": "rate_limit_exceeded", "message": "slow down"},
    }
    with pytest.raises(UpstreamError, match="slow down") as told:
        upstream.response(json.dumps(body).encode(), ask_in_chat())
    assert told.value.status == 429


@pytest.mark.parametrize("body", [b"", b"[]", b'{"output": 5}', b'{"output": [5]}', b"<html>"])
def test_what_is_no_response_is_an_error_that_names_the_provider(upstream: Any, body: bytes) -> None:
    with pytest.raises(UpstreamError, match="openai"):
        upstream.response(body, ask_in_chat())


# Requests ----------------------------------------------------------------------------------


def sent(upstream: Any, **body: Any) -> dict[str, Any]:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **body}
    fields = msgspec.json.decode(json.dumps(body), type=dict[str, msgspec.Raw])
    found: dict[str, Any] = json.loads(upstream.request(chat.read(fields)).body)
    return found


def test_a_chat_request_is_written_in_the_words_of_responses(upstream: Any) -> None:
    tool = {
        "type": "function",
        "function": {"name": "get", "description": "d", "parameters": {"type": "object"}},
    }
    schema = {"name": "n", "schema": {"type": "object"}, "strict": True}
    body = sent(
        upstream,
        messages=[
            {"role": "system", "content": "be brief"},
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}],
            },
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {"id": "a" * 70, "type": "function", "function": {"name": "get", "arguments": ""}}
                ],
            },
            {"role": "tool", "tool_call_id": "a" * 70, "content": "18"},
        ],
        tools=[tool],
        tool_choice={"type": "function", "function": {"name": "get"}},
        response_format={"type": "json_schema", "json_schema": schema},
        reasoning_effort="high",
        max_tokens=5,
        verbosity="low",
        service_tier="flex",
    )
    system, user, call, result = body["input"]

    assert (system["role"], system["content"]) == ("system", [{"type": "input_text", "text": "be brief"}])
    assert user["content"][0]["image_url"] == "https://x.test/a.png"
    assert (call["type"], call["arguments"]) == ("function_call", "{}")
    assert (result["type"], result["output"]) == ("function_call_output", "18")
    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) <= 64
    assert body["tools"] == [
        {
            "type": "function",
            "name": "get",
            "description": "d",
            "parameters": {"type": "object"},
            "strict": False,
        }
    ]
    assert body["tool_choice"] == {"type": "function", "name": "get"}
    assert body["text"]["format"]["schema"] == {"type": "object"}
    assert body["text"]["verbosity"] == "low"
    assert body["reasoning"] == {"effort": "high"}
    assert (body["max_output_tokens"], body["service_tier"]) == (16, "flex")
    assert (body["store"], body["include"]) == (False, ["reasoning.encrypted_content"])


def test_custom_tools_of_a_chat_client_stay_custom_tools(upstream: Any) -> None:
    form = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: X"}}
    call = {"id": "c", "type": "custom", "custom": {"name": "note", "input": "- x"}}
    body = sent(
        upstream,
        messages=[
            {"role": "user", "content": "hi"},
            {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": "ok"},
        ],
        tools=[{"type": "custom", "custom": {"name": "note", "format": form}}],
    )

    assert body["tools"][0]["format"] == {"type": "grammar", "syntax": "lark", "definition": "start: X"}
    assert [item["type"] for item in body["input"][1:]] == ["custom_tool_call", "custom_tool_call_output"]


def test_a_thought_goes_back_to_who_encrypted_it_and_to_nobody_else(upstream: Any) -> None:
    ask = Ask(
        "m", [Turn("assistant", [Reasoning("hm", "openai:rs_1:gA"), Reasoning("x", "EqQB"), Text("so")])]
    )
    items = json.loads(upstream.request(ask).body)["input"]

    assert [item["type"] for item in items] == ["reasoning", "message"]
    assert (items[0]["id"], items[0]["encrypted_content"]) == ("rs_1", "gA")


@pytest.mark.parametrize("front_name", ["chat", "messages"])
def test_a_thought_comes_back_through_every_client(upstream: Any, front_name: str) -> None:
    answer = upstream.response(of_ours("calls").body, ask_in_chat())
    clients: dict[str, Any] = {"chat": chat, "messages": MessagesFront()}
    said = json.loads(clients[front_name].write(answer, Ask("m", front=front_name)))
    turn = said["choices"][0]["message"] if front_name == "chat" else said
    later = {
        "model": "m",
        "max_tokens": 9,
        "messages": [{"role": "assistant", "content": turn["content"], **turn}],
    }
    if front_name == "messages":
        later["messages"] = [{"role": "assistant", "content": turn["content"]}]
    fields = msgspec.json.decode(json.dumps(later), type=dict[str, msgspec.Raw])
    items = json.loads(upstream.request(clients[front_name].read(fields)).body)["input"]

    kinds = [item["type"] for item in items]
    assert kinds == ["reasoning", "message", *["function_call"] * 2, *["function_call_output"] * 2]
    assert (items[0]["id"], items[0]["encrypted_content"]) == ("rs_01", "gAAAAABexample")


@pytest.mark.parametrize("name", ["stop", "seed", "n", "logit_bias", "frequency_penalty"])
def test_a_parameter_that_responses_lack_is_refused_or_dropped(bound: Any, upstream: Any, name: str) -> None:
    value: Any = {"stop": "x", "logit_bias": {"1": 1}}.get(name, 2)
    with pytest.raises(UnsupportedParameter) as told:
        sent(upstream, **{name: value})
    assert told.value.param == name
    lax = bound("openai", "gpt-5-pro", api_key="k", drop_params=True)
    assert name not in sent(lax, **{name: value})


def test_content_of_another_format_is_refused(upstream: Any) -> None:
    with pytest.raises(BadRequest, match="container_upload"):
        upstream.request(Ask("m", [Turn("user", [Opaque("messages", {"type": "container_upload"})])]))


def test_defaults_of_a_deployment_hold_in_both_ways(bound: Any, fields: Any) -> None:
    for upstream in (
        bound("openai", "gpt-5-pro", max_tokens=100, reasoning_effort="low"),
        bound("openai", "gpt-5", max_tokens=100, reasoning_effort="low"),
    ):
        passed = json.loads(upstream.forward("responses", fields(input="hi"), stream=False).body)
        assert (passed["max_output_tokens"], passed["reasoning"]) == (100, {"effort": "low"})
        assert "max_tokens" not in passed


# Which deployments -------------------------------------------------------------------------


def test_a_chat_model_takes_responses_requests_as_they_are(bound: Any, fields: Any) -> None:
    upstream = bound("openai", "gpt-4o", api_key="k", api_base="https://x.test/v1")
    raw = fields(input=[{"type": "future_item", "n": 1.0}], previous_response_id="resp_1", num_retries=3)
    request = upstream.forward("responses", raw, stream=False)

    assert upstream.speaks == {"chat", "responses"}
    assert request.url == "https://x.test/v1/responses"
    body = json.loads(request.body)
    assert body["input"] == [{"type": "future_item", "n": 1.0}]
    assert (body["model"], body["previous_response_id"]) == ("gpt-4o", "resp_1")
    assert "num_retries" not in body
    assert json.loads(upstream.forward("chat", fields(), stream=False).body)["model"] == "gpt-4o"


def test_what_others_signed_does_not_reach_a_server_of_this_format(bound: Any, fields: Any) -> None:
    upstream = bound("openai", "gpt-4o", api_key="k")
    own = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"}
    items = [
        {
            "type": "reasoning",
            "id": "rs_2",
            "summary": [],
            "encrypted_content": "tianji:anthropic:signature:E",
        },
        own,
        {"type": "function_call", "call_id": "a__thought__c2ln", "name": "get", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a__thought__c2ln", "output": "1"},
    ]
    sent_on = json.loads(upstream.forward("responses", fields(input=items), stream=False).body)["input"]

    assert sent_on[0] == own
    assert [item["call_id"] for item in sent_on[1:]] == ["a", "a"]


@pytest.mark.parametrize(
    ("provider", "model", "params"),
    [
        ("openai", "gpt-5-pro", {}),
        ("openai", "o3-pro-2025-06-10", {}),
        ("openai", "responses/gpt-4o", {}),
        ("openai", "mine", {"mode": "responses"}),
        ("azure", "responses/mine", {"api_base": "https://a.test"}),
        ("azure", "mine", {"api_base": "https://a.test", "base_model": "azure/gpt-5-codex"}),
        ("xai", "responses/grok-4", {}),
    ],
)
def test_models_without_chat_completions_are_reached_by_responses(
    bound: Any, provider: str, model: str, params: Any
) -> None:
    info = {name: params.pop(name) for name in ("mode", "base_model") if name in params}
    upstream = bound(provider, model, info=info, api_key="k", **params)
    request = upstream.request(Ask("m", [Turn("user", [Text("hi")])]))

    assert upstream.speaks == {"responses"}
    assert request.url.partition("?")[0].endswith("/responses")
    assert json.loads(request.body)["model"] == model.removeprefix("responses/")


def test_a_server_that_lacks_responses_is_told_by_a_parameter(bound: Any) -> None:
    for model in ("gpt-4o", "gpt-5-pro"):
        upstream = bound("openai", model, api_key="k", use_chat_completions_api=True)
        assert upstream.speaks == {"chat"}


@pytest.mark.parametrize(
    ("base", "version", "url"),
    [
        (
            "https://a.test",
            "2025-04-01-preview",
            "https://a.test/openai/responses?api-version=2025-04-01-preview",
        ),
        ("https://a.test", "2024-10-21", "https://a.test/openai/v1/responses"),
        ("https://a.test/openai/v1/", "2025-04-01-preview", "https://a.test/openai/v1/responses"),
        ("https://a.test", "preview", "https://a.test/openai/v1/responses?api-version=preview"),
    ],
)
def test_the_address_of_responses_at_azure(base: str, version: str, url: str) -> None:
    assert responses_url(base, version) == url


def test_a_call_written_for_another_provider_keeps_no_signature(upstream: Any) -> None:
    call = ToolCall("a", "get", "{}", signature="c2ln")
    items = json.loads(upstream.request(Ask("m", [Turn("assistant", [call])])).body)["input"]

    assert items[0] == {"type": "function_call", "call_id": "a", "name": "get", "arguments": "{}"}


def test_a_user_who_says_nothing_is_no_empty_input(upstream: Any) -> None:
    items = json.loads(upstream.request(Ask("m", [Turn("user", [Text("")])])).body)["input"]

    assert [item["role"] for item in items] == ["user"]
