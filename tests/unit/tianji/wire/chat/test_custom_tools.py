"""Custom tools of chat completions, in front of models whose tools take JSON."""

import json

import msgspec

from tianji.wire.chat import ChatFront
from tianji.wire.neutral import (
    Answer,
    BlockStarted,
    BlockStopped,
    Choice,
    Finished,
    Grew,
    Started,
    ToolCall,
)

GRAMMAR = {"type": "grammar", "grammar": {"syntax": "regex", "definition": "[a-z]+"}}
TOOL = {"type": "custom", "custom": {"name": "run", "description": "Runs it.", "format": GRAMMAR}}
SAID = {"input": 'print("ä")\n'}


def asked(**more):
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "tools": [TOOL], **more}
    raw = msgspec.json.encode(body)
    return ChatFront().read(msgspec.json.decode(raw, type=dict[str, msgspec.Raw]))


def test_a_custom_tool_has_a_schema_for_models_that_know_only_json():
    (tool,) = asked().tools

    assert tool.schema["required"] == ["input"]
    assert "[a-z]+" in tool.schema["properties"]["input"]["description"]
    assert tool.extra["custom"] == TOOL["custom"]


def test_a_call_in_json_becomes_the_text_that_the_client_expects():
    calls = [ToolCall("c1", "run", json.dumps(SAID)), ToolCall("c2", "run", "bare", custom=True)]

    body = json.loads(ChatFront().write(Answer(choices=[Choice(blocks=calls)]), asked()))

    assert body["choices"][0]["message"]["tool_calls"] == [
        {"id": "c1", "type": "custom", "custom": {"name": "run", "input": SAID["input"]}},
        {"id": "c2", "type": "custom", "custom": {"name": "run", "input": "bare"}},
    ]


def streamed(*pieces):
    encoder = ChatFront().encoder(asked(stream=True), model="m")
    events = [
        Started("a", "m"),
        BlockStarted(ToolCall("c1", "run"), 0),
        *(Grew(0, piece) for piece in pieces),
        BlockStopped(0),
        Finished("tool_calls"),
    ]
    raw = b"".join(encoder.encode([event]) for event in events) + encoder.close()
    lines = [line[6:] for line in raw.decode().splitlines() if line.startswith("data: {")]
    deltas = [json.loads(line)["choices"][0]["delta"] for line in lines]
    return [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]


def test_a_stream_shows_the_text_as_it_grows():
    opened, *rest = streamed(*json.dumps(SAID))

    assert opened == {
        "index": 0,
        "id": "c1",
        "type": "custom",
        "custom": {"name": "run", "input": ""},
    }
    assert "".join(call["custom"]["input"] for call in rest) == SAID["input"]
    assert len(rest) > 5


def test_a_model_that_forgot_the_wrapping_is_taken_at_its_word():
    _, *rest = streamed("print", "(1)")

    assert [call["custom"]["input"] for call in rest] == ["print(1)"]
