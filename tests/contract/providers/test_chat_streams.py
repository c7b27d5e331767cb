"""Streams of vendors that stretch OpenAI's form: blocks still come one after another."""

import json
from typing import Any

import pytest

from tianji.providers.dialects.openai_chat.stream import ChatDecoder
from tianji.wire.neutral import BlockStarted, BlockStopped, Event, Failed, Finished, Grew, Used
from tianji_testkit.events import grown


def decoded(*deltas: dict[str, Any], finish: str | None = "stop") -> list[Event]:
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append(
        {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}], "usage": {"prompt_tokens": 1}}
    )
    decoder = ChatDecoder("vendor")
    return (
        decoder.feed(b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks))
        + decoder.close()
    )


def blocks(events: list[Event]) -> list[tuple[str, str]]:
    """Return each block's kind or name with its text."""
    return [(getattr(block, "name", None) or type(block).__name__, text) for block, text in grown(events)]


def call(index: Any, arguments: str = "", **more: Any) -> dict[str, Any]:
    function = {"arguments": arguments, **({"name": more.pop("name")} if "name" in more else {})}
    return {"index": index, "function": function, **more}


A, B = ("a", '{"x":1}'), ("b", '{"y":2}')


@pytest.mark.parametrize(
    "calls",
    [
        [call(0, '{"x"', id="1", name="a"), call(0, ":1}"), call(1, '{"y":2}', id="2", name="b")],
        [call(0, id="1", name="a"), call(1, id="2", name="b"), call(1, '{"y":2}'), call(0, '{"x":1}')],
        [call(0, '{"x":1}', id="1", name="a"), call(0, '{"y":2}', id="2", name="b")],
        [call(0, '{"x":1}', name="a"), call(0, '{"y":2}', name="b")],
        [call(None, '{"x":1}', name="a"), call(None, '{"y":2}', name="b")],
        [
            call(0, '{"x"', id="1", name="a"),
            call(0, ":1}", id="1", name="a"),
            call(1, '{"y":2}', id="2", name="b"),
        ],
    ],
    ids=["in turn", "mixed", "same index", "no ids", "no index", "repeated name"],
)
def test_calls_are_told_apart(calls: list[dict[str, Any]]):
    events = decoded(*({"tool_calls": [piece]} for piece in calls))

    assert blocks(events) == [A, B]
    assert [event.finish for event in events if isinstance(event, Finished)] == ["tool_calls"]


def test_text_between_the_pieces_of_a_call_waits_for_its_end():
    events = decoded(
        {"content": "one "},
        {"tool_calls": [call(0, '{"x"', id="1", name="a")]},
        {"content": "two"},
        {"tool_calls": [call(0, ":1}")]},
        {"content": " three"},
    )

    assert blocks(events) == [("Text", "one "), A, ("Text", "two three")]


def test_text_after_a_whole_call_comes_at_once():
    decoder = ChatDecoder("vendor")
    chunk = {"choices": [{"delta": {"tool_calls": [call(0, "{}", id="1", name="a")]}}]}
    decoder.feed(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    events = decoder.feed(b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n')

    assert [type(event) for event in events] == [BlockStopped, BlockStarted, Grew]


def test_thoughts_keep_their_signature():
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}

    events = decoded({"reasoning_content": "hm"}, {"thinking_blocks": [thought]}, {"content": "ok"})

    assert blocks(events) == [("Reasoning", "hm"), ("Text", "ok")]
    assert [event.signature for event in events if isinstance(event, Grew)] == [None, "s", None]


def test_arguments_may_be_an_object():
    assert blocks(
        decoded(
            {"tool_calls": [call(0, id="1", name="a") | {"function": {"name": "a", "arguments": {"x": 1}}}]}
        )
    ) == [A]


def test_usage_is_told_and_a_stream_without_end_mark_is_complete_when_it_finished():
    events = decoded({"content": "x"})

    assert [event.usage.input_tokens for event in events if isinstance(event, Used)] == [1]
    decoder = ChatDecoder("vendor")
    decoder.feed(b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n')
    decoder.close()
    assert not decoder.complete


@pytest.mark.parametrize(
    "chunk",
    [
        b"data: <html>\n\n",
        b'data: {"choices":[{"delta":{"tool_calls":5}}]}\n\n',
        b'data: {"error":"broke"}\n\n',
    ],
)
def test_what_cannot_be_read_ends_the_stream_as_a_failure(chunk: bytes):
    decoder = ChatDecoder("vendor")

    events = decoder.feed(chunk + b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n')

    assert len(events) == 1
    assert isinstance(events[0], Failed)
    assert events[0].message.startswith("vendor")
