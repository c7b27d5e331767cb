"""Answers of Google's that pass untouched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tianji.wire.generate_content import GenerateContentFront


def piece(text: str, **fields: Any) -> dict[str, Any]:
    candidate = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0, **fields}
    return {"candidates": [candidate], "modelVersion": "gemini", "responseId": "r1"}


def event(value: Any) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\r\n\r\n"


USED = {
    "usageMetadata": {
        "promptTokenCount": 3,
        "candidatesTokenCount": 4,
        "thoughtsTokenCount": 5,
        "cachedContentTokenCount": 2,
    }
}
PIECES: list[Any] = [piece("héllo"), piece(" you", finishReason="STOP") | USED]
RAW = b"".join(map(event, PIECES))


@pytest.mark.parametrize("size", [*range(1, 9), 10_000])
@pytest.mark.parametrize("array", [False, True])
def test_a_stream_passes_wherever_it_is_cut(size: int, array: bool) -> None:
    watch = GenerateContentFront(array=array).watch(hide_usage=True)
    seen = b"".join(watch.feed(RAW[at : at + size]) for at in range(0, len(RAW), size)) + watch.close()

    if array:
        assert json.loads(seen) == PIECES
    else:
        assert seen == RAW
    assert watch.complete
    assert (watch.glance.id, watch.glance.model, watch.glance.finish) == ("r1", "gemini", "STOP")
    usage = watch.glance.usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.reasoning_tokens, usage.cache_read_tokens) == (
        3,
        9,
        5,
        2,
    )


def test_a_stream_without_a_finish_is_not_complete_and_its_text_is_counted() -> None:
    watch = GenerateContentFront().watch(hide_usage=True)
    watch.feed(event(PIECES[0]))
    watch.close()

    assert not watch.complete
    assert watch.excerpt().text == "héllo"


def test_an_error_event_is_noticed() -> None:
    watch = GenerateContentFront(array=True).watch(hide_usage=True)
    raw = watch.feed(event(PIECES[0]) + event({"error": {"code": 503, "message": "overloaded"}}))

    assert watch.glance.failed == "overloaded"
    assert json.loads(raw)[1]["error"]["code"] == 503


def test_a_last_event_without_a_blank_line_is_not_lost() -> None:
    watch = GenerateContentFront().watch(hide_usage=True)
    watch.feed(RAW.rstrip())

    assert b"STOP" in watch.close()
    assert watch.complete


def test_searches_that_are_paid_for_are_counted() -> None:
    grounded = {"groundingMetadata": {"webSearchQueries": ["a", "b"]}}
    watch = GenerateContentFront().watch(hide_usage=True)
    for one in (piece("x") | USED, piece("y", **grounded) | USED, piece("z", finishReason="STOP") | USED):
        watch.feed(event(one))

    assert watch.glance.usage is not None
    assert watch.glance.usage.web_searches == 2


def test_a_whole_answer_is_glanced_at() -> None:
    glance = GenerateContentFront().glance(json.dumps(PIECES[1]).encode())

    assert (glance.id, glance.finish) == ("r1", "STOP")
    assert glance.usage is not None


def test_a_blocked_prompt_has_a_finish() -> None:
    assert GenerateContentFront().glance(b'{"promptFeedback":{"blockReason":"SAFETY"}}').finish == "SAFETY"


def test_the_status_of_an_error_in_a_stream_is_kept() -> None:
    watch = GenerateContentFront().watch(hide_usage=True)
    error = {"code": 503, "message": "busy", "status": "UNAVAILABLE"}
    watch.feed(event({"error": error}))

    assert (watch.glance.failed, watch.glance.error) == ("busy", error)
