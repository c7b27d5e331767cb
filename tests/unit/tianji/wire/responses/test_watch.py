"""Responses that pass untouched, looked at on the way."""

from __future__ import annotations

import json
from typing import Any

from tianji.wire.responses import ResponsesFront

front = ResponsesFront()
USAGE = {"input_tokens": 9, "output_tokens": 4, "input_tokens_details": {"cached_tokens": 3}}
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "model": "gpt-x",
    "status": "completed",
    "output": [{"type": "web_search_call", "action": {"type": "search"}}, {"type": "message"}],
    "usage": USAGE,
}


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


STREAM = (
    event("response.created", response={**RESPONSE, "status": "in_progress", "usage": None})
    + event("response.output_text.delta", delta="Hé")
    + event("response.output_text.delta", delta="llo")
    + event("response.completed", response=RESPONSE)
)


def test_a_whole_response_is_glanced_at() -> None:
    glance = front.glance(json.dumps(RESPONSE).encode())

    assert (glance.id, glance.model, glance.finish) == ("resp_1", "gpt-x", "completed")
    assert glance.usage is not None
    assert (glance.usage.input_tokens, glance.usage.cache_read_tokens, glance.usage.web_searches) == (9, 3, 1)


def test_what_is_no_response_tells_nothing() -> None:
    assert front.glance(b"<html>").usage is None
    assert front.glance(b'{"output": 5}').usage is None


def test_a_stream_passes_whole_wherever_it_is_cut() -> None:
    for size in range(1, len(STREAM), 7):
        watch = front.watch(hide_usage=True)
        passed = b"".join(watch.feed(STREAM[at : at + size]) for at in range(0, len(STREAM), size))
        assert passed + watch.close() == STREAM
        assert watch.complete
        assert watch.glance.id == "resp_1"
        assert watch.glance.usage is not None
        assert watch.glance.usage.output_tokens == 4


def test_a_stream_that_is_cut_off_is_not_complete_and_its_text_is_known() -> None:
    watch = front.watch(hide_usage=True)
    watch.feed(STREAM[: STREAM.index(b"event: response.completed")])
    watch.close()

    assert not watch.complete
    assert watch.excerpt().text == "Héllo"


def test_an_error_is_told_when_the_failed_response_has_passed_too() -> None:
    watch = front.watch(hide_usage=True)
    watch.feed(event("response.created", response={"id": "resp_1"}))
    watch.feed(event("error", error={"message": "too many"}))
    assert watch.glance.failed is None
    watch.feed(event("response.failed", response={"id": "resp_1", "error": {"message": "too many"}}))

    assert watch.glance.failed == "too many"


def test_an_error_that_ends_a_stream_alone_is_told_at_its_end() -> None:
    watch = front.watch(hide_usage=True)
    watch.feed(event("response.created", response={"id": "resp_1"}))
    watch.feed(event("error", message="broken", code="server_error"))
    watch.close()

    assert watch.glance.failed == "broken"


def test_an_error_that_comes_first_is_told_at_once() -> None:
    watch = front.watch(hide_usage=True)
    watch.feed(event("error", message="broken", code="server_error"))

    assert watch.glance.failed == "broken"


def test_a_failure_says_what_status_it_would_have_had() -> None:
    watch = front.watch(hide_usage=True)
    failed = {"id": "resp_1", "error": {"code": "rate_limit_exceeded", "message": "slow down"}}
    watch.feed(event("response.failed", response=failed))

    assert isinstance(watch.glance.error, dict)
    assert watch.glance.error["status_code"] == 429
