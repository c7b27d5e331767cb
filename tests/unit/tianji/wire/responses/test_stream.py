"""The event grammar of the Responses API, and that whole answers and streams say the same."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tianji.errors import TianjiError
from tianji.wire.neutral import (
    Answer,
    Ask,
    Block,
    BlockStarted,
    BlockStopped,
    Choice,
    Event,
    Failed,
    Finish,
    Finished,
    Grew,
    Opaque,
    Reasoning,
    Refusal,
    Started,
    Text,
    ToolCall,
    Usage,
    Used,
)
from tianji.wire.responses import ResponsesFront
from tianji.wire.responses.ask import ResponsesAsk
from tianji.wire.responses.names import Meant, Names

front = ResponsesFront()
CITED = {"type": "url_citation", "url_citation": {"url": "https://x.test", "title": "X"}}
SEARCH = Opaque("messages", {"type": "server_tool_use", "name": "web_search", "input": {"query": "q"}})


def ask_for(*meant: Meant, **echo: Any) -> ResponsesAsk:
    names = Names()
    for one in meant:
        names.add(one)
    return ResponsesAsk("m", front="responses", names=names, echo=echo)


def events_of(raw: bytes) -> list[dict[str, Any]]:
    found = []
    for block in raw.decode().strip().split("\n\n"):
        name, _, data = block.partition("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        found.append(event)
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    return found


def blocks_as_events(blocks: list[Block]) -> list[Event]:
    """Return blocks as a dialect streams them: text sign by sign, signatures at the end."""
    events: list[Event] = []
    for index, block in enumerate(blocks):
        match block:
            case Text(text=text, citations=citations):
                events.append(BlockStarted(Text(""), index))
                events += [Grew(index, sign) for sign in text]
                events += [Grew(index, citation=cited) for cited in citations]
            case Refusal(text=text):
                events += [BlockStarted(Refusal(""), index), *(Grew(index, sign) for sign in text)]
            case Reasoning(text=text, signature=signature):
                events += [BlockStarted(Reasoning(), index), *(Grew(index, sign) for sign in text)]
                events.append(Grew(index, signature=signature))
            case ToolCall(arguments=arguments):
                call = msgspec.structs.replace(block, arguments="")
                events += [BlockStarted(call, index), *(Grew(index, sign) for sign in arguments)]
            case _:
                events.append(BlockStarted(block, index))
        events.append(BlockStopped(index, block=block if isinstance(block, Opaque) else None))
    return events


def streamed(ask: Ask, blocks: list[Block], finish: Finish = "stop") -> list[dict[str, Any]]:
    encoder = front.encoder(ask, model="m")
    events = [Started("id1", "real-model", 7), *blocks_as_events(blocks), Used(Usage(3, 4)), Finished(finish)]
    return events_of(b"".join(encoder.encode([event]) for event in events) + encoder.close())


def without_ids(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in item.items() if name != "id"} for item in items]


CALLS = [
    Meant("function", "get"),
    Meant("custom", "patch"),
    Meant("function", "close", "agents"),
    Meant("local_shell", "local_shell"),
]
ANSWERS: dict[str, list[Block]] = {
    "nothing": [],
    "text": [Text("Hello ☁️")],
    "two texts": [Text("One.", [CITED]), Text("Two.")],
    "refusal": [Text("Well"), Refusal("no")],
    "thoughts": [Reasoning("hm", "SIG"), Text("So."), Reasoning("", "REST"), Text("And so.")],
    "calls": [
        Text("Asking."),
        ToolCall("a", "get", '{"city":"Paris"}'),
        ToolCall("b", "patch", '{"input":"*** \\"x\\"\\n☁️"}'),
        ToolCall("c", "agents__close", "{}"),
        ToolCall("d", "local_shell", '{"command":["ls"]}'),
        ToolCall("e", "unknown", "[1]", signature="sig"),
    ],
    "own tools": [SEARCH, Opaque("messages", {"type": "web_search_tool_result"}), Text("Found.")],
}


@pytest.mark.parametrize("blocks", ANSWERS.values(), ids=list(ANSWERS))
def test_a_stream_adds_up_to_the_whole_answer(blocks: list[Block]) -> None:
    def fresh() -> list[Block]:
        return [msgspec.structs.replace(block) for block in blocks]

    events = streamed(ask_for(*CALLS), fresh())
    answer = Answer("id1", "real-model", 7, [Choice(blocks=fresh(), finish="stop")], Usage(3, 4))
    whole = json.loads(front.write(answer, ask_for(*CALLS)))
    last = events[-1]["response"]

    assert without_ids(last["output"]) == without_ids(whole["output"])
    differs = {"output", "completed_at"}
    assert {k: v for k, v in last.items() if k not in differs} == {
        k: v for k, v in whole.items() if k not in differs
    }
    assert without_ids(
        [e["item"] for e in events if e["type"] == "response.output_item.done"]
    ) == without_ids(last["output"])


def test_every_event_of_an_answer_comes_in_its_order() -> None:
    events = streamed(
        ask_for(*CALLS), [Reasoning("hm", "SIG"), Text("ab", [CITED]), ToolCall("a", "get", "{}")]
    )

    assert [event["type"].removeprefix("response.") for event in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.annotation.added",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]


def test_the_text_of_a_custom_tool_comes_out_of_its_wrapping_as_it_arrives() -> None:
    events = streamed(ask_for(*CALLS), [ToolCall("b", "patch", '{"input":"a\\n\\ud83d\\ude00"}')])
    deltas = [event["delta"] for event in events if event["type"] == "response.custom_tool_call_input.delta"]

    assert deltas == ["a", "\n", "😀"]


def test_a_custom_tool_called_without_the_wrapping_is_taken_at_its_word() -> None:
    events = streamed(ask_for(*CALLS), [ToolCall("b", "patch", "plain")])
    done = [event for event in events if event["type"] == "response.custom_tool_call_input.done"]

    assert [event["input"] for event in done] == ["plain"]


def test_a_thought_carries_its_signature_and_its_signer() -> None:
    item = streamed(ask_for(), [Reasoning("hm", "SIG")])[-1]["response"]["output"][0]

    assert item["encrypted_content"] == "tianji:anthropic:signature:SIG"
    assert item["summary"] == [{"type": "summary_text", "text": "hm"}]


@pytest.mark.parametrize(
    ("finish", "status", "details"),
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
        ("refusal", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_an_answer_says_how_it_ended(finish: Finish, status: str, details: Any) -> None:
    last = streamed(ask_for(), [Text("x")], finish)[-1]

    assert last["type"] == f"response.{status}"
    assert (last["response"]["status"], last["response"]["incomplete_details"]) == (status, details)
    assert last["response"]["output"][-1]["status"] == status


def test_a_response_repeats_its_request() -> None:
    response = streamed(ask_for(tools=[{"type": "x"}], temperature=0, reasoning={"effort": "low"}), [])[0]

    assert response["response"]["tools"] == [{"type": "x"}]
    assert response["response"]["temperature"] == 0
    assert response["response"]["reasoning"] == {"effort": "low", "summary": None}
    assert response["response"]["tool_choice"] == "auto"
    assert response["response"]["id"] == "resp_id1"


def test_a_failure_ends_the_stream_with_an_error_and_the_failed_response() -> None:
    encoder = front.encoder(ask_for(), model="m")
    raw = encoder.encode([Started("i"), BlockStarted(Text(""), 0), Grew(0, "a"), Failed("broke", status=429)])
    events = events_of(raw + encoder.encode([Grew(0, "b")]) + encoder.close())

    assert [event["type"] for event in events[-2:]] == ["error", "response.failed"]
    assert events[-2]["message"] == events[-2]["error"]["message"] == "broke"
    assert events[-1]["response"]["error"] == {"code": "rate_limit_exceeded", "message": "broke"}


def test_an_error_of_the_gateway_ends_a_stream_in_the_same_way() -> None:
    events = events_of(front.error_event(TianjiError("gone", status=504)))

    assert [event["type"] for event in events] == ["error", "response.failed"]
    assert events[1]["response"]["status"] == "failed"
