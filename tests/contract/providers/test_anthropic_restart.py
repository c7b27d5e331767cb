"""A message that is begun anew in the middle of its stream goes on where the first one stopped."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianji.providers.dialects.anthropic.stream import AnthropicDecoder
from tianji.wire.neutral import BlockStarted, BlockStopped, Event, Failed, Finished, Grew, Started, Used

CALL = {"type": "tool_use", "id": "toolu_1", "name": "find", "input": {}}
TEXT = {"type": "text", "text": ""}


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events)


def begin() -> dict[str, Any]:
    usage = {"input_tokens": 5, "output_tokens": 1}
    return {"type": "message_start", "message": {"id": "msg", "model": "claude", "usage": usage}}


def start(index: int, block: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def text(index: int, piece: str) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": piece}}


def arguments(index: int, piece: str) -> dict[str, Any]:
    delta = {"type": "input_json_delta", "partial_json": piece}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def finish(reason: str = "end_turn") -> list[dict[str, Any]]:
    return [
        {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 9}},
        {"type": "message_stop"},
    ]


def read(*events: dict[str, Any]) -> list[Event]:
    decoder = AnthropicDecoder("anthropic", emulated=False)
    return decoder.feed(sse(*events)) + decoder.close()


def grown(events: list[Event], index: int) -> str:
    return "".join(e.text for e in events if isinstance(e, Grew) and e.index == index)


def test_a_call_cut_off_and_told_again_is_one_call() -> None:
    events = read(
        begin(), start(0, TEXT), text(0, "Let me see."), stop(0), start(1, CALL), arguments(1, '{"q":"Spark'),
        begin(), start(0, TEXT), text(0, "Let me "), text(0, "see."), stop(0),
        start(1, CALL | {"id": "toolu_2"}), arguments(1, '{"q":"Sparkle Day"}'), stop(1), *finish("tool_use"),
    )  # fmt: skip

    assert grown(events, 0) == "Let me see."
    assert grown(events, 1) == '{"q":"Sparkle Day"}'
    assert sum(isinstance(e, Started) for e in events) == 1
    assert [e.index for e in events if isinstance(e, BlockStarted)] == [0, 1]
    assert [e.index for e in events if isinstance(e, BlockStopped)] == [0, 1]
    assert [e.finish for e in events if isinstance(e, Finished)] == ["tool_calls"]
    assert [e.usage.output_tokens for e in events if isinstance(e, Used)][-1] == 9


def test_complete_thoughts_stand_when_the_model_thinks_again() -> None:
    def thought(words: str, signature: str) -> list[dict[str, Any]]:
        grow = {"type": "content_block_delta", "index": 0}
        return [
            start(0, {"type": "thinking", "thinking": ""}),
            grow | {"delta": {"type": "thinking_delta", "thinking": words}},
            grow | {"delta": {"type": "signature_delta", "signature": signature}},
            stop(0),
        ]

    events = read(
        begin(), *thought("First.", "sig-1"), start(1, TEXT), text(1, "Spark"),
        begin(), *thought("Another one.", "sig-2"), start(1, TEXT), text(1, "Sparkle"), stop(1), *finish(),
    )  # fmt: skip

    assert (grown(events, 0), grown(events, 1)) == ("First.", "Sparkle")
    assert [e.signature for e in events if isinstance(e, Grew) and e.signature] == ["sig-1"]


@pytest.mark.parametrize(
    "second",
    [
        [start(0, TEXT), text(0, "Good day."), stop(0)],
        [start(0, CALL), arguments(0, "{}"), stop(0)],
        [start(0, TEXT), text(0, "Hel"), stop(0)],
    ],
    ids=["other text", "another block", "less text"],
)
def test_an_answer_told_differently_fails_the_stream(second: list[dict[str, Any]]) -> None:
    events = read(begin(), start(0, TEXT), text(0, "Hello"), begin(), *second, *finish())

    assert isinstance(events[-1], Failed)
    assert grown(events, 0) == "Hello"


@given(st.text(), st.text(), st.lists(st.integers(0, 40)), st.booleans())
def test_wherever_it_is_cut_the_client_gets_the_answer_once(
    told: str, rest: str, cuts: list[int], again: bool
) -> None:
    whole = told + rest
    pieces = [whole[a:b] for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), len(whole)], strict=True)]
    first = [begin(), start(0, TEXT), text(0, told)] * (1 + again)

    events = read(*first, begin(), start(0, TEXT), *(text(0, p) for p in pieces), stop(0), *finish())

    assert grown(events, 0) == whole
    assert isinstance(events[-1], Finished)
