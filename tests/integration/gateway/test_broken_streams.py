"""A provider that breaks off within its answer, in front of every client: an error event, and a row."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tianji_testkit.upstream import Reply

FRONTS = ("chat", "responses", "messages", "google", "array")
PROVIDERS = ("openai", "anthropic")
GOOGLES = {"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]}


def ask(gateway: Any, front: str, provider: str) -> Any:
    """Ask for a stream in one of the client formats."""
    kind = {"openai": "hosted_vllm", "anthropic": "anthropic"}[provider]
    gateway.serve("m", {"provider": kind, "model": "claude-sonnet-4-5"})
    if front == "chat":
        return gateway.chat(model="m", stream=True)
    if front == "messages":
        return gateway.messages(model="m", stream=True)
    if front == "responses":
        return gateway.post("/v1/responses", {"model": "m", "input": "Say hello.", "stream": True})
    query = "?alt=sse" if front == "google" else ""
    return gateway.post(f"/v1beta/models/m:streamGenerateContent{query}", GOOGLES)


def error_of(front: str, raw: bytes) -> str:
    """Find the one error of a stream, where each format has it; all else must be readable too."""
    if front == "array":
        *_, last = json.loads(raw)
        return str(last["error"]["message"])
    lines = [line.removeprefix("data: ") for line in raw.decode().splitlines() if line.startswith("data: ")]
    pieces = [json.loads(line) for line in lines if line != "[DONE]"]
    if front == "responses":
        (failed,) = [piece for piece in pieces if piece["type"] == "response.failed"]
        return str(failed["response"]["error"]["message"])
    (failed,) = [piece for piece in pieces if piece.get("error")]
    assert front != "messages" or failed["type"] == "error"
    return str(failed["error"]["message"])


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_connection_that_breaks_becomes_an_error_event_and_a_row(
    gateway: Any, front: str, provider: str
) -> None:
    gateway.upstream.will(Reply(break_after=5))
    async with ask(gateway, front, provider) as answer:
        assert answer.status == 200
        raw = await answer.read()

    assert b"Hello" in raw
    assert "cannot be reached" in error_of(front, raw)
    event = await gateway.books.only()
    assert (event.status, event.http_status, event.usage.estimated) == ("failure", 502, True)
    assert event.usage.output_tokens >= 2
    assert event.usage.input_tokens > 0


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_half_an_event_does_not_spoil_the_error(gateway: Any, front: str, provider: str) -> None:
    cut = {
        "openai": [
            b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\ndata: {"id":"x","cho'
        ],
        "anthropic": [
            b'data: {"type":"message_start","message":{"id":"x","usage":{"input_tokens":7}}}\n\n'
            b'data: {"type":"content_block_start","index":0,'
            b'"content_block":{"type":"text","text":"Hello"}}\n\nevent: content_bl'
        ],
    }
    gateway.upstream.will(Reply(chunks=cut[provider]))
    async with ask(gateway, front, provider) as answer:
        raw = await answer.read()

    assert b"Hello" in raw
    assert error_of(front, raw)
    assert (await gateway.books.only()).status == "failure"


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_error_event_of_the_provider_is_passed_on_once(
    gateway: Any, front: str, provider: str
) -> None:
    chunks = {
        "openai": [
            b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n',
            b'data: {"error":{"message":"out of breath","type":"server_error"}}\n\n',
        ],
        "anthropic": [
            b'data: {"type":"message_start","message":{"id":"x","usage":{"input_tokens":7}}}\n\n'
            b'data: {"type":"content_block_start","index":0,'
            b'"content_block":{"type":"text","text":"Hello"}}\n\n',
            b'data: {"type":"error","error":{"type":"overloaded_error","message":"out of breath"}}\n\n',
        ],
    }
    gateway.upstream.will(Reply(chunks=chunks[provider], interval_s=0.02))
    async with ask(gateway, front, provider) as answer:
        raw = await answer.read()

    assert "out of breath" in error_of(front, raw)
    assert (await gateway.books.only()).status == "failure"


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_error_that_comes_first_lets_another_attempt_be_made(
    gateway: Any, front: str, provider: str
) -> None:
    error = b'data: {"type":"error","error":{"type":"overloaded_error","message":"out of breath"}}\n\n'
    gateway.upstream.will(Reply(chunks=[error]), Reply())
    async with ask(gateway, front, provider) as answer:
        assert answer.status == 200
        raw = await answer.read()

    assert b"out of breath" not in raw
    event = await gateway.books.only()
    assert (event.status, event.attempts) == ("success", 2)


@pytest.mark.parametrize("front", FRONTS)
async def test_an_overloaded_provider_is_told_from_a_broken_one(gateway: Any, front: str) -> None:
    error = b'data: {"type":"error","error":{"type":"overloaded_error","message":"out of breath"}}\n\n'
    gateway.upstream.usual = Reply(chunks=[error])
    async with ask(gateway, front, "anthropic") as answer:
        assert answer.status == 529
        assert "overloaded_error" in (await answer.text()).lower()


@pytest.mark.parametrize("front", FRONTS)
async def test_an_error_that_comes_first_each_time_is_an_error_status(gateway: Any, front: str) -> None:
    error = b'data: {"error":{"message":"out of breath","type":"server_error"}}\n\n'
    gateway.upstream.usual = Reply(chunks=[error])
    async with ask(gateway, front, "openai") as answer:
        assert answer.status == 502
        assert "out of breath" in (await answer.json())["error"]["message"]

    event = await gateway.books.only()
    assert (event.attempts, event.usage.output_tokens) == (3, 0)
