"""Whole answers and streams, as Google's clients read them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tianji.errors import RateLimited, UpstreamError
from tianji.wire.generate_content import GenerateContentFront
from tianji.wire.generate_content.spelling import DIALECT
from tianji.wire.neutral import (
    Answer,
    Ask,
    Audio,
    Block,
    BlockStarted,
    BlockStopped,
    Choice,
    Event,
    Failed,
    Finish,
    Finished,
    Grew,
    Image,
    Opaque,
    Reasoning,
    Refusal,
    Source,
    Started,
    Text,
    ToolCall,
    Usage,
    Used,
)

front = GenerateContentFront()


def written(*blocks: Block, **fields: Any) -> dict[str, Any]:
    answer = Answer("id", "m", choices=[Choice(blocks=list(blocks), finish="stop", **fields)])
    whole: dict[str, Any] = json.loads(front.write(answer, Ask("m")))
    return whole


def parts(*blocks: Block) -> list[Any]:
    found: list[Any] = written(*blocks)["candidates"][0]["content"]["parts"]
    return found


def streamed(*events: Event, array: bool = False) -> list[Any]:
    """Write a stream event by event, and read it as a client does."""
    encoder = GenerateContentFront(array=array).encoder(Ask("m"), model="m")
    raw = b"".join(encoder.encode([event]) for event in events) + encoder.close()
    return read(raw, array=array)


def read(raw: bytes, *, array: bool = False) -> list[Any]:
    if array:
        found: list[Any] = json.loads(raw)
        return found
    return [json.loads(event.removeprefix("data: ")) for event in raw.decode().split("\r\n\r\n") if event]


def test_an_answer_has_googles_fields() -> None:
    usage = Usage(10, 7, cache_read_tokens=4, reasoning_tokens=2)
    answer = Answer("id", "m", choices=[Choice(blocks=[Text("Hi")], finish="length")], usage=usage)

    assert json.loads(front.write(answer, Ask("m"))) == {
        "candidates": [
            {
                "content": {"parts": [{"text": "Hi"}], "role": "model"},
                "finishReason": "MAX_TOKENS",
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 10,
            "candidatesTokenCount": 5,
            "thoughtsTokenCount": 2,
            "cachedContentTokenCount": 4,
            "totalTokenCount": 17,
        },
        "modelVersion": "m",
        "responseId": "id",
    }


@pytest.mark.parametrize(
    ("finish", "raw", "word"),
    [
        ("stop", "end_turn", "STOP"),
        ("tool_calls", "tool_use", "STOP"),
        ("content_filter", None, "SAFETY"),
        ("content_filter", "RECITATION", "RECITATION"),
        ("error", "MALFORMED_FUNCTION_CALL", "MALFORMED_FUNCTION_CALL"),
        ("refusal", "refusal", "SAFETY"),
    ],
)
def test_why_a_model_stopped_is_said_in_googles_words(finish: Finish, raw: str | None, word: str) -> None:
    answer = Answer(choices=[Choice(finish=finish, finish_raw=raw)])

    assert json.loads(front.write(answer, Ask("m")))["candidates"][0]["finishReason"] == word


def test_blocks_become_parts() -> None:
    found = parts(
        Text(""),
        Refusal("no"),
        ToolCall("c", "f", '{"a":1}', signature="c2ln"),
        ToolCall("d", "g", "[1]"),
        Image(Source(data="AA==", media_type="image/webp")),
        Audio(Source(data="BB=="), "mp3"),
        Opaque(DIALECT, {"executableCode": {}}),
        Opaque("messages", {"type": "server_tool_use"}),
    )

    assert found == [
        {"text": "no"},
        {"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"},
        {"functionCall": {"id": "d", "name": "g", "args": {"input": [1]}}},
        {"inlineData": {"mimeType": "image/webp", "data": "AA=="}},
        {"inlineData": {"mimeType": "audio/mpeg", "data": "BB=="}},
        {"executableCode": {}},
    ]


@pytest.mark.parametrize(
    "thought",
    [
        Reasoning("hm", "EqoB+/sig="),
        Reasoning("hm", encrypted="gAAA"),
        Reasoning("", "openai:rs_1:gAAA"),
        Reasoning("hm", "gemini:c2ln"),
    ],
)
def test_a_signature_comes_back_as_it_was_through_a_client_that_knows_bytes_only(thought: Reasoning) -> None:
    (part,) = parts(thought)
    signature = base64.b64decode(part["thoughtSignature"], validate=True)
    part["thoughtSignature"] = base64.urlsafe_b64encode(signature).decode()
    body = {"model": b'"m"', "contents": json.dumps([{"role": "model", "parts": [part]}]).encode()}

    assert front.read(body).turns[0].blocks == [thought]  # type: ignore[arg-type]


def test_only_geminis_signature_stands_bare() -> None:
    assert parts(Reasoning("hm", "gemini:c2ln"))[0]["thoughtSignature"] == "c2ln"
    assert parts(Reasoning("hm", "c2ln"))[0]["thoughtSignature"] != "c2ln"


def test_pages_that_were_cited_are_named_with_their_place_in_bytes() -> None:
    page = {
        "type": "url_citation",
        "url_citation": {"url": "https://a", "title": "A", "start_index": 2, "end_index": 4},
    }
    other = {"type": "web_search_result_location", "url": "https://b", "title": "B", "cited_text": "b said"}
    candidate = written(Text("né é", [page]), Text("end", [other, page]))["candidates"][0]

    assert [chunk["web"]["uri"] for chunk in candidate["groundingMetadata"]["groundingChunks"]] == [
        "https://a",
        "https://b",
    ]
    supports = candidate["groundingMetadata"]["groundingSupports"]
    assert supports[0] == {"segment": {"startIndex": 3, "endIndex": 6}, "groundingChunkIndices": [0]}
    assert supports[1] == {
        "segment": {"startIndex": 6, "endIndex": 9, "text": "b said"},
        "groundingChunkIndices": [1],
    }
    assert candidate["citationMetadata"]["citations"][1]["uri"] == "https://b"


def test_log_probabilities() -> None:
    top = [{"token": "Hi", "logprob": -0.5}, {"token": "Yo", "logprob": -2}]
    candidate = written(
        Text("Hi"), logprobs={"content": [{"token": "Hi", "logprob": -0.5, "top_logprobs": top}]}
    )["candidates"][0]

    assert candidate["logprobsResult"]["chosenCandidates"] == [{"token": "Hi", "logProbability": -0.5}]
    assert candidate["logprobsResult"]["topCandidates"][0]["candidates"][1]["token"] == "Yo"
    assert candidate["avgLogprobs"] == -0.5


@pytest.mark.parametrize("array", [False, True])
def test_a_stream_gives_text_as_it_comes_and_calls_whole(array: bool) -> None:
    chunks = streamed(
        Started("id", "m"),
        BlockStarted(Reasoning(), 0),
        Grew(0, "hm"),
        Grew(0, signature="Eqo"),
        BlockStopped(0),
        BlockStarted(Text(""), 1),
        Grew(1, "He"),
        Grew(1, "y"),
        BlockStopped(1),
        BlockStarted(ToolCall("c", "f"), 2),
        Grew(2, '{"a"'),
        Grew(2, ":1}"),
        BlockStopped(2),
        Finished("tool_calls"),
        Used(Usage(3, 4)),
        array=array,
    )
    said = [chunk["candidates"][0]["content"]["parts"] for chunk in chunks]

    assert said[0] == [{"text": "hm", "thought": True}]
    assert said[1][0].keys() == {"thought", "thoughtSignature"}
    assert said[2:] == [
        [{"text": "He"}],
        [{"text": "y"}],
        [{"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}}],
        [],
    ]
    assert [chunk["candidates"][0].get("finishReason") for chunk in chunks] == [None] * 5 + ["STOP"]
    assert chunks[-1]["usageMetadata"]["totalTokenCount"] == 7
    assert {chunk["responseId"] for chunk in chunks} == {"id"}


def test_each_piece_of_text_is_out_at_once() -> None:
    encoder = front.encoder(Ask("m"), model="m")
    encoder.encode([Started("id"), BlockStarted(Text(""), 0)])

    assert b'"text":"a"' in encoder.encode([Grew(0, "a")])


def test_candidates_of_a_stream_are_kept_apart() -> None:
    events: list[Event] = [Started("id")]
    for choice in (0, 1):
        events += [
            BlockStarted(Text("x"), 0, choice),
            Finished("stop" if choice else "length", choice=choice),
        ]
    chunks = streamed(*events)

    assert [chunk["candidates"][0]["index"] for chunk in chunks[:2]] == [0, 1]
    assert [(c["index"], c["finishReason"]) for c in chunks[-1]["candidates"]] == [
        (0, "MAX_TOKENS"),
        (1, "STOP"),
    ]


@pytest.mark.parametrize("array", [False, True])
def test_a_stream_that_breaks_off_ends_with_an_error_that_can_be_read(array: bool) -> None:
    made = GenerateContentFront(array=array)
    encoder = made.encoder(Ask("m"), model="m")
    raw = encoder.encode([Started("id"), BlockStarted(Text("a"), 0), Failed("out of breath", status=503)])

    assert read(raw, array=array)[-1]["error"]["status"] == "UNAVAILABLE"


@pytest.mark.parametrize("array", [False, True])
def test_the_gateways_own_error_ends_a_stream_too(array: bool) -> None:
    made = GenerateContentFront(array=array)
    raw = made.encoder(Ask("m"), model="m").encode([BlockStarted(Text("a"), 0)])
    raw += made.error_event(UpstreamError("gone", provider="p"))

    assert read(raw, array=array)[-1]["error"]["message"] == "gone"


def test_an_array_begins_anew_after_an_error_that_nobody_was_sent() -> None:
    made = GenerateContentFront(array=True)
    made.encoder(Ask("m"), model="m").encode([Failed("first deployment")])
    second = made.encoder(Ask("m"), model="m")

    assert len(read(second.encode([BlockStarted(Text("a"), 0)]) + second.close(), array=True)) == 2


def test_errors_have_googles_shape() -> None:
    error = json.loads(front.error(RateLimited("slow down", headers={"retry-after": "7"})))["error"]

    assert (error["code"], error["status"], error["message"]) == (429, "RESOURCE_EXHAUSTED", "slow down")
    assert error["details"][1] == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}
