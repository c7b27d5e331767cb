import json
from pathlib import Path
from typing import Any

import pytest

from tianji.errors import BadRequest, UnsupportedParameter, UpstreamError
from tianji.wire.chat import ChatFront
from tianji.wire.neutral import Failed

FIXTURES = Path(__file__).parent / "recorded" / "cloudflare" / "run"
ACCOUNT = "https://api.cloudflare.com/client/v4/accounts"
MODEL = "@cf/meta/llama-3.1-8b-instruct"


@pytest.fixture
def sent(bound, fields):
    """Return the body that a model is run with."""

    def send(**body: Any) -> Any:
        upstream = bound("cloudflare", MODEL, account_id="a1", **body.pop("params", {}))
        return json.loads(upstream.request(ChatFront().read(fields(**body))).body)

    return send


def test_an_account_or_an_address_says_where_models_are_run(bound):
    run = f"{ACCOUNT}/a1/ai/run/{MODEL}"

    assert bound("cloudflare", MODEL, account_id="a1").url == run
    assert bound("cloudflare", MODEL, environ={"CLOUDFLARE_ACCOUNT_ID": "a1"}).url == run
    assert bound("cloudflare", MODEL, api_base="http://c.test/run/").url == f"http://c.test/run/{MODEL}"
    with pytest.raises(BadRequest, match="CLOUDFLARE_ACCOUNT_ID"):
        bound("cloudflare", MODEL)


def test_the_endpoint_in_openais_form_is_called_by_its_address(bound, fields):
    upstream = bound("cloudflare", MODEL, api_base=f"{ACCOUNT}/a1/ai/v1", api_key="k")

    assert upstream.url == f"{ACCOUNT}/a1/ai/v1/chat/completions"
    assert json.loads(upstream.forward("chat", fields(), stream=False).body)["model"] == MODEL
    assert upstream.headers["authorization"] == "Bearer k"


def test_a_model_is_run_with_messages_that_hold_texts(sent):
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    talk = [
        {"role": "developer", "content": "short"},
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": None, "reasoning_content": "hm", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "x"},
    ]

    body = sent(messages=talk, account_id="no")

    assert "model" not in body
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool"]
    assert body["messages"][2] == {"role": "assistant", "content": "", "tool_calls": [call]}


def test_a_schema_stands_bare(sent):
    schema = {"type": "object", "properties": {}}
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}

    assert sent(response_format=wanted)["response_format"] == {"type": "json_schema", "json_schema": schema}


def test_what_models_do_not_take_is_refused_or_dropped(sent):
    with pytest.raises(UnsupportedParameter, match="'n'"):
        sent(n=3)
    body = sent(n=3, lora="mine", repetition_penalty=1.1, params={"drop_params": True})
    assert body == {
        "messages": [{"role": "user", "content": "hi"}],
        "lora": "mine",
        "repetition_penalty": 1.1,
    }


@pytest.mark.parametrize("name", ["stream", "tools_stream", "chat_stream"])
def test_a_stream_may_be_cut_anywhere(bound, fields, name):
    raw = json.loads((FIXTURES / f"{name}.json").read_text())["response"]["sse"].encode()
    upstream, ask = bound("cloudflare", MODEL, account_id="a"), ChatFront().read(fields())

    def events(*pieces: bytes) -> list[Any]:
        decoder = upstream.stream(ask)
        found = [event for piece in pieces for event in decoder.feed(piece)] + decoder.close()
        assert decoder.complete
        return [(type(e), getattr(e, "text", None), getattr(e, "index", None)) for e in found]

    whole = events(raw)
    assert all(events(raw[:at], raw[at:]) == whole for at in range(1, len(raw)))
    assert events(raw.replace(b"\n", b"\r\n")) == whole


@pytest.mark.parametrize("name", ["stream", "chat_stream"])
def test_a_stream_without_its_end_is_not_complete(bound, fields, name):
    raw = json.loads((FIXTURES / f"{name}.json").read_text())["response"]["sse"].encode()
    decoder = bound("cloudflare", MODEL, account_id="a").stream(ChatFront().read(fields()))

    decoder.feed(raw[: raw.index(b"data: ", 20)])
    decoder.close()

    assert not decoder.complete


def test_an_envelope_that_tells_of_errors_is_one(bound, fields):
    upstream, ask = bound("cloudflare", MODEL, account_id="a"), ChatFront().read(fields())
    told = b'{"success": false, "result": null, "errors": [{"code": 7009, "message": "service unavailable"}]}'

    with pytest.raises(UpstreamError, match="service unavailable") as raised:
        upstream.response(told, ask)
    (event,) = upstream.stream(ask).feed(b"data: " + told + b"\n\n")

    assert raised.value.code == "7009"
    assert isinstance(event, Failed)
    with pytest.raises(UpstreamError, match="cannot be read"):
        upstream.response(b'{"success": true, "result": {}}', ask)
