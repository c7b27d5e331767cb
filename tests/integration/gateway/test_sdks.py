"""The vendors' own clients, pointed at the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import openai
import pytest

from tianji_testkit.upstream import Reply

HELLO: Any = [{"role": "user", "content": "Say hello."}]


@pytest.fixture
async def openai_client(gateway: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=gateway.url + "/v1", api_key="sk-alice-0123456789", max_retries=0
    ) as client:
        yield client


@pytest.fixture
async def anthropic_client(gateway: Any) -> AsyncIterator[anthropic.AsyncAnthropic]:
    gateway.serve("claude", {"provider": "anthropic", "model": "claude-sonnet-4-20250514"})
    async with anthropic.AsyncAnthropic(
        base_url=gateway.url, api_key="sk-alice-0123456789", max_retries=0
    ) as client:
        yield client


async def test_openais_client_gets_an_answer_and_a_stream(openai_client: openai.AsyncOpenAI) -> None:
    answer = await openai_client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
    stream = await openai_client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True)
    streamed = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert answer.choices[0].message.content == streamed == "Hello from the fake provider."
    assert answer._request_id


async def test_openais_client_reads_the_errors_and_the_models(openai_client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as told:
        await openai_client.chat.completions.create(model="gpt-none", messages=HELLO)
    models = await openai_client.models.list()

    assert told.value.param == "model"
    assert [model.id for model in models.data] == ["gpt-4o-mini"]


async def test_openais_client_is_told_when_a_stream_breaks_off(
    gateway: Any, openai_client: openai.AsyncOpenAI
) -> None:
    gateway.upstream.will(Reply(break_after=3))
    stream = await openai_client.chat.completions.create(model="gpt-4o-mini", messages=HELLO, stream=True)
    with pytest.raises(openai.APIError):
        async for _ in stream:
            pass


async def test_anthropics_client_gets_an_answer_and_a_stream(
    anthropic_client: anthropic.AsyncAnthropic,
) -> None:
    answer = await anthropic_client.messages.create(model="claude", max_tokens=50, messages=HELLO)
    async with anthropic_client.messages.stream(model="claude", max_tokens=50, messages=HELLO) as stream:
        streamed = await stream.get_final_text()

    assert answer.content[0].type == "text"
    assert answer.content[0].text == streamed == "Hello from the fake provider."


async def test_anthropics_client_reads_the_errors(anthropic_client: anthropic.AsyncAnthropic) -> None:
    wrong = anthropic_client.with_options(api_key="sk-nobody-1234")
    with pytest.raises(anthropic.AuthenticationError) as told:
        await wrong.messages.create(model="claude", max_tokens=50, messages=HELLO)

    assert told.value.request_id
