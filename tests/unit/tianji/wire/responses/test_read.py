"""Requests of the Responses API, read into the neutral form."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from tianji.errors import BadRequest, UnsupportedParameter
from tianji.wire.neutral import (
    Audio,
    Document,
    Image,
    NativeTool,
    Reasoning,
    Refusal,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from tianji.wire.responses import ResponsesFront
from tianji.wire.responses.ask import ResponsesAsk, names_of

front = ResponsesFront()


def read(**body: Any) -> ResponsesAsk:
    fields = msgspec.json.decode(msgspec.json.encode({"model": "m", **body}), type=dict[str, Raw])
    front.check(fields)
    ask = front.read(fields)
    assert isinstance(ask, ResponsesAsk)
    return ask


def test_a_text_is_what_the_user_says() -> None:
    ask = read(input="hi", instructions="be brief")

    assert [(turn.role, turn.blocks) for turn in ask.turns] == [
        ("system", [Text("be brief")]),
        ("user", [Text("hi")]),
    ]


def test_every_kind_of_content_is_read() -> None:
    content = [
        {"type": "input_text", "text": "see"},
        {"type": "input_image", "image_url": "data:image/png;base64,QUJD", "detail": "low"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,QUJD"},
        {"type": "input_file", "file_url": "https://x.test/b.pdf"},
        {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}},
    ]
    text, image, file, linked, sound = read(input=[{"role": "user", "content": content}]).turns[0].blocks

    assert text == Text("see")
    assert isinstance(image, Image)
    assert (image.source.data, image.source.media_type, image.detail) == ("QUJD", "image/png", "low")
    assert isinstance(file, Document)
    assert (file.name, file.source.data) == ("a.pdf", "QUJD")
    assert isinstance(linked, Document)
    assert linked.source.url == "https://x.test/b.pdf"
    assert isinstance(sound, Audio)
    assert sound.format == "wav"


def test_items_of_one_answer_become_one_turn_with_its_results_behind_it() -> None:
    ask = read(
        input=[
            {"role": "user", "content": "weather?"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Asking."}]},
            {"type": "function_call", "call_id": "a", "name": "get", "arguments": '{"city":"Paris"}'},
            {"type": "function_call", "call_id": "b", "name": "get", "arguments": '{"city":"London"}'},
            {"role": "developer", "content": "hurry"},
            {
                "type": "function_call_output",
                "call_id": "b",
                "output": [{"type": "input_text", "text": "12"}],
            },
            {"type": "function_call_output", "call_id": "a", "output": "18"},
        ]
    )

    assert [turn.role for turn in ask.turns] == ["user", "assistant", "tool", "tool", "developer"]
    assert ask.turns[1].blocks == [
        Text("Asking."),
        ToolCall("a", "get", '{"city":"Paris"}'),
        ToolCall("b", "get", '{"city":"London"}'),
    ]
    assert [turn.blocks for turn in ask.turns[2:4]] == [
        [ToolResult("b", [Text("12")])],
        [ToolResult("a", [Text("18")])],
    ]


def test_a_result_without_its_call_stays_where_it_is() -> None:
    ask = read(input=[{"type": "function_call_output", "call_id": "x", "output": "1"}])

    assert [turn.role for turn in ask.turns] == ["tool"]


def test_a_signature_in_a_calls_id_is_taken_out() -> None:
    call = {"type": "function_call", "call_id": "a__thought__c2ln", "name": "get", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "a__thought__c2ln", "output": "1"}
    turns = read(input=[call, result]).turns

    assert turns[0].blocks == [ToolCall("a", "get", "{}", signature="c2ln")]
    assert turns[1].blocks == [ToolResult("a", [Text("1")])]


def test_thoughts_of_openai_are_marked_as_its_own_and_empty_ones_left_out() -> None:
    items = [
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "gAAA"},
        {"type": "reasoning", "id": "rs_3", "summary": []},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
    ]

    assert read(input=items).turns[0].blocks == [
        Reasoning("hm"),
        Reasoning(signature="openai:rs_2:gAAA"),
        Refusal("no"),
    ]


def test_what_another_provider_ran_itself_is_left_out_of_a_translation() -> None:
    items = [
        {"role": "user", "content": "x"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed"},
    ]

    assert len(read(input=items).turns) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("previous_response_id", "resp_1"), ("conversation", "conv_1"), ("background", True)],
)
def test_what_needs_a_provider_that_keeps_answers_is_refused_with_advice(field: str, value: Any) -> None:
    with pytest.raises(UnsupportedParameter) as told:
        read(input="x", **{field: value})

    assert told.value.param == field
    assert told.value.status == 400


def test_a_reference_to_an_item_is_refused_with_advice() -> None:
    with pytest.raises(UnsupportedParameter, match=r"input\[0\].*store"):
        read(input=[{"type": "item_reference", "id": "msg_1"}])


@pytest.mark.parametrize("body", [{}, {"input": 5}, {"input": {"role": "user"}}])
def test_a_request_without_input_is_refused_at_a_glance(body: Any) -> None:
    with pytest.raises(BadRequest, match="input"):
        read(**body)


def test_parameters_are_read() -> None:
    ask = read(
        input="x",
        max_output_tokens=5,
        temperature=0.5,
        top_p=0.9,
        reasoning={"effort": "low", "summary": "auto"},
        include=["message.output_text.logprobs"],
        top_logprobs=2,
        text={"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}},
        metadata={"a": "b"},
        parallel_tool_calls=False,
    )

    assert (ask.max_tokens, ask.temperature, ask.top_p, ask.top_logprobs) == (5, 0.5, 0.9, 2)
    assert ask.thinking is not None
    assert (ask.thinking.effort, ask.thinking.summary) == ("low", "auto")
    assert ask.logprobs is True
    assert ask.shape is not None
    assert (ask.shape.name, ask.shape.schema, ask.shape.strict) == ("n", {"type": "object"}, True)
    assert ask.parallel_tool_calls is None, "there are no tools to call"
    assert ask.extra == {}, "nothing that other formats could take for their own"


FUNCTION = {"type": "function", "name": "get", "parameters": {"type": "object"}, "strict": False}


def test_tools_of_every_kind_become_functions_and_are_known_by_what_they_were() -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: WORD"}
    ask = read(
        input=[{"type": "additional_tools", "role": "developer", "tools": [{**FUNCTION, "name": "late"}]}],
        tools=[
            FUNCTION,
            {"type": "custom", "name": "patch", "description": "Patches.", "format": grammar},
            {
                "type": "namespace",
                "name": "agents",
                "description": "",
                "tools": [{**FUNCTION, "name": "close"}],
            },
            {"type": "local_shell"},
            {"type": "shell", "environment": {"type": "local"}},
            {"type": "apply_patch"},
            {"type": "tool_search"},
            {"type": "file_search", "vector_store_ids": ["v"]},
        ],
    )
    tools = {tool.name: tool for tool in ask.tools if isinstance(tool, Tool)}

    assert list(tools) == ["get", "patch", "agents__close", "local_shell", "shell", "apply_patch", "late"]
    assert tools["patch"].schema is not None
    assert "start: WORD" in tools["patch"].schema["properties"]["input"]["description"]
    assert [tool.value["type"] for tool in ask.tools if isinstance(tool, NativeTool)] == ["file_search"]
    names = names_of(ask)
    assert (names.meant("agents__close").name, names.meant("agents__close").namespace) == ("close", "agents")
    assert names.meant("patch").kind == "custom"


def test_a_search_of_the_web_is_a_wish_unless_it_may_not_leave_the_house() -> None:
    place = {"type": "approximate", "city": "Paris"}
    tool = {"type": "web_search", "search_context_size": "low", "user_location": place}

    assert read(input="x", tools=[tool]).extra["web_search_options"] == {
        "search_context_size": "low",
        "user_location": {"type": "approximate", "approximate": {"city": "Paris"}},
    }
    assert read(input="x", tools=[{"type": "web_search", "external_web_access": False}]).extra == {}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("required", ToolChoice("required")),
        ({"type": "function", "name": "get"}, ToolChoice("tool", "get")),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "get"}]},
            ToolChoice("auto", allowed=["get"]),
        ),
        ({"type": "web_search"}, None),
    ],
)
def test_the_choice_of_a_tool_is_read(said: Any, meant: ToolChoice | None) -> None:
    assert read(input="x", tools=[FUNCTION], tool_choice=said).tool_choice == meant


def test_a_choice_without_tools_is_left_out_since_providers_refuse_it() -> None:
    assert read(input="x", tool_choice="auto").tool_choice is None


def test_calls_of_every_kind_come_back_as_calls_of_functions() -> None:
    turns = read(
        input=[
            {"type": "custom_tool_call", "call_id": "a", "name": "patch", "input": 'say "x"'},
            {"type": "custom_tool_call_output", "call_id": "a", "output": "ok"},
            {
                "type": "function_call",
                "call_id": "b",
                "name": "close",
                "namespace": "agents",
                "arguments": "{}",
            },
            {"type": "function_call_output", "call_id": "b", "output": "ok"},
            {
                "type": "local_shell_call",
                "id": "lsh_1",
                "call_id": "c",
                "status": "completed",
                "action": {"type": "exec", "command": ["ls"], "env": {}},
            },
            {"type": "local_shell_call_output", "id": "c", "output": "a.txt"},
        ]
    ).turns
    calls = [block for turn in turns for block in turn.blocks if isinstance(block, ToolCall)]

    assert [turn.role for turn in turns] == ["assistant", "tool"] * 3
    assert [call.name for call in calls] == ["patch", "agents__close", "local_shell"]
    assert msgspec.json.decode(calls[0].arguments) == {"input": 'say "x"'}
    assert msgspec.json.decode(calls[2].arguments)["command"] == ["ls"]
