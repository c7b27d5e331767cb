"""Endpoints on SageMaker: those that take one text, and those that take messages."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tianji.errors import BadRequest, UnsupportedParameter, UpstreamError
from tianji.wire.neutral import (
    Ask,
    Failed,
    Finished,
    Grew,
    Image,
    Source,
    Text,
    Tool,
    Turn,
    Used,
)
from tianji_testkit.event_stream import exception, frame

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret", "aws_region_name": "eu-west-1"}
HOST = "https://runtime.sagemaker.eu-west-1.amazonaws.com"


def ask(**more: Any) -> Ask:
    return Ask("m", more.pop("turns", [Turn("user", [Text("Hi")])]), front="chat", **more)


def part(payload: bytes) -> bytes:
    return frame(
        payload, event_type="PayloadPart", content_type="application/octet-stream", message_type="event"
    )


def parts(payload: bytes, size: int) -> bytes:
    """Cut what a container wrote into frames, anywhere."""
    return b"".join(part(payload[at : at + size]) for at in range(0, len(payload), size))


def text_of(events: list[Any]) -> str:
    return "".join(one.text for one in events if isinstance(one, Grew))


def test_a_text_endpoint_is_asked_for_one_text(bound: Callable[..., Any]):
    upstream = bound("sagemaker", "jumpstart-llama-2-7b", **KEYS)
    request = upstream.request(ask(max_tokens=9, temperature=0.5, stop=["X"]))

    assert request.url == f"{HOST}/endpoints/jumpstart-llama-2-7b/invocations"
    assert json.loads(request.body) == {
        "inputs": "<s>[INST] Hi [/INST]",
        "parameters": {"max_new_tokens": 9, "temperature": 0.5, "stop": ["X"]},
    }
    assert upstream.request(ask(stream=True)).url.endswith("/invocations-response-stream")


def test_the_models_own_name_tells_how_turns_are_written(bound: Callable[..., Any]):
    request = bound("sagemaker", "my-endpoint", hf_model_name="Qwen/Qwen2-7B", **KEYS).request(ask())

    assert json.loads(request.body)["inputs"] == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


def test_an_inference_component_is_named_in_a_header(bound: Callable[..., Any]):
    request = bound("sagemaker_chat", "my-endpoint", model_id="part-1", **KEYS).request(ask())

    assert request.headers["x-amzn-sagemaker-inference-component"] == "part-1"


@pytest.mark.parametrize("wrap", [lambda one: [one], lambda one: one])
def test_a_text_that_repeats_the_question_is_cut(bound: Callable[..., Any], wrap: Any):
    body = wrap({"generated_text": "<s>[INST] Hi [/INST] Hello!"})

    answer = bound("sagemaker", "llama-2", **KEYS).response(json.dumps(body).encode(), ask())

    assert answer.choices[0].blocks == [Text(" Hello!")]
    assert answer.usage is None


@pytest.mark.parametrize("size", [1, 5, 40, 4000])
def test_a_text_endpoint_streams_tokens(bound: Callable[..., Any], size: int):
    told: list[dict[str, Any]] = [
        {"token": {"text": "Grü", "special": False}, "generated_text": None},
        {"token": {"text": "ezi", "special": False}, "generated_text": None},
        {
            "token": {"text": "</s>", "special": True},
            "generated_text": "Grüezi",
            "details": {"finish_reason": "length", "generated_tokens": 3, "input_length": 4},
        },
    ]
    written = "".join(f"data:{json.dumps(one, ensure_ascii=False)}\n\n" for one in told).encode()
    reader = bound("sagemaker", "e", **KEYS).stream(ask(stream=True))
    events = reader.feed(parts(written, size)) + reader.close()

    assert text_of(events) == "Grüezi"
    assert Finished("length", "length") in events
    assert isinstance(events[-1], Used)
    assert (events[-1].usage.input_tokens, events[-1].usage.output_tokens) == (4, 3)
    assert reader.complete


def test_a_container_that_gives_up_is_told(bound: Callable[..., Any]):
    reader = bound("sagemaker", "e", **KEYS).stream(ask(stream=True))
    events = reader.feed(part(b'data:{"error":"Model is overloaded","error_type":"overloaded"}\n\n'))

    assert isinstance(events[-1], Failed)
    assert (events[-1].status, reader.complete) == (429, False)


@pytest.mark.parametrize("size", [1, 7, 4000])
def test_a_chat_endpoint_streams_chunks_cut_anywhere(bound: Callable[..., Any], size: int):
    written = (
        'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Grü"}}]}\n\n'
        'data: {"choices":[{"index":0,"delta":{"content":"ezi"},"finish_reason":"stop"}]}\n\n'
        'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\ndata: [DONE]\n\n'
    ).encode()
    reader = bound("sagemaker_chat", "e", **KEYS).stream(ask(stream=True))
    events = reader.feed(parts(written, size)) + reader.close()

    assert text_of(events) == "Grüezi"
    assert any(isinstance(one, Used) and one.usage.output_tokens == 2 for one in events)
    assert reader.complete


def test_an_exception_of_sagemaker_ends_the_stream(bound: Callable[..., Any]):
    reader = bound("sagemaker_chat", "e", **KEYS).stream(ask(stream=True))
    events = reader.feed(exception("ModelStreamError", {"Message": "ran out of memory", "ErrorCode": "X"}))

    assert isinstance(events[-1], Failed)
    assert "ran out of memory" in events[-1].message


@pytest.mark.parametrize("name", ["sagemaker_chat", "sagemaker_nova"])
def test_a_chat_endpoint_is_asked_in_openais_form(bound: Callable[..., Any], name: str):
    tool = Tool("t", schema={"type": "object"})
    body = json.loads(bound(name, "e", **KEYS).request(ask(tools=[tool], stream=True, top_k=3)).body)

    assert body["messages"] == [{"role": "user", "content": "Hi"}]
    assert (body["stream"], body["top_k"]) == (True, 3)
    assert body["tools"][0]["function"]["name"] == "t"


def test_a_text_endpoint_says_what_it_does_not_take(bound: Callable[..., Any]):
    upstream = bound("sagemaker", "e", **KEYS)
    with pytest.raises(UnsupportedParameter, match="logprobs"):
        upstream.request(ask(logprobs=True))
    with pytest.raises(BadRequest, match="text alone"):
        upstream.request(ask(turns=[Turn("user", [Image(Source(data="AAAA"))])]))


def test_the_error_of_a_container_keeps_its_words(bound: Callable[..., Any]):
    body = {
        "ErrorCode": "x",
        "Message": 'Received server error (500) from primary: "CUDA"',
        "OriginalStatusCode": 500,
    }
    error = bound("sagemaker", "e", **KEYS).error(
        424, {"x-amzn-errortype": "ModelError"}, json.dumps(body).encode()
    )

    assert isinstance(error, UpstreamError)
    assert "CUDA" in error.message
    assert error.retryable


def test_an_answer_that_is_none_is_an_error(bound: Callable[..., Any]):
    for name in ("sagemaker", "sagemaker_chat"):
        for body in (b"", b"[]", b'{"x": 1}'):
            with pytest.raises(UpstreamError, match="cannot be read"):
                bound(name, "e", **KEYS).response(body, ask())
