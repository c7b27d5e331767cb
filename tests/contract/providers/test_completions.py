"""Completions that take a prompt: OpenAI's and Codestral's, behind the chat of this gateway."""

import json
from pathlib import Path
from typing import Any

import pytest

from tianji.errors import BadRequest, UnsupportedParameter, UpstreamError
from tianji.wire.chat import ChatFront

FIXTURES = Path(__file__).parent / "recorded"
OPENAI, CODESTRAL = "text-completion-openai", "text-completion-codestral"


@pytest.fixture
def sent(bound, fields):
    """Return the body that arrives."""

    def send(name: str = OPENAI, **body: Any) -> Any:
        upstream = bound(name, "m", **body.pop("params", {}))
        return json.loads(upstream.request(ChatFront().read(fields(**body))).body)

    return send


def test_both_are_found_by_their_addresses(bound):
    assert bound(OPENAI).url == "https://api.openai.com/v1/completions"
    assert bound(OPENAI, api_base="http://v.test/v1").url == "http://v.test/v1/completions"
    assert bound(OPENAI, organization="o").headers["openai-organization"] == "o"
    assert bound(CODESTRAL).url == "https://codestral.mistral.ai/v1/fim/completions"
    assert bound(CODESTRAL, api_base="http://c.test/v1/fim").url.startswith("http://c.test/v1/fim")


def test_a_chat_becomes_a_prompt(sent):
    talk = [
        {"role": "system", "content": "short"},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]

    assert sent() == {"model": "m", "prompt": "hi"}
    prompt = sent(messages=talk)["prompt"]
    assert prompt == "short\n\n### User:\na\n\n### Assistant:\nb\n\n### User:\nc\n\n### Assistant:\n"


def test_parameters_have_the_names_of_each(sent):
    body = sent(seed=3, n=2, logprobs=True, top_logprobs=4, suffix="end", user="me", stream=True)

    assert (body["seed"], body["n"], body["logprobs"], body["suffix"], body["user"]) == (3, 2, 4, "end", "me")
    assert body["stream_options"] == {"include_usage": True}
    own = sent(CODESTRAL, seed=3, suffix="end", stream=True)
    assert own == {"model": "m", "prompt": "hi", "random_seed": 3, "suffix": "end", "stream": True}


def test_what_a_prompt_cannot_hold_is_refused(sent):
    picture = {"type": "image_url", "image_url": {"url": "https://p.test/a.png"}}
    with pytest.raises(BadRequest, match="no pictures"):
        sent(messages=[{"role": "user", "content": [picture]}])
    with pytest.raises(UnsupportedParameter, match="without tools"):
        sent(CODESTRAL, tools=[{"type": "function", "function": {"name": "f"}}])
    with pytest.raises(UnsupportedParameter, match="logit_bias"):
        sent(CODESTRAL, logit_bias={"1": 1})


def test_probabilities_are_told_as_a_chat_tells_them(bound, fields):
    told = {
        "tokens": ["a", "b"],
        "token_logprobs": [None, -1.5],
        "top_logprobs": [None, {"b": -1.5, "c": -2}],
    }
    body = {"choices": [{"text": "ab", "index": 0, "logprobs": told, "finish_reason": "stop"}]}

    answer = bound(OPENAI).response(json.dumps(body).encode(), ChatFront().read(fields()))

    first, second = answer.choices[0].logprobs["content"]
    assert (first["token"], first["logprob"], first["top_logprobs"]) == ("a", 0.0, [])
    assert [top["token"] for top in second["top_logprobs"]] == ["b", "c"]


@pytest.mark.parametrize(
    ("name", "path"),
    [(OPENAI, f"{OPENAI}/completions/stream.json"), (CODESTRAL, f"{CODESTRAL}/fim/stream.json")],
)
def test_a_stream_may_be_cut_anywhere(bound, fields, name, path):
    raw = json.loads((FIXTURES / path).read_text())["response"]["sse"].encode()
    ask = ChatFront().read(fields())

    def events(*pieces: bytes) -> list[Any]:
        decoder = bound(name).stream(ask)
        found = [event for piece in pieces for event in decoder.feed(piece)] + decoder.close()
        assert decoder.complete
        return [(type(e), getattr(e, "text", None), getattr(e, "index", None)) for e in found]

    whole = events(raw)
    assert all(events(raw[:at], raw[at:]) == whole for at in range(1, len(raw)))
    assert events(raw.replace(b"data: [DONE]\n\n", b"")) == whole


def test_several_answers_are_told_apart(bound, fields):
    def chunk(index: int, text: str, finish: str | None = None) -> bytes:
        choice = {"index": index, "text": text, "finish_reason": finish}
        return b"data: " + json.dumps({"id": "c", "choices": [choice]}).encode() + b"\n\n"

    decoder = bound(OPENAI).stream(ChatFront().read(fields()))
    pieces = (chunk(0, "a"), chunk(1, "b"), chunk(0, "c", "stop"), chunk(1, "", "length"))
    events = [event for piece in pieces for event in decoder.feed(piece)]

    said = [(e.choice, e.text) for e in events if type(e).__name__ == "Grew"]
    assert said == [(0, "a"), (1, "b"), (0, "c")]
    assert [(e.choice, e.finish) for e in events if type(e).__name__ == "Finished"] == [
        (0, "stop"),
        (1, "length"),
    ]


def test_a_stream_that_breaks_off_is_not_complete(bound, fields):
    decoder = bound(OPENAI).stream(ChatFront().read(fields()))

    decoder.feed(b'data: {"choices": [{"index": 0, "text": "a"}]}\n\n')
    decoder.close()

    assert not decoder.complete


def test_an_answer_without_choices_cannot_be_read(bound, fields):
    with pytest.raises(UpstreamError, match="cannot be read"):
        bound(OPENAI).response(b'{"object": "text_completion"}', ChatFront().read(fields()))
