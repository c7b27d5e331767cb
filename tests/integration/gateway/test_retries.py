"""When a deployment fails: the next one, or the same one again, but never after the first byte."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tianji.domain.snapshot import Settings
from tianji_testkit.upstream import Reply


@pytest.mark.parametrize(
    "reply", [Reply(status=503), Reply(status=500), Reply(status=429), Reply(break_after=0)]
)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_failure_is_answered_by_the_second_deployment(
    gateway: Any, reply: Reply, stream: bool
) -> None:
    gateway.serve("gpt-4o-mini", {"id": "first"}, {"id": "second"})
    gateway.upstream.will(reply)
    async with gateway.chat(stream=stream) as answer:
        assert answer.status == 200
        assert answer.headers["x-litellm-attempted-retries"] == "1"
        assert answer.headers["x-litellm-model-id"] == "second"
        await answer.read()

    event = await gateway.books.only()
    assert (event.status, event.attempts, event.deployment_id) == ("success", 2, "second")
    assert len(gateway.books.begins) == 1


async def test_a_single_deployment_is_asked_again(gateway: Any) -> None:
    gateway.upstream.will(Reply(status=503))
    async with gateway.chat() as answer:
        assert answer.status == 200

    assert len(gateway.upstream.requests) == 2


async def test_a_wrong_request_is_not_tried_again(gateway: Any) -> None:
    gateway.upstream.will(Reply(status=400))
    async with gateway.chat() as answer:
        assert answer.status == 400
        body = await answer.json()

    assert "the fake provider says 400" in body["error"]["message"]
    assert len(gateway.upstream.requests) == 1
    assert (await gateway.books.only()).http_status == 400


async def test_the_last_failure_is_told_when_all_attempts_are_used_up(gateway: Any) -> None:
    gateway.serve("gpt-4o-mini", {}, {}, settings=Settings(router={"num_retries": 1}))
    gateway.upstream.usual = Reply(status=503)
    async with gateway.chat() as answer:
        assert answer.status == 503
        assert answer.headers["x-litellm-attempted-retries"] == "1"
        assert answer.headers["x-litellm-call-id"]

    assert len(gateway.upstream.requests) == 2
    event = await gateway.books.only()
    assert (event.status, event.cost_usd) == ("failure", "0")


@pytest.mark.parametrize("asked", [{"num_retries": 0}, {"max_retries": 0}])
async def test_a_request_may_ask_for_no_retries(gateway: Any, asked: dict[str, int]) -> None:
    gateway.upstream.will(Reply(status=503))
    async with gateway.chat(**asked) as answer:
        assert answer.status == 503

    assert set(gateway.upstream.requests[0].json) == {"model", "messages"}


async def test_nothing_is_tried_again_after_the_first_byte(gateway: Any) -> None:
    gateway.upstream.will(Reply(break_after=2))
    async with gateway.chat(stream=True) as answer:
        await answer.read()

    assert len(gateway.upstream.requests) == 1


async def test_a_provider_that_takes_too_long_is_given_up(gateway: Any) -> None:
    gateway.serve("gpt-4o-mini", {"timeout_s": 0.2}, settings=Settings(router={"num_retries": 0}))
    gateway.upstream.will(Reply(delay_s=20))
    began = time.monotonic()
    async with gateway.chat() as answer:
        assert answer.status == 504
        assert (await answer.json())["error"]["type"] == "timeout_error"

    assert time.monotonic() - began < 10
    await asyncio.wait_for(gateway.upstream.requests[0].hung_up.wait(), 10)


async def test_a_request_may_ask_for_a_shorter_time(gateway: Any) -> None:
    gateway.upstream.will(Reply(delay_s=20))
    async with gateway.chat(timeout=0.2, num_retries=0) as answer:
        assert answer.status == 504


async def test_a_provider_that_is_not_there_is_named(gateway: Any) -> None:
    nowhere = {"api_base": "http://127.0.0.1:9/v1"}
    gateway.serve("gpt-4o-mini", {"params": nowhere}, settings=Settings(calls={"num_retries": 0}))
    async with gateway.chat() as answer:
        assert answer.status == 502
        message = (await answer.json())["error"]["message"]

    assert "openai cannot be reached" in message
    assert "127.0.0.1" not in message


async def test_an_answer_that_is_no_json_is_a_providers_fault(gateway: Any) -> None:
    gateway.upstream.usual = Reply(body=b"<html>welcome to nginx</html>")
    async with gateway.chat(num_retries=0) as answer:
        assert answer.status == 502
