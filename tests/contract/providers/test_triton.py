import json
from typing import Any

import pytest

from tianji.errors import BadRequest, UpstreamError
from tianji.wire.chat import ChatFront
from tianji.wire.neutral import Failed, Grew

MODEL = "http://t.test/v2/models/llama"


def request_of(bound: Any, fields: Any, base: str, **body: Any) -> Any:
    return bound("triton", "llama", api_base=base).request(ChatFront().read(fields(**body)))


@pytest.mark.parametrize(
    "base", ["http://t.test", "http://t.test/v2/", f"{MODEL}/generate", f"{MODEL}/generate_stream"]
)
def test_a_model_is_found_on_its_server_or_by_its_whole_address(bound, fields, base):
    assert request_of(bound, fields, base).url == f"{MODEL}/generate"
    assert request_of(bound, fields, base, stream=True).url == f"{MODEL}/generate_stream"


def test_a_server_must_be_named(bound):
    with pytest.raises(BadRequest, match="TRITON_API_BASE"):
        bound("triton", "llama")


def test_parameters_stand_beside_the_text(bound, fields):
    body = json.loads(request_of(bound, fields, MODEL + "/generate", stop="x", seed=3, bad_words=["y"]).body)

    assert body == {
        "text_input": "hi",
        "parameters": {"max_tokens": 2000, "random_seed": 3, "stop_words": ["x"], "bad_words": ["y"]},
        "stream": False,
    }


def test_infer_takes_tensors_and_answers_whole(bound, fields):
    request = request_of(bound, fields, MODEL + "/infer", max_tokens=5, temperature=0.5, stream=True)

    tensors = {one["name"]: (one["datatype"], one["data"]) for one in json.loads(request.body)["inputs"]}
    assert request.url == MODEL + "/infer"
    assert tensors == {
        "text_input": ("BYTES", ["hi"]),
        "max_tokens": ("INT32", [5]),
        "temperature": ("FP32", [0.5]),
    }
    decoder = bound("triton", "llama", api_base=MODEL + "/infer").stream(ChatFront().read(fields()))
    events = decoder.feed(b'{"outputs": [{"name": "text_output", "data": ["a", "b"]}]}') + decoder.close()
    assert [event.text for event in events if isinstance(event, Grew)] == ["ab"]
    assert decoder.complete


def test_an_error_is_one_wherever_it_comes(bound, fields):
    upstream, ask = bound("triton", "llama", api_base=MODEL), ChatFront().read(fields())

    with pytest.raises(UpstreamError, match="no memory"):
        upstream.response(b'{"error": "no memory"}', ask)
    decoder = upstream.stream(ask)
    (event,) = decoder.feed(b'data: {"error": "no memory"}\n\n')
    assert isinstance(event, Failed)
    assert decoder.close() == []
    assert not decoder.complete


def test_completions_of_azure_are_its_deployments(bound, fields):
    upstream = bound("azure_text", "d", api_base="https://a.test", api_key="k", api_version="2025-03-01")

    request = upstream.request(ChatFront().read(fields()))

    assert request.url == "https://a.test/openai/deployments/d/completions?api-version=2025-03-01"
    assert request.headers["api-key"] == "k"
    assert json.loads(request.body)["prompt"] == "hi"


def test_a_tenant_of_predibase_must_be_named(bound, fields):
    with pytest.raises(BadRequest, match="PREDIBASE_TENANT_ID"):
        bound("predibase", "mine")
    upstream = bound("predibase", "mine", environ={"PREDIBASE_TENANT_ID": "t", "PREDIBASE_API_KEY": "k"})
    stream = upstream.request(ChatFront().read(fields(stream=True)))
    base = "https://serving.app.predibase.com/t/deployments/v2/llms/mine/generate"
    assert (upstream.url, stream.url) == (base, f"{base}_stream")
    assert stream.headers["authorization"] == "Bearer k"
