"""The SDKs of both houses read what the fronts write, whichever provider answered."""

import json
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from anthropic import Anthropic
from openai import OpenAI

from tianji.domain.deployments import Deployment
from tianji.providers import provider
from tianji.wire.chat import ChatFront
from tianji.wire.front import Front
from tianji.wire.messages import MessagesFront
from tianji_testkit.recorded import Exchange, recorded

OURS = Path(__file__).parent / "recorded"
ANSWERS = [
    one
    for one in recorded(OURS, "openai/chat", "azure/chat", "anthropic/messages")
    if not one.expect.get("error") and one.expect.get("finish_reason_raw") != "length"
]
TURNS: list[Any] = [{"role": "user", "content": "x"}]


def written(exchange: Exchange, front: Front) -> bytes:
    body = {"model": "m", "messages": TURNS, "stream": exchange.stream}
    ask = ChatFront().read(msgspec.json.decode(json.dumps(body), type=dict[str, msgspec.Raw]))
    params = {"api_base": "http://provider.test"}
    deployment = Deployment(
        id="d", model_name="m", provider=exchange.provider, model=exchange.model, params=params
    )
    upstream = provider(exchange.provider).bind(deployment, {"environment": {}})
    if not exchange.stream:
        return front.write(upstream.response(exchange.body, ask), ask)
    decoder, encoder = upstream.stream(ask), front.encoder(ask, model="m")
    return encoder.encode(decoder.feed(exchange.body)) + encoder.encode(decoder.close()) + encoder.close()


def client(body: bytes, *, stream: bool) -> httpx2.Client:
    kind = "text/event-stream" if stream else "application/json"
    answer = httpx2.MockTransport(
        lambda _: httpx2.Response(200, content=body, headers={"content-type": kind})
    )
    return httpx2.Client(transport=answer)


@pytest.mark.parametrize("exchange", ANSWERS, ids=str)
def test_openais_sdk_reads_chat_completions(exchange: Exchange):
    with client(written(exchange, ChatFront()), stream=exchange.stream) as http:
        openai = OpenAI(api_key="k", base_url="http://gateway.test/v1", http_client=http, max_retries=0)
        if exchange.stream:
            with openai.chat.completions.stream(model="m", messages=TURNS) as events:
                message: Any = events.get_final_completion().choices[0].message
        else:
            message = openai.chat.completions.create(model="m", messages=TURNS).choices[0].message

    calls = [call.function for call in message.tool_calls or []]
    if not exchange.stream and message.function_call:
        calls.append(message.function_call)
    assert (message.content or "").strip() == exchange.expect["text"]
    assert [call.name for call in calls] == wanted_calls(exchange)


@pytest.mark.parametrize("exchange", ANSWERS, ids=str)
def test_anthropics_sdk_reads_messages(exchange: Exchange):
    with client(written(exchange, MessagesFront()), stream=exchange.stream) as http:
        anthropic = Anthropic(api_key="k", base_url="http://gateway.test", http_client=http, max_retries=0)
        if exchange.stream:
            with anthropic.messages.stream(model="m", max_tokens=9, messages=TURNS) as events:
                message: Any = events.get_final_message()
        else:
            message = anthropic.messages.create(model="m", max_tokens=9, messages=TURNS)

    text = "".join(block.text for block in message.content if block.type == "text")
    calls = [block for block in message.content if block.type == "tool_use"]
    assert text == (exchange.expect["text"] or exchange.expect.get("refusal") or "")
    assert [call.name for call in calls] == wanted_calls(exchange)
    assert all(isinstance(call.input, dict) and call.input for call in calls)


def wanted_calls(exchange: Exchange) -> list[str]:
    function = exchange.expect.get("function_call")
    return [call["name"] for call in exchange.expect.get("tool_calls") or ([function] if function else [])]
