"""A client that waits gets signs of life, and nothing of what may still happen is lost by them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from google.genai import types

from tianji.domain.snapshot import Settings
from tianji_testkit.upstream import Reply

OFTEN = Settings(calls={"sse_keepalive_ping_interval_seconds": 0.02})
KEY = "sk-alice-0123456789"
HELLO = "Hello from the fake provider."
GOOGLES = {"contents": [{"role": "user", "parts": [{"text": "Say hello."}]}]}
STREAM = "/v1beta/models/gpt-4o-mini:streamGenerateContent"
SIGNS = {"chat": b": keep-alive\n\n", "messages": b'event: ping\ndata: {"type":"ping"}\n\n', "google": b"\n"}


def ask(gateway: Any, front: str) -> Any:
    """Ask for a stream in one of the client formats."""
    if front == "chat":
        return gateway.chat(stream=True)
    if front == "messages":
        return gateway.messages(model="gpt-4o-mini", stream=True)
    return gateway.post(STREAM + ("?alt=sse" if front == "google" else ""), GOOGLES)


def said(front: str, raw: bytes) -> str:
    """Put a stream's text together, reading it as strictly as clients do."""
    if front == "array":
        return "".join(_google(piece) for piece in json.loads(raw))
    lines = [line for line in raw.decode().splitlines() if line.startswith("data: {")]
    pieces = [json.loads(line.removeprefix("data: ")) for line in lines]
    if front == "google":
        return "".join(_google(piece) for piece in pieces)
    if front == "messages":
        deltas = [piece["delta"] for piece in pieces if piece["type"] == "content_block_delta"]
        return "".join(delta["text"] for delta in deltas)
    choices = [piece["choices"][0] for piece in pieces if piece.get("choices")]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def _google(piece: dict[str, Any]) -> str:
    return "".join(part["text"] for part in piece["candidates"][0]["content"]["parts"])


@pytest.mark.parametrize("front", ["chat", "messages", "google", "array"])
async def test_a_slow_first_token_is_waited_for_with_signs_of_life(gateway: Any, front: str) -> None:
    gateway.serve("gpt-4o-mini", settings=OFTEN)
    reply = Reply(hold_head=True)
    gateway.upstream.will(reply)
    async with ask(gateway, front) as answer:
        assert answer.status == 200
        sign = SIGNS.get(front, b"\n")
        early = await asyncio.wait_for(answer.content.readexactly(2 * len(sign)), 30)
        reply.release.set()
        rest = await answer.read()

    assert early == 2 * sign
    assert said(front, early + rest) == HELLO
    assert (await gateway.books.only()).status == "success"


@pytest.mark.parametrize("front", ["chat", "messages", "google", "array"])
async def test_a_long_silence_between_chunks_is_filled(gateway: Any, front: str) -> None:
    gateway.serve("gpt-4o-mini", settings=OFTEN)
    reply = Reply(hold_after=3)
    gateway.upstream.will(reply)
    async with ask(gateway, front) as answer:
        early = await answer.content.readuntil(b"Hello")
        sign = SIGNS.get(front, b"\n")
        early += await asyncio.wait_for(answer.content.readuntil(sign * 3), 30)
        reply.release.set()
        rest = await answer.read()

    assert said(front, early + rest) == HELLO


async def test_another_attempt_is_made_after_a_sign_of_life(gateway: Any) -> None:
    gateway.serve("gpt-4o-mini", settings=OFTEN)
    failing = Reply(hold_head=True, status=503)
    gateway.upstream.will(failing, Reply(text="second try"))
    async with gateway.chat(stream=True) as answer:
        await answer.content.readuntil(b"\n\n")
        failing.release.set()
        raw = await answer.read()

    assert said("chat", raw) == "second try"
    event = await gateway.books.only()
    assert (event.status, event.attempts) == ("success", 2)


@pytest.mark.parametrize("front", ["chat", "messages", "google", "array"])
async def test_a_failure_after_a_sign_of_life_is_an_error_event(gateway: Any, front: str) -> None:
    gateway.serve("gpt-4o-mini", settings=OFTEN)
    reply = Reply(hold_head=True, status=400)
    gateway.upstream.will(reply)
    async with ask(gateway, front) as answer:
        await answer.content.readexactly(1)
        reply.release.set()
        raw = await answer.read()

    text = raw.decode()
    body = text if front == "array" else next(x for x in text.splitlines() if "error" in x and "{" in x)
    error = json.loads(body.removeprefix("data: "))
    if front == "array":
        (error,) = error
    assert "the fake provider says 400" in error["error"]["message"]
    assert (await gateway.books.only()).http_status == 400


async def test_an_answer_in_time_has_no_sign_of_life(gateway: Any) -> None:
    async with gateway.chat(stream=True) as answer:
        assert b"keep-alive" not in await answer.read()


async def test_nothing_is_sent_before_an_error_where_the_setting_turns_it_off(gateway: Any) -> None:
    gateway.serve("gpt-4o-mini", settings=Settings(calls={"sse_keepalive_ping_interval_seconds": 0}))
    gateway.upstream.will(Reply(delay_s=0.1, status=400))
    async with gateway.chat(stream=True) as answer:
        assert answer.status == 400


@pytest.mark.filterwarnings(
    "ignore:Inheritance class AiohttpClientSession:DeprecationWarning"
)  # google-genai
@pytest.mark.parametrize("vendor", ["openai", "anthropic", "google"])
async def test_the_vendors_own_clients_do_not_notice(gateway: Any, vendor: str) -> None:
    gateway.serve("gpt-4o-mini", settings=OFTEN)
    first, between = Reply(hold_head=True), Reply(hold_after=3)
    gateway.upstream.will(first, between)
    for reply in (first, between):
        asyncio.get_running_loop().call_later(0.15, reply.release.set)
        assert await _streamed(gateway, vendor) == HELLO


async def _streamed(gateway: Any, vendor: str) -> str:
    """Stream an answer with a vendor's SDK."""
    hello: Any = [{"role": "user", "content": "Say hello."}]
    if vendor == "openai":
        async with openai.AsyncOpenAI(base_url=gateway.url + "/v1", api_key=KEY) as client:
            chunks = await client.chat.completions.create(model="gpt-4o-mini", messages=hello, stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])
    if vendor == "anthropic":
        async with (
            anthropic.AsyncAnthropic(base_url=gateway.url, api_key=KEY) as client,
            client.messages.stream(model="gpt-4o-mini", max_tokens=50, messages=hello) as stream,
        ):
            return str(await stream.get_final_text())
    google = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=gateway.url))
    try:
        pieces = await google.aio.models.generate_content_stream(model="gpt-4o-mini", contents="Say hello.")
        return "".join([piece.text or "" async for piece in pieces])
    finally:
        await google.aio.aclose()
        google.close()
