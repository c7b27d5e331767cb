"""Tools of models that only take a prompt: told in words, and called by an answer in JSON."""

import json
from typing import Any

import pytest

from tianji.errors import BadRequest
from tianji.providers.dialects.spoken_tools import hear, tell
from tianji.wire.chat import ChatFront
from tianji.wire.neutral import Ask, Grew, Started, ToolCall

SCHEMA = {"type": "object", "properties": {"town": {"type": "string"}}}
TOOLS = [
    {"type": "function", "function": {"name": name, "description": "Tells it.", "parameters": SCHEMA}}
    for name in ("weather", "time")
]
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
CALLS = {"tool_calls": [{"name": "weather", "arguments": {"town": "Bern"}}, {"name": "time"}]}


@pytest.fixture
def asked(fields):
    """Return a request with tools."""

    def ask(**more: Any) -> Ask:
        return ChatFront().read(fields(tools=TOOLS, **more))

    return ask


def chunk(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "text": text, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "c", "model": "m", "choices": [choice]}).encode() + b"\n\n"


def test_tools_are_told_with_their_schemas(asked):
    words = tell(asked())

    assert '{"name":"weather","description":"Tells it.","parameters":' in words
    assert "must call" not in words
    assert "must call" in tell(asked(tool_choice="required"))
    forced = tell(asked(tool_choice={"type": "function", "function": {"name": "time"}}))
    assert '"time"' in forced
    assert '"weather"' not in forced
    assert tell(asked(tool_choice="none")) == ""


def test_a_tool_that_a_provider_runs_itself_is_refused(fields):
    with pytest.raises(BadRequest, match="web_search"):
        tell(ChatFront().read(fields(tools=[{"type": "web_search"}])))


@pytest.mark.parametrize("form", ["{}", "\n {} \n", "```json\n{}\n```", "```\n{}\n```"])
def test_calls_are_heard(asked, form):
    first, second = hear(form.replace("{}", json.dumps(CALLS)), asked())

    assert (first.name, json.loads(first.arguments)) == ("weather", {"town": "Bern"})
    assert (second.name, second.arguments) == ("time", "{}")
    assert first.id != second.id


@pytest.mark.parametrize(
    "text",
    [
        "It rains.",
        '{"answer": 1}',
        '{"tool_calls": [{"name": "leap"}]}',
        '{"tool_calls": ["weather"]}',
        '{"tool_calls": [',
        "```python\nprint()\n```",
        "",
    ],
)
def test_all_else_is_plain_text(asked, text):
    assert hear(text, asked()) == []


def test_a_stream_of_calls_is_held_until_it_is_whole(bound, asked):
    decoder = bound("text-completion-openai").stream(asked())
    text = json.dumps(CALLS)

    first = decoder.feed(chunk(text[:20])) + decoder.feed(chunk(text[20:]))
    rest = decoder.feed(chunk("", "stop") + b"data: [DONE]\n\n")

    assert [type(event) for event in first] == [Started]
    assert [e.block.name for e in rest if isinstance(getattr(e, "block", None), ToolCall)] == [
        "weather",
        "time",
    ]
    assert [e.index for e in rest if isinstance(e, Grew)] == [0, 1]
    assert [e.finish for e in rest if hasattr(e, "finish")] == ["tool_calls"]
    assert decoder.complete


def test_a_stream_of_text_is_passed_on_as_it_arrives(bound, asked):
    decoder = bound("text-completion-openai").stream(asked())

    said = [
        [e.text for e in decoder.feed(chunk(text)) if isinstance(e, Grew)] for text in (" ", "It ", "rains")
    ]

    assert said == [[], [" ", "It "], ["rains"]]


def test_text_that_only_looks_like_calls_is_given_in_the_end(bound, asked):
    decoder = bound("text-completion-openai").stream(asked())

    events = decoder.feed(chunk('{"a": ') + chunk("1}") + chunk("", "stop") + b"data: [DONE]\n\n")

    assert "".join(e.text for e in events if isinstance(e, Grew)) == '{"a": 1}'
    assert [e.finish for e in events if hasattr(e, "finish")] == ["stop"]


def test_what_was_held_of_a_stream_that_breaks_off_is_given_too(bound, asked):
    decoder = bound("text-completion-openai").stream(asked())

    events = decoder.feed(chunk('{"tool_calls"')) + decoder.close()

    assert "".join(e.text for e in events if isinstance(e, Grew)) == '{"tool_calls"'
    assert not decoder.complete


def test_without_tools_nothing_is_held(bound, fields):
    decoder = bound("text-completion-openai").stream(ChatFront().read(fields()))

    assert [e.text for e in decoder.feed(chunk("{")) if isinstance(e, Grew)] == ["{"]


@pytest.mark.parametrize(
    ("provider", "model", "answer"),
    [
        ("sagemaker", "llama-3", [{"generated_text": json.dumps(CALLS)}]),
        ("bedrock", "invoke/meta.llama3-8b-instruct-v1:0", {"generation": json.dumps(CALLS)}),
    ],
)
def test_models_that_take_one_text_are_told_of_tools_too(bound, asked, provider, model, answer):
    upstream = bound(provider, model=model)
    talk = [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": "Rain?"},
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "Yes"},
    ]

    sent = upstream.request(asked(messages=talk)).body.decode()

    assert sent.index("Be short.") < sent.index("You can call tools") < sent.index("Rain?")
    assert "Result of weather: Yes" in sent
    (choice,) = upstream.response(json.dumps(answer).encode(), asked()).choices
    assert [block.name for block in choice.blocks] == ["weather", "time"]
    assert choice.finish == "tool_calls"
