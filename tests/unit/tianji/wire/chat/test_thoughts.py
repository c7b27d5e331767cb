import json
from typing import Any

import pytest

from tianji.wire.chat import ChatFront
from tianji.wire.chat.thoughts import thinks, under_both_names

front = ChatFront()
DONE = b"data: [DONE]\n\n"


def chunk(delta: dict[str, Any], finish: str | None = None, spaced: bool = True) -> bytes:
    body = {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return json.dumps(body, separators=None if spaced else (",", ":")).encode()


def event(*said: Any, **how: Any) -> bytes:
    return b"data: " + chunk(*said, **how) + b"\n\n"


def passed(raw: bytes, size: int) -> bytes:
    watch = front.watch(hide_usage=True)
    return b"".join(watch.feed(raw[at : at + size]) for at in range(0, len(raw), size)) + watch.close()


def deltas(raw: bytes) -> list[Any]:
    lines = [line.removeprefix(b"data: ") for line in raw.split(b"\n") if line.startswith(b"data: {")]
    return [json.loads(line)["choices"][0]["delta"] for line in lines]


@pytest.mark.parametrize("spaced", [True, False])
@pytest.mark.parametrize("size", [1, 50, 10_000])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_thoughts_in_a_stream_have_both_names(spaced: bool, size: int, end: str):
    thought = 'h\N{LATIN SMALL LETTER O WITH DIAERESIS}m "reasoning": "no"\n'
    raw = event({"role": "assistant", "reasoning": thought}, spaced=spaced) + event({"content": "a"}) + DONE

    seen = passed(raw.replace(b"\n", end.encode()), size)

    assert deltas(seen.replace(b"\r\n", b"\n")) == [
        {"role": "assistant", "reasoning": thought, "reasoning_content": thought},
        {"content": "a"},
    ]


@pytest.mark.parametrize(
    "delta",
    [
        {"content": '"reasoning": "no"'},
        {"content": "a", "reasoning": None},
        {"content": "a", "reasoning": ""},
        {"reasoning": "a", "reasoning_content": "a"},
        {"reasoning": {"effort": "low"}},
        {"content": "a", "tool_calls": [{"index": 0, "function": {"arguments": '{"reasoning":"no"}'}}]},
        {"content": "a", "note": {"reasoning": "no"}},
    ],
)
def test_all_else_passes_byte_for_byte(delta: dict[str, Any]):
    raw = b": waiting\n\n" + event(delta) + DONE

    assert passed(raw, 40) == raw


def test_all_other_values_keep_their_bytes():
    told = (
        '{"id":"c","created":1.50,"choices":[{"index":0,"logprobs":{"a":-0.10e1},"message":{%s}}],"x":1E400}'
    )

    seen = under_both_names((told % '"reasoning":"\\u00f6","content":"\\u00f6"').encode())

    assert seen == (told % '"reasoning":"\\u00f6","content":"\\u00f6","reasoning_content":"\\u00f6"').encode()


def test_an_empty_second_name_is_filled():
    (delta,) = deltas(passed(event({"reasoning": "a", "reasoning_content": None}) + DONE, 10_000))

    assert delta["reasoning_content"] == "a"


def test_a_chunk_with_thoughts_and_a_vendors_word_for_the_end_gets_both():
    (data, *_) = passed(event({"reasoning": "a"}, "eos") + DONE, 10_000).split(b"\n")
    choice = json.loads(data.removeprefix(b"data: "))["choices"][0]

    assert (choice["finish_reason"], choice["delta"]["reasoning_content"]) == ("stop", "a")


def test_a_chunk_on_several_lines_stays_one_event():
    raw = b'data: {"id":"c","choices":[{"delta":{"reasoning":"b","x":{\ndata: "y":1}}}]}\n\n'

    seen = passed(raw + DONE, 10_000)

    assert deltas(seen) == [{"reasoning": "b", "x": {"y": 1}, "reasoning_content": "b"}]


def test_thoughts_in_a_whole_answer_have_both_names():
    message = {"role": "assistant", "content": "a", "reasoning": "hm"}
    body = {"id": "c", "choices": [{"index": n, "message": message, "finish_reason": "stop"} for n in (0, 1)]}

    instead = front.glance(json.dumps(body).encode()).instead

    assert instead is not None
    assert [choice["message"] for choice in json.loads(instead)["choices"]] == 2 * [
        {**message, "reasoning_content": "hm"}
    ]


@pytest.mark.parametrize(
    "data", [b'{"reasoning":"', b'{"reasoning":"a"}', b'{"choices":[1],"reasoning":"a"}', b"[]"]
)
def test_what_is_no_chunk_stays_as_it_is(data: bytes):
    assert under_both_names(data) is data


def test_text_is_no_key():
    assert not thinks(json.dumps({"content": '{"reasoning": "a"}'}).encode())
