from typing import Any

import pytest

from tianji.wire.chat import ChatFront
from tianji.wire.neutral import (
    Answer,
    Ask,
    Block,
    BlockStarted,
    BlockStopped,
    Choice,
    Event,
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
from tianji.wire.unfold import unfold

CITED = {"type": "url_citation", "url_citation": {"url": "http://a.test"}}


def told(*blocks: Block, **more: Any) -> list[Event]:
    return list(unfold(Answer(choices=[Choice(0, list(blocks), **more)])))


def test_an_answer_begins_ends_and_tells_its_usage_last():
    usage = Usage(3, 4)
    choice = Choice(1, [Text("a")], "length", "max_tokens", "END", extra={"chat": {"x": 1}})

    events = list(unfold(Answer("i", "m", 5, [choice], usage, "flex", "fp", {"chat": {"y": 2}})))

    assert events == [
        Started("i", "m", 5, usage, "flex", "fp", {"chat": {"y": 2}}),
        BlockStarted(Text(""), 0, 1),
        Grew(0, "a", choice=1),
        BlockStopped(0, 1, Text("a")),
        Finished("length", "max_tokens", "END", 1, {"chat": {"x": 1}}),
        Used(usage),
    ]


def test_blocks_open_empty_and_grow_to_what_they_were():
    thought = Reasoning("hm", "sig")
    call = ToolCall("c", "f", "{}", signature="s")

    events = told(thought, call, Refusal("no"))[1:-1]

    assert events == [
        BlockStarted(Reasoning(), 0),
        Grew(0, "hm"),
        Grew(0, signature="sig"),
        BlockStopped(0, block=thought),
        BlockStarted(ToolCall("c", "f", signature="s"), 1),
        Grew(1, "{}"),
        BlockStopped(1, block=call),
        BlockStarted(Refusal(""), 2),
        Grew(2, "no"),
        BlockStopped(2, block=Refusal("no")),
    ]


@pytest.mark.parametrize(
    "block", [Image(Source(url="http://a.test/b.png")), Opaque("chat", {"a": 1}), Reasoning(encrypted="AA")]
)
def test_what_cannot_grow_opens_whole(block: Block):
    assert told(block)[1:-1] == [BlockStarted(block, 0), BlockStopped(0, block=block)]


def test_a_citation_follows_its_text_and_odds_are_told_once():
    odds = {"content": [{"token": "a", "logprob": -0.1}]}

    grown = [event for event in told(Text("a", [CITED]), Text("b"), logprobs=odds) if isinstance(event, Grew)]

    assert grown == [Grew(0, "a", logprobs=odds), Grew(0, citation=CITED), Grew(1, "b")]


def test_an_answer_without_choices_is_no_more_than_begun():
    assert told() == [Started(), Finished("stop")]
    assert list(unfold(Answer())) == [Started()]


def test_several_answers_are_kept_apart_by_a_client_format():
    answer = Answer("i", "m", choices=[Choice(n, [Text(f"t{n}")], "stop") for n in (0, 1)])
    encoder = ChatFront().encoder(Ask("m"), model="m")

    raw = encoder.encode(unfold(answer)) + encoder.close()

    for piece in (b'"index":0,"delta":{"content":"t0"}', b'"index":1,"delta":{"content":"t1"}'):
        assert piece in raw
    assert raw.endswith(b"data: [DONE]\n\n")
