"""Streams: each event as it arrives, and the books closed whatever happens in the middle."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest

from tianji_testkit.upstream import Reply


async def _events(answer: Any) -> list[str]:
    text = (await answer.read()).decode()
    return [line.removeprefix("data: ") for line in text.split("\n\n") if line]


def _text(events: list[str]) -> str:
    chunks = [json.loads(event) for event in events if event != "[DONE]"]
    return "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c.get("choices"))


async def test_a_stream_comes_through_and_ends_with_done(gateway: Any) -> None:
    async with gateway.chat(stream=True) as answer:
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/event-stream"
        events = await _events(answer)

    assert events[-1] == "[DONE]"
    assert _text(events) == "Hello from the fake provider."


async def test_usage_is_asked_for_and_hidden_from_a_client_that_did_not(gateway: Any) -> None:
    async with gateway.chat(stream=True) as answer:
        events = await _events(answer)

    assert gateway.upstream.requests[0].json["stream_options"] == {"include_usage": True}
    assert not any('"usage":{' in event for event in events)
    event = await gateway.books.only()
    assert (event.usage.input_tokens, event.usage.output_tokens, event.usage.estimated) == (7, 5, False)


async def test_a_client_that_asks_for_usage_gets_it(gateway: Any) -> None:
    async with gateway.chat(stream=True, stream_options={"include_usage": True}) as answer:
        events = await _events(answer)

    assert json.loads(events[-2])["usage"]["total_tokens"] == 12


async def test_events_arrive_one_by_one(gateway: Any) -> None:
    reply = Reply(hold_after=2)
    gateway.upstream.will(reply)
    async with gateway.chat(stream=True) as answer:
        first = await asyncio.wait_for(answer.content.readany(), 30)
        assert b"Hello" in first or b"Hello" in await asyncio.wait_for(answer.content.readany(), 30)
        assert gateway.books.ends == []
        reply.release.set()
        await answer.read()

    await gateway.books.only()


async def test_the_books_are_closed_before_the_last_event_is_sent(gateway: Any) -> None:
    async with gateway.chat(stream=True) as answer:
        async for line in answer.content:
            if line.startswith(b"data: [DONE]"):
                assert len(gateway.books.ends) == 1


async def test_a_stream_without_usage_is_counted_here(gateway: Any) -> None:
    gateway.upstream.will(Reply(usage=False))
    async with gateway.chat(stream=True) as answer:
        await answer.read()

    event = await gateway.books.only()
    assert event.usage.estimated
    assert event.usage.input_tokens > 0
    assert event.usage.output_tokens == 6


async def test_a_hang_up_stops_the_provider_long_before_its_end_and_leaves_one_record(gateway: Any) -> None:
    gateway.upstream.will(Reply(text="word " * 1000, interval_s=0.05))
    async with gateway.chat(stream=True) as answer:
        await answer.content.readuntil(b"word")
        answer.close()
    received = await gateway.upstream.request()
    await asyncio.wait_for(received.hung_up.wait(), 10)

    event = await gateway.books.only()
    assert (event.status, event.http_status, event.client_gone) == ("failure", 499, True)
    assert event.usage.estimated
    assert 0 < event.usage.output_tokens < 100


async def test_a_hang_up_before_the_answer_stops_the_provider(gateway: Any) -> None:
    gateway.upstream.will(Reply(delay_s=30))
    asking = asyncio.create_task(_ask(gateway))
    received = await gateway.upstream.request()
    asking.cancel()
    await asyncio.wait_for(received.hung_up.wait(), 10)

    event = await gateway.books.only()
    assert (event.http_status, event.client_gone) == (499, True)


async def _ask(gateway: Any) -> None:
    async with gateway.chat() as answer:
        await answer.read()


async def test_a_provider_that_breaks_off_becomes_an_error_event(gateway: Any) -> None:
    gateway.upstream.will(Reply(break_after=3))
    async with gateway.chat(stream=True) as answer:
        events = await _events(answer)

    assert "Hello" in events[1]
    assert json.loads(events[-2])["error"]["code"] == "502"
    assert events[-1] == "[DONE]"
    event = await gateway.books.only()
    assert (event.status, event.http_status) == ("failure", 502)
    assert event.usage.output_tokens > 0


async def test_a_stream_that_ends_too_early_is_told_from_a_complete_one(gateway: Any) -> None:
    chunk = b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
    gateway.upstream.will(Reply(chunks=[chunk]))
    async with gateway.chat(stream=True) as answer:
        events = await _events(answer)

    assert "error" in json.loads(events[1])
    assert (await gateway.books.only()).status == "failure"


async def test_a_providers_error_event_is_passed_on_once(gateway: Any) -> None:
    chunks = [
        b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n',
        b'data: {"error":{"message":"out of breath","type":"server_error"}}\n\n',
    ]
    gateway.upstream.will(Reply(chunks=chunks, interval_s=0.02))
    async with gateway.chat(stream=True) as answer:
        events = await _events(answer)

    assert [event for event in events if "error" in event] == [events[1]]
    event = await gateway.books.only()
    assert (event.status, event.error_message) == ("failure", "openai: out of breath")


async def test_a_provider_that_falls_silent_is_given_up(gateway: Any) -> None:
    gateway.serve("gpt-4o-mini", {"stream_timeout_s": 0.3})
    gateway.upstream.will(Reply(hold_after=2))
    async with gateway.chat(stream=True) as answer:
        events = await asyncio.wait_for(_events(answer), 30)

    assert json.loads(events[-2])["error"]["type"] == "timeout_error"
    assert (await gateway.books.only()).http_status == 504


async def test_a_slow_client_holds_the_provider_back(gateway: Any) -> None:
    piece = b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"' + b"x" * 60_000 + b'"}}]}\n\n'
    gateway.upstream.will(Reply(chunks=[piece] * 2000))
    body = b'{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"x"}]}'
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", gateway.port))
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-master\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    await loop.sock_sendall(client, head.encode() + body)
    received = await gateway.upstream.request()
    sent = await _settled(received)

    assert sent < 1000  # 120 MB were offered
    client.close()
    await asyncio.wait_for(received.hung_up.wait(), 10)
    assert (await gateway.books.only()).client_gone


async def _settled(received: Any) -> int:
    """Wait until nothing more is sent, and return how many chunks were."""
    sent = -1
    while sent != received.sent:
        sent = received.sent
        await asyncio.sleep(0.3)
    return sent


async def test_many_streams_at_once_are_kept_apart(gateway: Any) -> None:
    async def one(number: int) -> str:
        gateway.upstream.will(Reply(text=f"answer {number} " * 5, interval_s=0.002))
        async with gateway.chat(stream=True) as answer:
            return _text(await _events(answer))

    texts = await asyncio.gather(*(one(number) for number in range(20)))

    assert all(len(set(text.split()) - {"answer"}) == 1 for text in texts)
    assert len({event.id for event in gateway.books.ends}) == 20


@pytest.mark.parametrize("provider", ["openai", "openrouter", "hosted_vllm"])
async def test_thoughts_reach_a_client_under_both_names(gateway: Any, provider: str) -> None:
    gateway.serve("m", {"provider": provider})
    raw = (
        b'data: {"id":"x","choices":[{"index":0,"delta":{"role":"assistant","reasoning":"so"}}]}\n\n'
        b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n'
        b"data: [DONE]\n\n"
    )
    message = {"role": "assistant", "content": "a", "reasoning": "so"}
    body = {"id": "x", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    gateway.upstream.will(Reply(chunks=[raw]), Reply(body=json.dumps(body).encode()))

    async with gateway.chat(model="m", stream=True) as answer:
        first = json.loads((await _events(answer))[0])
    async with gateway.chat(model="m") as answer:
        whole = await answer.json()

    assert first["choices"][0]["delta"] == {"role": "assistant", "reasoning": "so", "reasoning_content": "so"}
    assert whole["choices"][0]["message"] == {**message, "reasoning_content": "so"}
