import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianji.errors import UpstreamError
from tianji.wire.messages import MessagesFront
from tianji.wire.neutral import (
    Ask,
    Audio,
    Block,
    BlockStarted,
    BlockStopped,
    Event,
    Failed,
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

front = MessagesFront()
BLOCKS: list[Block] = [
    Text("x"),
    Text(""),
    Reasoning("hm"),
    Reasoning(encrypted="e"),
    ToolCall("t", "f"),
    ToolCall("t", "f", "{}"),
    Refusal("no"),
    Image(Source(url="u")),
    Audio(Source(data="AA"), transcript="la"),
    Opaque("messages", {"type": "server_tool_use", "id": "s"}),
    Opaque("chat", {"type": "novel"}),
]


def read(raw: bytes) -> list[dict[str, Any]]:
    events = []
    for block in raw.decode().split("\n\n")[:-1]:
        name, data = block.split("\n")
        events.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    return events


def check(events: list[dict[str, Any]]) -> None:
    """Walk the events as Anthropic's SDKs do."""
    assert [event["type"] for event in events].count("message_start") == 1
    assert events[0]["type"] == "message_start"
    opened, after = None, 0
    for event in events[1:-2]:
        match event["type"]:
            case "content_block_start":
                assert (opened, event["index"]) == (None, after)
                opened = event["index"]
            case "content_block_delta":
                assert event["index"] == opened
            case "content_block_stop":
                assert event["index"] == opened
                opened, after = None, after + 1
            case other:
                raise AssertionError(other)
    assert opened is None
    assert [event["type"] for event in events[-2:]] == ["message_delta", "message_stop"]


@st.composite
def streams(draw: st.DrawFn) -> list[Event]:
    events: list[Event] = [Started("id", "m")] if draw(st.booleans()) else []
    for index, block in enumerate(draw(st.lists(st.sampled_from(BLOCKS), max_size=6))):
        events.append(BlockStarted(block, index))
        for _ in range(draw(st.integers(0, 2))):
            events.append(Grew(index, "y", signature="s", citation={"type": "char_location"}))
        if draw(st.booleans()):
            events.append(BlockStopped(index))
    if draw(st.booleans()):
        events += [Finished("tool_calls"), Used(Usage(5, 6))]
    return events


@given(events=streams())
def test_the_events_are_legal_whatever_happens(events: list[Event]):
    encoder = front.encoder(Ask("m"), model="m")

    check(read(encoder.encode(events) + encoder.close()))


def test_an_answer_is_told_in_deltas():
    encoder = front.encoder(Ask("m"), model="m")
    events: list[Event] = [
        Started("id", "claude"),
        BlockStarted(Reasoning(), 0),
        Grew(0, "hm"),
        Grew(0, signature="s"),
        BlockStopped(0),
        BlockStarted(ToolCall("t", "f"), 1),
        Grew(1, '{"a":'),
        Grew(1, "1}"),
        BlockStopped(1),
        Finished("tool_calls"),
        Used(Usage(10, 5, cache_read_tokens=4)),
    ]

    told = read(encoder.encode(events) + encoder.close())

    deltas = [event["delta"] for event in told if event["type"] == "content_block_delta"]
    assert deltas == [
        {"type": "thinking_delta", "thinking": "hm"},
        {"type": "signature_delta", "signature": "s"},
        {"type": "input_json_delta", "partial_json": '{"a":'},
        {"type": "input_json_delta", "partial_json": "1}"},
    ]
    assert told[-2]["delta"]["stop_reason"] == "tool_use"
    assert told[-2]["usage"]["input_tokens"] == 6
    assert told[-2]["usage"]["output_tokens"] == 5


def test_nothing_follows_an_error():
    encoder = front.encoder(Ask("m"), model="m")
    written = (
        encoder.encode([Started(), Failed("overloaded", status=529), BlockStarted(Text("x"), 0)])
        + encoder.close()
    )

    told = read(written)

    assert [event["type"] for event in told] == ["message_start", "error"]
    assert told[1]["error"] == {"type": "overloaded_error", "message": "overloaded"}


@pytest.mark.parametrize("size", [1, 9, 10_000])
def test_a_stream_that_passes_untouched_is_watched(size: int):
    encoder = front.encoder(Ask("m"), model="m")
    events: list[Event] = [
        Started("id", "claude", usage=Usage(10)),
        BlockStarted(Text("héllo"), 0),
        Grew(0, " you"),
    ]
    raw = encoder.encode([*events, Finished("stop"), Used(Usage(10, 7))]) + encoder.close()
    watch = front.watch(hide_usage=True)

    assert b"".join(watch.feed(raw[at : at + size]) for at in range(0, len(raw), size)) == raw
    assert watch.complete
    assert watch.excerpt().text == ""
    assert (watch.glance.id, watch.glance.model, watch.glance.finish) == ("id", "claude", "end_turn")
    assert watch.glance.usage is not None
    assert (watch.glance.usage.input_tokens, watch.glance.usage.output_tokens) == (10, 7)


def test_text_after_the_usage_of_the_start_is_there_to_be_counted():
    encoder = front.encoder(Ask("m"), model="m")
    raw = encoder.encode(
        [Started("id", "claude", usage=Usage(10)), BlockStarted(Text("héllo"), 0), Grew(0, " you")]
    )
    watch = front.watch(hide_usage=True)
    watch.feed(raw)

    assert watch.excerpt().text == "héllo you"


def test_errors_have_anthropics_shape():
    error = UpstreamError("slow down", provider="openai", status=429)

    assert json.loads(front.error(error)) == {
        "type": "error",
        "error": {"type": "rate_limit_error", "message": "slow down"},
    }
    assert read(front.error_event(error))[0]["error"]["type"] == "rate_limit_error"
