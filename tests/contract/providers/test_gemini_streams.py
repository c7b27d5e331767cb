"""Streams of Gemini: blocks come one after another, however the bytes are cut."""

import json
from pathlib import Path
from typing import Any

import pytest

from tianji.providers.dialects.gemini.blocks import Wanted
from tianji.providers.dialects.gemini.partial import Arguments
from tianji.providers.dialects.gemini.stream import GeminiDecoder
from tianji.wire.chat.stream import ChatEncoder
from tianji.wire.neutral import (
    Ask,
    BlockStarted,
    BlockStopped,
    Event,
    Failed,
    Finished,
    Grew,
    Started,
    ToolCall,
    Used,
)

OURS = Path(__file__).parent / "recorded" / "gemini" / "streamGenerateContent"


def piece(*parts: Any, **candidate: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(parts)}, **candidate}]}


def lines(*pieces: Any, end: str = "\n\n") -> bytes:
    return "".join(f"data: {json.dumps(one, ensure_ascii=False)}{end}" for one in pieces).encode()


def told(events: list[Event]) -> list[Any]:
    """Return what events say when pieces of one block are put together; only one block is open at a time."""
    found: list[Any] = []
    opened = None
    for event in events:
        match event:
            case BlockStarted(block=block, index=index, choice=choice):
                assert opened is None
                opened = (choice, index)
                found.append([type(block).__name__, getattr(block, "name", ""), "", None])
            case Grew(index=index, choice=choice):
                assert opened == (choice, index)
                found[-1][2] += event.text
                found[-1][3] = event.signature or found[-1][3]
            case BlockStopped(index=index, choice=choice):
                assert opened == (choice, index)
                opened = None
            case Finished() | Failed() | Started():
                found.append(type(event).__name__)
    return found


@pytest.mark.parametrize("name", sorted(path.stem for path in OURS.glob("*.json")))
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_stream_says_the_same_wherever_it_is_cut(name, ends):
    answer = json.loads((OURS / f"{name}.json").read_text())["response"]
    text = answer.get("sse") or json.dumps(answer["json"], indent=1)
    raw = text.replace("\r\n", "\n").replace("\n", ends).encode()

    def read(*pieces: bytes) -> tuple[list[Any], bool]:
        decoder = GeminiDecoder("gemini", Wanted(thoughts=True))
        events = [event for one in pieces for event in decoder.feed(one)] + decoder.close()
        return told(events), decoder.complete

    whole = read(raw)
    assert whole[1] is (name != "error_in_stream")
    for at in range(1, len(raw)):
        assert read(raw[:at], raw[at:]) == whole


def test_an_event_is_told_when_it_is_here():
    decoder = GeminiDecoder("gemini", Wanted())

    assert [type(event) for event in decoder.feed(lines(piece({"text": "a"})))] == [
        Started,
        BlockStarted,
        Grew,
    ]
    assert decoder.feed(b": a comment\n\ndata:\n\n") == []


def test_a_stream_without_its_end_is_not_complete():
    decoder = GeminiDecoder("gemini", Wanted())
    decoder.feed(lines(piece({"text": "a"})))
    decoder.close()

    assert not decoder.complete


def test_an_error_as_the_first_event_is_told_once_and_nothing_after():
    decoder = GeminiDecoder("vertex_ai", Wanted())
    error = {"error": {"code": 429, "message": "Quota", "status": "RESOURCE_EXHAUSTED"}}

    (failed,) = decoder.feed(lines(error, piece({"text": "a"})))
    assert isinstance(failed, Failed)
    assert (failed.status, failed.type) == (429, "rate_limit_error")
    assert not decoder.complete


def test_a_blocked_prompt_ends_the_stream():
    decoder = GeminiDecoder("gemini", Wanted())
    feedback = {"blockReason": "SAFETY", "blockReasonMessage": "No."}
    events = decoder.feed(lines({"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 3}}))

    assert told(events) == ["Started", ["Refusal", "", "No.", None], "Finished"]
    finished = next(event for event in events if isinstance(event, Finished))
    assert (finished.finish, finished.finish_raw) == ("content_filter", "SAFETY")
    assert decoder.complete


def test_several_candidates_are_told_apart():
    decoder = GeminiDecoder("gemini", Wanted())
    both = {
        "candidates": [
            {"index": index, "content": {"parts": [{"text": "ab"[index]}]}, "finishReason": "STOP"}
            for index in (0, 1)
        ]
    }
    events = decoder.feed(lines(both))

    assert [event.choice for event in events if isinstance(event, Finished)] == [0, 1]
    assert [(event.choice, event.text) for event in events if isinstance(event, Grew)] == [(0, "a"), (1, "b")]
    assert decoder.complete


def test_a_signature_after_the_text_is_kept_for_clients_that_follow_thoughts():
    def read(want: Wanted) -> list[Any]:
        last = piece({"text": "", "thoughtSignature": "c2ln"}, finishReason="STOP")
        return told(GeminiDecoder("gemini", want).feed(lines(piece({"text": "a"}), last)))

    text = ["Text", "", "a", None]
    assert read(Wanted()) == ["Started", text, "Finished"]
    assert read(Wanted(thoughts=True)) == ["Started", text, ["Reasoning", "", "", "gemini:c2ln"], "Finished"]


def test_calls_are_told_from_each_other_and_signed():
    first = {"functionCall": {"name": "f", "args": {"x": 1}}, "thoughtSignature": "c2ln"}
    second = {"functionCall": {"id": "own", "name": "f", "args": {}}}
    events = GeminiDecoder("gemini", Wanted()).feed(lines(piece(first, second, finishReason="STOP")))

    calls = [event.block for event in events if isinstance(event, BlockStarted)]
    assert all(isinstance(call, ToolCall) for call in calls)
    assert [call.signature for call in calls] == ["c2ln", None]  # type: ignore[union-attr]
    assert calls[1].id == "own"  # type: ignore[union-attr]
    assert calls[0].id.startswith("call_")  # type: ignore[union-attr]
    assert [event.text for event in events if isinstance(event, Grew)] == ['{"x":1}', "{}"]
    assert next(event.finish for event in events if isinstance(event, Finished)) == "tool_calls"


def test_a_call_in_pieces_that_the_stream_leaves_open_is_whole_json():
    begun = {"functionCall": {"name": "f", "willContinue": True}}
    half = {"functionCall": {"partialArgs": [{"jsonPath": "$.a", "stringValue": "b", "willContinue": True}]}}
    half["functionCall"]["willContinue"] = True
    events = GeminiDecoder("gemini", Wanted()).feed(
        lines(piece(begun), piece(half), piece({"functionCall": {"name": "g"}}, finishReason="MAX_TOKENS"))
    )

    assert told(events)[1:3] == [["ToolCall", "f", '{"a":"b"}', None], ["ToolCall", "g", "{}", None]]


def test_grounding_at_the_end_is_cited_and_counted():
    grounding = {"webSearchQueries": ["a"], "groundingChunks": [{"web": {"uri": "https://a.test"}}]}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}
    last = piece(finishReason="STOP", groundingMetadata=grounding) | {"usageMetadata": usage}
    events = GeminiDecoder("gemini", Wanted()).feed(lines(piece({"text": "a"}), last))

    cited = [event.citation for event in events if isinstance(event, Grew) and event.citation]
    assert [one["url_citation"]["url"] for one in cited] == ["https://a.test"]
    assert [event.usage.web_searches for event in events if isinstance(event, Used)] == [1]
    written = ChatEncoder(Ask("m"), model="m").encode(events).decode().strip().split("\n\n")
    assert json.loads(written[-1][6:])["vertex_ai_grounding_metadata"] == [grounding]


@pytest.mark.parametrize(
    ("pieces", "value"),
    [
        ([], {}),
        ([("$.a", "stringValue", "b")], {"a": "b"}),
        ([("$.a.b.c", "numberValue", 1), ("$.a.d", "boolValue", True)], {"a": {"b": {"c": 1}, "d": True}}),
        ([("$.a[0][0]", "numberValue", 1), ("$.a[0][1]", "numberValue", 2)], {"a": [[1, 2]]}),
        ([("$.a[0][0]", "numberValue", 1), ("$.a[1][0]", "numberValue", 2)], {"a": [[1], [2]]}),
        (
            [('$["a.b"]', "nullValue", "NULL_VALUE"), ("$['it\\'s']", "stringValue", "")],
            {"a.b": None, "it's": ""},
        ),
    ],
)
def test_pieces_of_arguments_become_json(pieces, value):
    arguments = Arguments()
    text = "".join(arguments.add({"jsonPath": path, kind: said}) for path, kind, said in pieces)

    assert json.loads(text + arguments.close()) == value
