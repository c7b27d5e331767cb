import json
from typing import Any

import msgspec
import pytest

from tianji.errors import BadRequest
from tianji.wire.chat import ChatFront, filled
from tianji.wire.neutral import CacheMark, Document, Image, Reasoning, Source, Text, ToolCall, ToolResult

front = ChatFront()
USER = {"role": "user", "content": "hi"}


def read(messages: Any = None, **fields: Any) -> Any:
    body = {"model": "m", "messages": messages if messages is not None else [USER], **fields}
    return front.read(msgspec.json.decode(json.dumps(body), type=dict[str, msgspec.Raw]))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"messages": [USER, {"role": "user", "content": 5}]},
            "messages[1].content: expected a string or an array",
        ),
        ({"messages": [USER, {"role": "user"}]}, "messages[1].content: expected"),
        ({"messages": [{"role": "judge", "content": ""}]}, "messages[0].role: must be one of system"),
        ({"messages": [{"content": ""}]}, "messages[0].role: is missing"),
        ({"messages": []}, "messages: must hold at least one message"),
        ({"messages": "hi"}, "messages: expected an array, got a string"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text: is missing",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": 1}}]}]},
            "messages[0].content[0].image_url.url: expected a string, got an integer",
        ),
        ({"messages": [{"role": "tool", "content": ""}]}, "messages[0].tool_call_id: is missing"),
        ({"temperature": "hot"}, "temperature: expected a number, got a string"),
        ({"n": True}, "n: expected an integer, got a boolean"),
        ({"stop": {}}, "stop: expected a string or an array of strings"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name: is missing"),
        ({"tool_choice": "maybe"}, "tool_choice: must be one of auto"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema: is missing"),
        ({"logit_bias": {"5": "x"}}, "logit_bias.5: expected a number"),
    ],
)
def test_a_wrong_field_is_named_with_what_is_wrong(body: dict[str, Any], words: str):
    with pytest.raises(BadRequest) as caught:
        read(**body)

    assert words in caught.value.message
    assert caught.value.param == caught.value.message.partition(":")[0]


def test_a_message_mark_is_put_on_its_last_block():
    (turn,) = read(
        [{"role": "user", "content": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    ).turns

    assert turn.blocks == [Text("a", cache=CacheMark("1h"))]


def test_pictures_and_files_are_taken_apart():
    content = [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD", "detail": "low"}},
        {"type": "image_url", "image_url": "https://p.test/a.png"},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,QUJD", "filename": "a.pdf"}},
        {"type": "file", "file": {"file_id": "file-1"}},
    ]

    (turn,) = read([{"role": "user", "content": content}]).turns

    assert turn.blocks == [
        Image(Source(data="QUJD", media_type="image/png"), detail="low"),
        Image(Source(url="https://p.test/a.png")),
        Document(Source(data="QUJD", media_type="application/pdf"), name="a.pdf"),
        Document(Source(file_id="file-1")),
    ]


def test_signed_thoughts_come_before_what_was_said_and_called():
    message = {
        "role": "assistant",
        "content": "Well.",
        "reasoning_content": "hm",
        "thinking_blocks": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "x"},
        ],
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}],
    }

    (turn,) = read([message]).turns

    assert turn.blocks == [
        Reasoning("hm", "s"),
        Reasoning(encrypted="x"),
        Text("Well."),
        ToolCall("c", "f", '{"a": 1}'),
    ]


def test_functions_of_old_clients_are_calls_with_made_up_ids():
    turns = read(
        [
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "42"},
        ]
    ).turns

    assert turns[0].blocks[0].id == turns[1].blocks[0].call_id
    assert turns[1].blocks == [ToolResult("call_f", [Text("42")], "f", extra={"legacy": True})]


def test_unknown_fields_are_kept():
    ask = read(
        top_k=3, chat_template_kwargs={"x": 1}, store=None, response_format={"type": "grammar", "root": "g"}
    )

    assert ask.top_k == 3
    assert ask.extra == {
        "chat_template_kwargs": {"x": 1},
        "response_format": {"type": "grammar", "root": "g"},
    }


def test_a_deployments_defaults_fill_in_what_the_client_left_out():
    ask = read(temperature=0.2)

    whole = filled(ask, {"temperature": 1, "max_tokens": 7, "stop": "x", "min_p": 0.1})

    assert (whole.temperature, whole.max_tokens, whole.stop, whole.extra) == (0.2, 7, ["x"], {"min_p": 0.1})
    assert ask.max_tokens is None
