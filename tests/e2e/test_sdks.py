"""The vendors' own SDKs as clients: what they send is understood, what they get they accept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import openai
import pytest
import pytest_asyncio

from tianji_testkit.upstream import Reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELLO: list[Any] = [{"role": "user", "content": "Say hello"}]
MODELS = ["gpt", "claude", "az"]


@pytest_asyncio.fixture(loop_scope="module")
async def gpt(door: Any) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=door.url + "/v1", api_key=door.master_key, max_retries=0
    ) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def claude(door: Any) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(base_url=door.url, api_key=door.master_key, max_retries=0) as client:
        yield client


@pytest.mark.parametrize("model", MODELS)
async def test_openai_sdk_gets_an_answer_from_any_provider(door: Any, gpt: Any, model: str) -> None:
    door.upstream.will(Reply(text="hello from afar"))

    answer = await gpt.chat.completions.create(model=model, messages=HELLO)

    assert answer.choices[0].message.content == "hello from afar"
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (7, 3)


@pytest.mark.parametrize("model", MODELS)
async def test_openai_sdk_streams_from_any_provider(door: Any, gpt: Any, model: str) -> None:
    door.upstream.will(Reply(text="one two three four"))

    stream = await gpt.chat.completions.create(
        model=model, messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]

    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == "one two three four"
    assert [c.usage.completion_tokens for c in chunks if c.usage] == [4]


async def test_a_stream_without_asked_usage_shows_none(door: Any, gpt: Any) -> None:
    stream = await gpt.chat.completions.create(model="gpt", messages=HELLO, stream=True)

    chunks = [chunk async for chunk in stream]

    assert all(chunk.choices for chunk in chunks)
    assert not any(chunk.usage for chunk in chunks)
    assert door.upstream.requests[-1].json["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("model", ["claude", "gpt"])
async def test_anthropic_sdk_gets_an_answer_from_any_provider(door: Any, claude: Any, model: str) -> None:
    door.upstream.will(Reply(text="hello from afar"))

    answer = await claude.messages.create(model=model, max_tokens=64, messages=HELLO)

    assert answer.content[0].text == "hello from afar"
    assert answer.stop_reason == "end_turn"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (7, 3)


@pytest.mark.parametrize("model", ["claude", "gpt"])
async def test_anthropic_sdk_streams_from_any_provider(door: Any, claude: Any, model: str) -> None:
    door.upstream.will(Reply(text="one two three four"))

    async with claude.messages.stream(model=model, max_tokens=64, messages=HELLO) as stream:
        text = "".join([piece async for piece in stream.text_stream])
        message = await stream.get_final_message()

    assert text == "one two three four"
    assert message.usage.output_tokens == 4


async def test_the_provider_sees_its_own_model_and_key_and_never_the_clients(door: Any, gpt: Any) -> None:
    await gpt.chat.completions.create(model="gpt", messages=HELLO)

    seen = door.upstream.requests[-1]
    assert seen.json["model"] == "gpt-4o-mini"
    assert seen.headers["authorization"] == "Bearer sk-provider-openai"
    assert door.master_key not in str(dict(seen.headers))


async def test_a_bad_key_is_an_authentication_error_in_both_sdks(door: Any) -> None:
    async with openai.AsyncOpenAI(base_url=door.url + "/v1", api_key="sk-nobody", max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError, match="Authentication Error"):
            await client.chat.completions.create(model="gpt", messages=HELLO)
    async with anthropic.AsyncAnthropic(base_url=door.url, api_key="sk-nobody", max_retries=0) as client:
        with pytest.raises(anthropic.AuthenticationError, match="Authentication Error"):
            await client.messages.create(model="gpt", max_tokens=9, messages=HELLO)


async def test_an_unknown_model_is_named_in_the_error(gpt: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="no-such-model"):
        await gpt.chat.completions.create(model="no-such-model", messages=HELLO)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, openai.RateLimitError), (401, openai.AuthenticationError), (400, openai.BadRequestError)],
)
async def test_a_providers_error_keeps_its_kind_and_names_the_provider(
    door: Any, gpt: Any, status: int, kind: type[openai.APIStatusError]
) -> None:
    door.upstream.will(Reply(status=status))

    with pytest.raises(kind, match=rf"(?i)openai.*the fake provider says {status}"):
        await gpt.chat.completions.create(model="gpt", messages=HELLO)


async def test_the_model_list_is_what_the_key_may_use(door: Any) -> None:
    key = await door.new_key(models=["gpt"])
    async with openai.AsyncOpenAI(base_url=door.url + "/v1", api_key=key) as client:
        assert [model.id async for model in client.models.list()] == ["gpt"]


async def test_tools_reach_the_provider_and_come_back(door: Any, gpt: Any) -> None:
    tool = {
        "type": "function",
        "function": {
            "name": "add",
            "parameters": {"type": "object", "properties": {"a": {"type": "number"}}},
        },
    }
    call = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 2}}
    door.upstream.will(
        Reply(
            body=b'{"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5","content":['
            + str(call).replace("'", '"').encode()
            + b'],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":5}}'
        )
    )

    answer = await gpt.chat.completions.create(model="claude", messages=HELLO, tools=[tool])

    (asked,) = answer.choices[0].message.tool_calls
    assert (asked.id, asked.function.name, asked.function.arguments) == ("toolu_1", "add", '{"a":2}')
    assert answer.choices[0].finish_reason == "tool_calls"
    assert door.upstream.requests[-1].json["tools"][0]["name"] == "add"
