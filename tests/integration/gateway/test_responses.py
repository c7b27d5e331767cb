"""OpenAI's Responses API at the gateway: passed on, and translated, driven by OpenAI's own client."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tianji_testkit.upstream import Reply

NATIVE = {"provider": "openai", "model": "gpt-4o-mini"}
CLAUDE = {"provider": "anthropic", "model": "claude-sonnet-4-20250514"}
VLLM = {"provider": "hosted_vllm", "model": "qwen3"}
TRANSLATED = [CLAUDE, VLLM]
NAMES = ["anthropic", "chat"]
TOOL: Any = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": False,
}
RESPONSE = {
    "id": "resp_up",
    "object": "response",
    "created_at": 1_790_000_000,
    "status": "completed",
    "model": "gpt-4o-mini-2024",
    "output": [
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "From upstream.", "annotations": []}],
        }
    ],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10},
}


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def messages(*content: dict[str, Any], stop: str = "end_turn") -> bytes:
    usage = {"input_tokens": 11, "output_tokens": 5}
    return json.dumps(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude",
            "content": content,
            "stop_reason": stop,
            "usage": usage,
        }
    ).encode()


@pytest.fixture
async def client(gateway: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=gateway.url + "/v1", api_key="sk-alice-0123456789", max_retries=0
    ) as made:
        yield made


# Passed on ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/responses", "/responses", "/openai/v1/responses"])
async def test_a_response_of_a_provider_that_has_them_passes_untouched(gateway: Any, path: str) -> None:
    gateway.serve("gpt", NATIVE)
    body = json.dumps(RESPONSE, indent=1).encode()
    gateway.upstream.will(Reply(body=body))
    asked = {"model": "gpt", "input": "hi", "previous_response_id": "resp_0", "future": {"x": 1}}
    async with gateway.post(path, asked) as answer:
        assert answer.status == 200
        assert await answer.read() == body

    received = gateway.upstream.requests[0]
    assert received.path == "/v1/responses"
    assert received.json == {**asked, "model": "gpt-4o-mini"}
    spent = await gateway.books.only()
    assert (spent.call_type, spent.usage.input_tokens, spent.usage.output_tokens) == ("aresponses", 7, 3)


async def test_a_stream_of_a_provider_that_has_them_passes_untouched(gateway: Any) -> None:
    gateway.serve("gpt", NATIVE)
    begun = {**RESPONSE, "status": "in_progress", "output": [], "usage": None}
    chunks = [
        event("response.created", response=begun),
        event("response.some_future_event", x=1),
        event("response.output_text.delta", delta="From upstream."),
        event("response.completed", response=RESPONSE),
    ]
    gateway.upstream.will(Reply(chunks=chunks))
    async with gateway.post("/v1/responses", {"model": "gpt", "input": "hi", "stream": True}) as answer:
        assert await answer.read() == b"".join(chunks)

    spent = await gateway.books.only()
    assert (spent.status, spent.usage.output_tokens, spent.usage.estimated) == ("success", 3, False)


async def test_a_queued_response_passes_though_it_could_not_be_translated(gateway: Any) -> None:
    gateway.serve("gpt", NATIVE)
    queued = {**RESPONSE, "status": "queued", "output": [], "usage": None}
    gateway.upstream.will(Reply(body=json.dumps(queued).encode()))
    async with gateway.post("/v1/responses", {"model": "gpt", "input": "hi", "background": True}) as answer:
        assert (await answer.json())["status"] == "queued"


async def test_a_chat_client_reaches_a_model_that_only_responses_serve(
    gateway: Any, client: openai.AsyncOpenAI
) -> None:
    gateway.serve("pro", {"provider": "openai", "model": "gpt-5-pro"})
    gateway.upstream.will(Reply(body=json.dumps(RESPONSE).encode()))
    answer = await client.chat.completions.create(model="pro", messages=[{"role": "user", "content": "hi"}])

    assert answer.choices[0].message.content == "From upstream."
    assert gateway.upstream.requests[0].path == "/v1/responses"


# Translated --------------------------------------------------------------------------------


@pytest.mark.parametrize("deployment", TRANSLATED, ids=NAMES)
async def test_a_response_is_translated_whole_and_streamed(
    gateway: Any, client: openai.AsyncOpenAI, deployment: Any
) -> None:
    gateway.serve("m", deployment)
    whole = await client.responses.create(model="m", input="Say hello.", store=False)
    async with client.responses.stream(model="m", input="Say hello.", store=False) as events:
        streamed = await events.get_final_response()

    for response in (whole, streamed):
        assert response.output_text == "Hello from the fake provider."
        assert (response.status, response.object) == ("completed", "response")
        assert response.usage is not None
        assert (response.usage.input_tokens, response.usage.output_tokens) == (7, 5)
        assert response.tools == []


async def test_thoughts_and_calls_go_round_without_a_server_that_remembers(
    gateway: Any, client: openai.AsyncOpenAI
) -> None:
    gateway.serve("m", CLAUDE)
    thought = {"type": "thinking", "thinking": "Two cities.", "signature": "EqQB"}
    calls = [
        {"type": "tool_use", "id": f"toolu_{city}", "name": "weather", "input": {"city": city}}
        for city in ("Paris", "London")
    ]
    gateway.upstream.will(
        Reply(body=messages(thought, *calls, stop="tool_use")),
        Reply(body=messages({"type": "text", "text": "Paris is warmer."})),
        Reply(body=messages({"type": "text", "text": "18 degrees."})),
    )
    said: list[Any] = [{"role": "user", "content": "Where is it warmer?"}]
    asked: Any = {"model": "m", "store": False, "tools": [TOOL], "include": ["reasoning.encrypted_content"]}

    first = await client.responses.create(input=said, **asked)
    found = [item for item in first.output if item.type == "function_call"]
    assert [json.loads(call.arguments)["city"] for call in found] == ["Paris", "London"]
    said += first.output
    said += [{"type": "function_call_output", "call_id": call.call_id, "output": "18"} for call in found]
    second = await client.responses.create(input=said, **asked)
    said += [*second.output, {"role": "user", "content": "How warm?"}]
    third = await client.responses.create(input=said, **asked)

    assert (second.output_text, third.output_text) == ("Paris is warmer.", "18 degrees.")
    turns = gateway.upstream.requests[2].json["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user", "assistant", "user"]
    assert turns[1]["content"] == [thought, *calls]
    assert [block["tool_use_id"] for block in turns[2]["content"]] == ["toolu_Paris", "toolu_London"]


class Place(BaseModel):
    city: str


async def test_an_answer_of_a_given_form_is_parsed(gateway: Any, client: openai.AsyncOpenAI) -> None:
    gateway.serve("m", VLLM)
    gateway.upstream.will(Reply(text='{"city":"Paris"}'))
    parsed = await client.responses.parse(model="m", input="Where?", text_format=Place)

    assert parsed.output_parsed == Place(city="Paris")
    form = gateway.upstream.requests[0].json["response_format"]
    assert form["json_schema"]["schema"]["properties"]["city"]["type"] == "string"


@pytest.mark.parametrize("deployment", TRANSLATED, ids=NAMES)
async def test_a_break_off_is_an_error_that_openais_client_raises(
    gateway: Any, client: openai.AsyncOpenAI, deployment: Any
) -> None:
    gateway.serve("m", deployment)
    gateway.upstream.will(Reply(break_after=3))
    stream = await client.responses.create(model="m", input="x", stream=True)
    with pytest.raises(openai.APIError):
        async for _ in stream:
            pass

    assert (await gateway.books.only()).status == "failure"


# Refused -----------------------------------------------------------------------------------


async def test_a_conversation_kept_elsewhere_is_refused_with_advice(
    gateway: Any, client: openai.AsyncOpenAI
) -> None:
    gateway.serve("m", CLAUDE)
    with pytest.raises(openai.BadRequestError, match="store") as told:
        await client.responses.create(model="m", input="x", previous_response_id="resp_1")

    assert told.value.param == "previous_response_id"
    assert gateway.upstream.requests == []


async def test_errors_come_in_openais_shape(gateway: Any) -> None:
    for request, status in (
        (gateway.post("/v1/responses", {"model": "gpt-4o-mini", "input": "x"}, key="sk-nobody"), 401),
        (gateway.post("/v1/responses", {"model": "gpt-none", "input": "x"}), 400),
        (gateway.post("/v1/responses", {"model": "gpt-4o-mini"}), 400),
        (gateway.post("/v1/responses/compact", {}), 501),
        (gateway.post("/v1/responses/resp_1/cancel", {}), 501),
    ):
        async with request as answer:
            assert answer.status == status
            assert set((await answer.json())["error"]) == {"message", "type", "param", "code"}


async def test_tokens_are_counted_without_calling_anybody(gateway: Any, client: openai.AsyncOpenAI) -> None:
    counted = await client.responses.input_tokens.count(model="gpt-4o-mini", input="one two three")

    assert 3 <= counted.input_tokens < 20
    assert gateway.upstream.requests == []


async def test_codex_is_given_a_list_of_models_that_it_can_read(gateway: Any) -> None:
    headers = {"authorization": "Bearer sk-alice-0123456789"}
    async with gateway.session.get(
        gateway.url + "/v1/models?client_version=0.169.0", headers=headers
    ) as answer:
        listed = await answer.json()

    assert listed["models"] == []
    assert [model["id"] for model in listed["data"]] == ["gpt-4o-mini"]
