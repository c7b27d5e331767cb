import json
from pathlib import Path
from typing import Any

import pytest

from tianji.errors import BadRequest, UpstreamError
from tianji.wire.chat import ChatFront
from tianji.wire.neutral import Failed, Finished, Grew, Started, Used

FIXTURES = Path(__file__).parent / "recorded" / "replicate"
VERSION = "a" * 64
BASE = "https://api.replicate.com/v1"


@pytest.fixture
def made(bound, fields):
    """Return the request that makes a prediction."""

    def make(model: str = "meta/llama-3", **body: Any) -> Any:
        upstream = bound("replicate", model, api_key="k", **body.pop("params", {}))
        return upstream.request(ChatFront().read(fields(**body)))

    return make


@pytest.fixture
def given(made):
    """Return the input of a prediction."""

    def read(model: str = "meta/llama-3", **body: Any) -> Any:
        return json.loads(made(model, **body).body)["input"]

    return read


def prediction(status: str, **more: Any) -> bytes:
    return json.dumps({"id": "p1", "status": status, **more}).encode()


@pytest.mark.parametrize(
    ("model", "path", "version"),
    [
        ("meta/llama-3", "/models/meta/llama-3/predictions", None),
        (f"meta/llama-2:{VERSION}", "/predictions", VERSION),
        (VERSION, "/predictions", VERSION),
        ("deployments/me/mine", "/deployments/me/mine/predictions", None),
    ],
)
def test_a_models_name_says_where_predictions_are_made(made, model, path, version):
    request = made(model)

    assert request.url == BASE + path
    assert json.loads(request.body).get("version") == version
    assert request.headers["authorization"] == "Bearer k"


def test_a_conversation_is_one_prompt(given):
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    talk = [
        {"role": "system", "content": "short"},
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "seen"},
    ]

    assert given() == {"prompt": "hi"}
    told = [
        "### User:\ngo",
        '### Assistant:\n{"tool_calls":[{"name":"look","arguments":{}}]}',
        "### Tool:\nResult of look: seen",
        "### Assistant:\n",
    ]
    assert given(messages=talk) == {"system_prompt": "short", "prompt": "\n\n".join(told)}
    assert given("me/mine", messages=[talk[0], talk[1]]) == {"prompt": "short\n\ngo"}
    said = {"supports_system_prompt": True}
    assert given("me/mine", messages=talk[:2], params=said) == {"prompt": "go", "system_prompt": "short"}


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("meta/llama-3", "max_new_tokens"),
        ("openai/gpt-5", "max_completion_tokens"),
        ("anthropic/claude-4-sonnet", "max_tokens"),
        ("google/gemini-2.5-flash", "max_output_tokens"),
        ("replicate/vicuna-13b", "max_length"),
        ("me/mine", "max_new_tokens"),
    ],
)
def test_inputs_have_the_names_of_the_models_family(given, model, name):
    assert given(model, max_tokens=7)[name] == 7


def test_inputs_of_the_models_own_are_passed_on(given):
    body = given(stop=["a", "b"], prompt_template="{prompt}", top_k=5, reasoning_effort="low")

    assert body["stop_sequences"] == "a,b"
    assert (body["prompt_template"], body["top_k"], body["reasoning_effort"]) == ("{prompt}", 5, "low")


def test_pictures_are_inputs(given):
    picture = {"type": "image_url", "image_url": {"url": "https://p.test/a.png"}}
    user = [{"role": "user", "content": [{"type": "text", "text": "see"}, picture]}]
    two = [{"role": "user", "content": [picture, picture]}]

    assert given(messages=user)["image"] == "https://p.test/a.png"
    assert given("openai/gpt-5", messages=two)["image_input"] == ["https://p.test/a.png"] * 2
    with pytest.raises(BadRequest, match="one picture"):
        given(messages=two)


def test_tools_are_told_in_words_and_heard_in_the_answer(bound, fields, given):
    tools = [{"type": "function", "function": {"name": "look"}}]
    said = json.dumps({"tool_calls": [{"name": "look", "arguments": {"at": "x"}}]})
    ask, upstream = ChatFront().read(fields(tools=tools)), bound("replicate", "meta/llama-3")

    assert '"name":"look"' in given(tools=tools)["system_prompt"]
    assert given(tools=tools, tool_choice="none") == {"prompt": "hi"}
    choice = upstream.response(prediction("succeeded", output=said), ask).choices[0]
    assert (choice.finish, choice.blocks[0].name) == ("tool_calls", "look")


def test_a_prediction_is_asked_for_until_it_has_ended(made):
    request = made()
    assert request.headers["prefer"] == "wait=60"

    first = request.then(prediction("starting"))
    second = first.request.then(prediction("processing"))

    assert (first.request.method, first.request.url) == ("GET", f"{BASE}/predictions/p1")
    assert first.request.headers["authorization"] == "Bearer k"
    assert "prefer" not in first.request.headers
    assert second.after_s > first.after_s
    assert request.then(prediction("succeeded", output="x")) is None
    assert request.then(prediction("failed")) is None
    assert request.then(b"<html>") is None


def test_a_stream_is_read_where_the_prediction_says(made):
    url = "https://stream-b.svc.rno2.c.replicate.net/v1/streams/x"
    request = made(stream=True)

    follow = request.then(prediction("starting", urls={"stream": url}))

    assert json.loads(request.body)["stream"] is True
    assert "prefer" not in request.headers
    assert (follow.request.url, follow.request.then) == (url, None)
    assert follow.request.headers["accept"] == "text/event-stream"


@pytest.mark.parametrize(
    "url", ["https://evil.test/x", "http://api.replicate.com/x", "https://evilreplicate.net/x", 7, None]
)
def test_the_key_is_shown_to_nobody_else(made, url):
    follow = made(stream=True).then(prediction("starting", urls={"stream": url}))

    assert follow.request.url == f"{BASE}/predictions/p1"


def decoded(bound: Any, fields: Any, *pieces: bytes) -> tuple[list[Any], bool]:
    decoder = bound("replicate", "meta/llama-3").stream(ChatFront().read(fields(stream=True)))
    found = [event for piece in pieces for event in decoder.feed(piece)] + decoder.close()
    return found, decoder.complete


def test_a_stream_may_be_cut_anywhere(bound, fields):
    raw = json.loads((FIXTURES / "stream/stream.json").read_text())["response"]["sse"].encode()

    def told(*pieces: bytes) -> list[Any]:
        events, complete = decoded(bound, fields, *pieces)
        assert complete
        return [(type(event), getattr(event, "text", None)) for event in events]

    whole = told(raw)
    assert all(told(raw[:at], raw[at:]) == whole for at in range(1, len(raw)))
    assert told(raw.replace(b"\n", b"\r\n")) == whole


def test_a_model_that_cannot_stream_answers_whole(bound, fields):
    metrics = {"input_token_count": 3, "output_token_count": 2}
    body = prediction("succeeded", output=["a", "b"], metrics=metrics)

    events, complete = decoded(bound, fields, body[:9], body[9:])

    assert complete
    assert isinstance(events[0], Started)
    assert [event.text for event in events if isinstance(event, Grew)] == ["ab"]
    assert [event.usage.input_tokens for event in events if isinstance(event, Used)] == [3]
    assert isinstance(events[-1], Finished)


def test_a_prediction_that_failed_is_an_error(bound, fields):
    ask, upstream = ChatFront().read(fields()), bound("replicate", "meta/llama-3")

    with pytest.raises(UpstreamError, match="CUDA") as broken:
        upstream.response(prediction("failed", error="CUDA out of memory"), ask)
    with pytest.raises(UpstreamError) as long:
        upstream.response(prediction("failed", error="the prompt is too long"), ask)
    events, complete = decoded(bound, fields, prediction("canceled"))

    assert (broken.value.status, broken.value.retryable) == (502, True)
    assert (long.value.code, long.value.retryable) == ("context_length_exceeded", False)
    assert isinstance(events[0], Failed)
    assert not complete


def test_a_stream_that_was_cancelled_is_not_complete(bound, fields):
    raw = b'event: output\ndata: a\n\nevent: done\ndata: {"reason": "canceled"}\n\n'

    events, complete = decoded(bound, fields, raw)

    assert isinstance(events[-1], Failed)
    assert not complete


def test_output_that_has_a_form_is_json(bound, fields):
    answer = bound("replicate", "me/mine").response(
        prediction("succeeded", output={"a": 1}), ChatFront().read(fields())
    )

    assert answer.choices[0].blocks[0].text == '{"a":1}'
