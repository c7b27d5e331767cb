"""Providers whose first answer only says where the answer is: the gateway asks on."""

from __future__ import annotations

import json
from typing import Any

from tianji_testkit.upstream import Reply


def prediction(status: str, **more: Any) -> Reply:
    """Answer as Replicate does."""
    return Reply(status=201, body=json.dumps({"id": "p1", "status": status, **more}).encode())


def serve(gateway: Any, **given: Any) -> None:
    gateway.serve("gpt-4o-mini", {"provider": "replicate", "model": "meta/llama-3", **given})


def asked(gateway: Any) -> list[str]:
    return [f"{received.method} {received.path}" for received in gateway.upstream.requests]


async def test_an_answer_that_is_not_there_yet_is_asked_for_again(gateway: Any) -> None:
    serve(gateway)
    gateway.upstream.will(
        prediction("starting"), prediction("processing"), prediction("succeeded", output=["Hel", "lo"])
    )

    async with gateway.chat() as answer:
        body = await answer.json()

    assert body["choices"][0]["message"]["content"] == "Hello"
    again = "GET /v1/predictions/p1"
    assert asked(gateway) == ["POST /v1/models/meta/llama-3/predictions", again, again]
    assert (await gateway.books.only()).status == "success"


async def test_a_stream_is_fetched_from_where_the_first_answer_says(gateway: Any) -> None:
    serve(gateway)
    chunks = [b"event: output\ndata: Hel\n\n", b"event: output\ndata: lo\n\n", b"event: done\ndata: {}\n\n"]
    url = f"{gateway.upstream.root}/streams/x"
    gateway.upstream.will(prediction("starting", urls={"stream": url}), Reply(chunks=chunks))

    async with gateway.chat(stream=True) as answer:
        text = await answer.text()

    said = [json.loads(line[6:]) for line in text.split("\n") if line.startswith("data: {")]
    assert "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in said) == "Hello"
    assert text.endswith("data: [DONE]\n\n")
    assert asked(gateway)[1] == "GET /streams/x"
    event = await gateway.books.only()
    assert event.status == "success"


async def test_a_stream_of_a_model_that_has_none_comes_when_the_answer_is_there(gateway: Any) -> None:
    serve(gateway)
    gateway.upstream.will(prediction("processing"), prediction("succeeded", output="Hello"))

    async with gateway.chat(stream=True) as answer:
        text = await answer.text()

    assert '"content":"Hello"' in text
    assert text.endswith("data: [DONE]\n\n")


async def test_an_answer_that_never_comes_is_waited_for_no_longer_than_the_timeout(gateway: Any) -> None:
    serve(gateway, timeout_s=0.6)
    gateway.upstream.usual = prediction("processing")

    async with gateway.chat() as answer:
        body = await answer.json()

    assert answer.status == 504
    assert "0.6 s" in body["error"]["message"]


async def test_an_error_on_the_way_is_the_answers(gateway: Any) -> None:
    serve(gateway)
    gone = Reply(status=404, body=b'{"detail": "there is no such prediction"}')
    gateway.upstream.will(prediction("starting"), gone, prediction("starting"), gone)

    async with gateway.chat(num_retries=0) as answer:
        body = await answer.json()

    assert answer.status == 404
    assert "there is no such prediction" in body["error"]["message"]
