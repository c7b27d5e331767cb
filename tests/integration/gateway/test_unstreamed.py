"""A provider that answers a request for a stream with plain JSON: an error, or the whole answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tianji_testkit.clients import CLIENTS, Wishes
from tianji_testkit.upstream import Reply

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

KEY = "sk-alice-0123456789"
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"city":"Rome"}'},
}
WHOLE = {
    "openai": {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "I look.",
                    "reasoning_content": "Where?",
                    "tool_calls": [CALL],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
    },
    "anthropic": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "Where?", "signature": "c2ln"},
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Rome"}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": 5},
    },
}
PROVIDERS = {"openai": "hosted_vllm", "anthropic": "anthropic"}


def dumped(body: Any) -> bytes:
    return json.dumps(body).encode()


@pytest.mark.parametrize("front", CLIENTS)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_whole_answer_arrives_as_the_stream_that_was_asked_for(
    gateway: Any, front: str, provider: str
) -> None:
    gateway.serve("m", {"provider": PROVIDERS[provider], "model": "claude-sonnet-4-5"})
    gateway.upstream.will(Reply(body=dumped(WHOLE[provider])))
    sdk = CLIENTS[front].connect(gateway.url, KEY)

    heard = await CLIENTS[front](sdk, "m", Wishes(stream=True, thinks=True)).ask("How is it in Rome?")
    await CLIENTS[front].disconnect(sdk)

    assert gateway.upstream.requests[0].path.endswith(("/chat/completions", "/messages"))
    assert (heard.text, heard.thought, heard.finish) == ("I look.", "Where?", "calls")
    assert [(call.name, call.arguments) for call in heard.calls] == [("get_weather", {"city": "Rome"})]
    event = await gateway.books.only()
    assert (event.status, event.usage.input_tokens, event.usage.output_tokens) == ("success", 7, 5)


async def test_such_a_stream_has_its_headers_and_its_end(gateway: Any) -> None:
    body = dumped(WHOLE["openai"])
    gateway.upstream.will(Reply(body=b"\n" + body, headers={"x-request-id": "up-1"}))

    async with gateway.chat(stream=True, stream_options={"include_usage": True}) as answer:
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
        assert answer.headers["llm_provider-x-request-id"] == "up-1"
        *_, used, end = (await answer.read()).decode().strip().split("\n\n")

    assert end == "data: [DONE]"
    assert json.loads(used.removeprefix("data: "))["usage"]["total_tokens"] == 12


async def test_an_answer_without_usage_is_counted_here(gateway: Any) -> None:
    gateway.upstream.will(Reply(body=dumped({**WHOLE["openai"], "usage": None})))

    async with gateway.chat(stream=True) as answer:
        await answer.read()

    usage = (await gateway.books.only()).usage
    assert usage.estimated
    assert usage.output_tokens > 3


@pytest.mark.parametrize(
    ("provider", "error", "status", "words"),
    [
        ("minimax", {"base_resp": {"status_code": 1004, "status_msg": "no such key"}}, 401, "no such key"),
        ("openrouter", {"error": {"code": 402, "message": "no credits"}}, 402, "no credits"),
        ("hosted_vllm", {"object": "error", "message": "too warm", "code": 400}, 400, "too warm"),
        ("openai", {"error": {"message": "bad key", "code": "invalid_api_key"}}, 401, "bad key"),
        ("openai", {"error": {"message": "slow down", "type": "rate_limit_error"}}, 429, "slow down"),
        ("openai", {"error": {"message": "who knows"}}, 502, "who knows"),
        ("anthropic", {"type": "error", "error": {"type": "permission_error", "message": "no"}}, 403, "no"),
        ("openai", {"hello": "world"}, 502, "cannot be read"),
    ],
)
async def test_an_error_with_a_status_of_200_is_the_error_that_it_tells(
    gateway: Any, provider: str, error: Any, status: int, words: str
) -> None:
    gateway.serve("m", {"provider": provider})
    gateway.upstream.usual = Reply(
        body=dumped(error), headers={"content-type": "application/json; charset=utf-8"}
    )

    async with gateway.chat(model="m", stream=True) as answer:
        assert answer.status == status
        assert answer.headers["content-type"] == "application/json"
        message = (await answer.json())["error"]["message"]

    assert provider in message
    assert words in message
    event = await gateway.books.only()
    assert (event.status, event.http_status) == ("failure", status)


async def test_after_such_an_error_another_attempt_is_made(gateway: Any) -> None:
    gateway.upstream.will(Reply(body=b'{"error":{"message":"out of breath"}}'))

    async with gateway.chat(stream=True) as answer:
        assert answer.status == 200
        assert b"Hello" in await answer.read()

    assert (await gateway.books.only()).attempts == 2


async def test_a_stream_that_only_calls_itself_json_is_one_and_waits_for_nothing(gateway: Any) -> None:
    slow = Reply(headers={"content-type": "application/json"}, hold_after=2)
    gateway.upstream.will(slow)

    async with gateway.chat(stream=True) as answer:
        first = await answer.content.readuntil(b"\n\n")
        slow.release.set()
        rest = await answer.read()

    assert first.startswith(b"data: {")
    assert rest.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("size", [1, 40, 10_000])
async def test_lines_of_json_are_a_stream(gateway: Any, size: int) -> None:
    gateway.serve("m", {"provider": "ollama_chat", "params": {"api_base": gateway.upstream.root}})
    lines = b"".join(
        dumped({"model": "m", "message": {"role": "assistant", "content": word}, "done": done}) + b"\n"
        for word, done in (("Hel", False), ("lo", False), ("", True))
    )
    cut = [lines[at : at + size] for at in range(0, len(lines), size)]
    gateway.upstream.will(Reply(chunks=cut, headers={"content-type": "application/json"}))

    async with gateway.chat(model="m", stream=True) as answer:
        raw = await answer.read()

    assert raw.endswith(b"data: [DONE]\n\n")
    assert b'"content":"lo"' in raw


async def test_an_empty_body_of_json_is_an_empty_stream(gateway: Any) -> None:
    gateway.upstream.usual = Reply(body=b"")

    async with gateway.chat(stream=True) as answer:
        assert answer.status == 502
        assert "empty" in (await answer.json())["error"]["message"]
