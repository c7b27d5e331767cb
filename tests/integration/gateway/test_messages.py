"""Anthropic's Messages, passed on to Anthropic and translated for others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tianji_testkit.upstream import Reply

CLAUDE = {"provider": "anthropic", "model": "claude-sonnet-4-20250514"}
OTHERS = {"provider": "openai", "model": "gpt-4o-mini"}


def _events(text: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for block in text.strip().split("\n\n"):
        name, _, data = block.partition("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


@pytest.mark.parametrize("deployment", [CLAUDE, OTHERS], ids=["passed-on", "translated"])
async def test_a_message_is_answered(gateway: Any, deployment: dict[str, str]) -> None:
    gateway.serve("claude", deployment)
    async with gateway.messages() as answer:
        assert answer.status == 200
        assert answer.headers["request-id"] == answer.headers["x-litellm-call-id"]
        body = await answer.json()

    assert (body["type"], body["role"]) == ("message", "assistant")
    assert body["content"][0]["text"] == "Hello from the fake provider."
    assert body["usage"]["output_tokens"] == 5
    event = await gateway.books.only()
    assert (event.call_type, event.usage.input_tokens, event.usage.output_tokens) == (
        "anthropic_messages",
        7,
        5,
    )


@pytest.mark.parametrize("deployment", [CLAUDE, OTHERS], ids=["passed-on", "translated"])
async def test_a_message_is_streamed_in_anthropics_grammar(gateway: Any, deployment: dict[str, str]) -> None:
    gateway.serve("claude", deployment)
    async with gateway.messages(stream=True) as answer:
        events = _events(await answer.text())

    names = [name for name, _ in events if name != "ping"]
    assert names[0] == "message_start"
    assert names[-2:] == ["message_delta", "message_stop"]
    deltas = [data["delta"] for name, data in events if name == "content_block_delta"]
    assert "".join(delta["text"] for delta in deltas) == "Hello from the fake provider."
    event = await gateway.books.only()
    assert (event.status, event.usage.output_tokens, event.usage.estimated) == ("success", 5, False)


async def test_betas_that_a_client_asks_for_reach_anthropic(gateway: Any) -> None:
    gateway.serve("claude", CLAUDE)
    body = {"model": "claude", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}
    async with gateway.post("/v1/messages", body, **{"anthropic-beta": "a-1,b-2"}) as answer:
        assert answer.status == 200

    received = gateway.upstream.requests[0]
    assert "a-1,b-2" in received.headers["anthropic-beta"]
    assert received.headers["anthropic-version"]


@pytest.mark.parametrize("deployment", [CLAUDE, OTHERS], ids=["passed-on", "translated"])
async def test_a_break_off_is_an_error_event_that_anthropics_clients_know(
    gateway: Any, deployment: dict[str, str]
) -> None:
    gateway.serve("claude", deployment)
    gateway.upstream.will(Reply(break_after=3))
    async with gateway.messages(stream=True) as answer:
        events = _events(await answer.text())

    assert events[-1][0] == "error"
    assert events[-1][1]["error"]["type"] == "api_error"
    assert (await gateway.books.only()).status == "failure"


async def test_errors_come_in_anthropics_shape(gateway: Any) -> None:
    for request, status, kind in (
        (gateway.messages(key="sk-nobody"), 401, "authentication_error"),
        (gateway.messages(model="claude-none"), 400, "invalid_request_error"),
        (gateway.post("/v1/messages/batches", {}), 501, "api_error"),
    ):
        async with request as answer:
            assert answer.status == status
            body = await answer.json()
        assert (body["type"], body["error"]["type"]) == ("error", kind)


async def test_tokens_are_counted_without_calling_anybody(gateway: Any) -> None:
    gateway.serve("claude", CLAUDE)
    body = {"model": "claude", "messages": [{"role": "user", "content": "one two three"}]}
    async with gateway.post("/v1/messages/count_tokens", body) as answer:
        assert answer.status == 200
        counted = (await answer.json())["input_tokens"]

    assert 3 <= counted < 20
    assert gateway.upstream.requests == []


@pytest.mark.parametrize(("model", "asked"), [("gpt-4o", None), ("gpt-5-mini", "high")])
async def test_only_models_that_think_are_asked_to(
    gateway: Any, upstream: Any, model: str, asked: Any
) -> None:
    gateway.serve("claude", {"model": model})

    thinking = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}
    async with gateway.messages(**thinking) as answer:
        assert answer.status == 200

    assert upstream.requests[-1].json.get("reasoning_effort") == asked
