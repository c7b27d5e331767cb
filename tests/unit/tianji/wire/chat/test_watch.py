import json
from typing import Any

import pytest

from tianji.wire.chat import ChatFront
from tianji.wire.excerpt import Excerpt

front = ChatFront()


def event(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "c", "model": "m", "choices": [choice], **more}).encode() + b"\n\n"


TEXT = event({"content": 'say "usage": {} '}, usage=None)
MORE = event({"content": "more"})
STOP = event({}, "stop")
USED = b'data: {"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}\n\n'
BOTH = event({}, "stop", usage={"prompt_tokens": 3})
DONE = b"data: [DONE]\n\n"


def followed(raw: bytes, size: int, *, hide: bool):
    watch = front.watch(hide_usage=hide)
    seen = b"".join(watch.feed(raw[at : at + size]) for at in range(0, len(raw), size))
    return watch, seen + watch.close()


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_only_the_usage_event_is_cut_out(size: int, end: bytes):
    raw = (TEXT + MORE + STOP + USED + DONE).replace(b"\n", end)

    watch, seen = followed(raw, size, hide=True)

    assert seen == (TEXT + MORE + STOP + DONE).replace(b"\n", end)
    assert watch.complete
    assert (watch.glance.id, watch.glance.model, watch.glance.finish) == ("c", "m", "stop")
    assert watch.glance.usage is not None
    assert watch.glance.usage.output_tokens == 4


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_what_is_not_hidden_passes_byte_for_byte(size: int):
    for raw, hide in ((TEXT + MORE + STOP + USED + DONE, False), (TEXT + BOTH + DONE, True)):
        assert followed(raw, size, hide=hide)[1] == raw


@pytest.mark.parametrize("hide", [True, False])
def test_a_piece_of_an_event_waits_for_its_rest_so_that_another_event_can_come_between(hide: bool):
    watch = front.watch(hide_usage=hide)

    assert watch.feed(TEXT[:20]) == b""
    assert watch.feed(TEXT[20:] + MORE[:9]) == TEXT


def test_the_text_is_there_when_the_provider_told_no_usage():
    watch, _ = followed(TEXT + MORE + STOP + DONE, 9, hide=True)

    assert watch.glance.usage is None
    assert watch.excerpt() == Excerpt('say "usage": {} more')


def test_text_that_came_before_the_usage_needs_no_counting():
    watch, _ = followed(TEXT + BOTH + MORE, 10_000, hide=True)
    later = front.watch(hide_usage=True)
    for event in (TEXT, BOTH, MORE):
        later.feed(event)

    assert watch.excerpt().text == ""
    assert later.excerpt().text == "more"


def test_of_a_long_stream_without_usage_only_the_beginning_is_held():
    watch = front.watch(hide_usage=False)
    for _ in range(20_000):
        watch.feed(MORE)
    excerpt = watch.excerpt()

    assert len(excerpt.text) * 4 < len(MORE) * 20_000
    assert len(excerpt.text) * excerpt.times == pytest.approx(4 * 20_000)


def test_an_end_mark_without_its_blank_line_still_ends_the_stream():
    watch = front.watch(hide_usage=True)

    assert watch.feed(STOP + b"data: [DONE]") == STOP + b"data: [DONE]"
    assert watch.complete


def test_a_provider_without_an_end_mark_is_given_one_but_only_when_it_finished():
    watch, seen = followed(MORE + STOP, 9, hide=False)
    assert seen == MORE + STOP + DONE
    assert watch.complete

    watch, seen = followed(MORE, 9, hide=False)
    assert seen == MORE
    assert not watch.complete


def test_an_error_inside_the_stream_is_noticed():
    watch, _ = followed(MORE + b'data: {"error":{"message":"broke","code":500}}\n\n', 9, hide=True)

    assert watch.glance.failed == "broke"


def test_a_whole_answer_is_glanced_at():
    body = {"id": "c", "model": "m", "choices": [{"message": {"content": "x"}, "finish_reason": "length"}]}

    glance = front.glance(json.dumps(body | {"usage": {"prompt_tokens": 1, "completion_tokens": 2}}).encode())

    assert (glance.id, glance.model, glance.finish) == ("c", "m", "length")
    assert glance.usage is not None
    assert front.glance(b"<html>").usage is None


LATE = (
    b'data: {"id":"c","error":{"message":"limit"},"choices":[{"index":0,"delta":{}}],'
    b'"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\n'
)


@pytest.mark.parametrize("size", [1, 10_000])
def test_an_error_after_the_last_word_is_cut_out_and_its_usage_kept(size: int):
    hidden, passed = followed(TEXT + STOP + LATE + DONE, size, hide=True)
    shown, told = followed(TEXT + STOP + LATE + DONE, size, hide=False)

    assert passed == TEXT + STOP + DONE
    assert b"limit" not in told
    assert json.loads(told.removeprefix(TEXT + STOP).split(b"\n")[0][6:])["usage"]["completion_tokens"] == 4
    for watch in (hidden, shown):
        assert watch.glance.failed is None
        assert watch.glance.usage is not None
        assert watch.glance.usage.output_tokens == 4


def test_an_error_within_an_answer_is_told_with_all_that_it_says():
    watch, passed = followed(TEXT + b'data: {"error":{"message":"busy","code":429}}\n\n', 9, hide=True)

    assert passed == TEXT + b'data: {"error":{"message":"busy","code":429}}\n\n'
    assert watch.glance.failed == "busy"
    assert watch.glance.error == {"message": "busy", "code": 429}


def test_an_event_that_is_an_error_by_itself_becomes_one_that_clients_know():
    error = b'{"object":"error","message":"too long","code":400}'

    watch, passed = followed(TEXT + b"data: " + error + b"\n\n", 9, hide=True)

    assert passed == TEXT + b'data: {"error":' + error + b"}\n\n"
    assert watch.glance.failed == "too long"


def test_an_end_mark_may_have_a_space_behind_it():
    watch, passed = followed(TEXT + STOP + b"data: [DONE] \n", 9, hide=True)

    assert watch.complete
    assert passed.count(b"[DONE]") == 1


@pytest.mark.parametrize("word", ["", "null"])
def test_a_word_for_null_is_no_reason_to_stop(word: str):
    watch, passed = followed(event({"content": "a"}, word), 9, hide=True)

    assert watch.glance.finish is None
    assert not watch.complete
    assert b"[DONE]" not in passed


def test_usage_may_stand_in_the_last_choice():
    chunk = b'data: {"choices":[{"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":5}}]}\n\n'

    watch, passed = followed(TEXT + chunk + DONE, 9, hide=True)

    assert passed == TEXT + chunk + DONE
    assert watch.glance.usage is not None
    assert watch.glance.usage.input_tokens == 5


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize(
    ("word", "known"), [("eos", "stop"), ("abort", "stop"), ("sensitive", "content_filter")]
)
def test_a_vendors_word_for_the_end_becomes_one_that_clients_know(word: str, known: str, size: int):
    said = event({"content": '"finish_reason": "eos"'})

    watch, passed = followed(said + event({}, word) + DONE, size, hide=True)

    assert passed == said + event({}, known) + DONE
    assert watch.glance.finish == known


def test_a_whole_answer_gets_such_a_word_too_and_any_other_stays_as_it_is():
    body = b'{"choices":[{"index":0,"message":{"content":"a"},"finish_reason":"%s"}]}'

    assert front.glance(body % b"eos").instead == body % b"stop"
    assert front.glance(body % b"length").instead is None
    assert front.glance(body % b"").instead is None
