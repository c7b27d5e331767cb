"""What Google's clients send, in the neutral form."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest

from tianji.errors import BadRequest
from tianji.wire.generate_content import GenerateContentFront
from tianji.wire.generate_content.spelling import DIALECT
from tianji.wire.neutral import (
    Ask,
    Audio,
    Document,
    Image,
    NativeTool,
    Opaque,
    Reasoning,
    Shape,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Video,
)

front = GenerateContentFront()
CALL = {"functionCall": {"name": "weather", "args": {"city": "Oslo"}}}


def read(contents: Any = "Hi", **fields: Any) -> Ask:
    body = {"model": "m", "contents": contents, **fields}
    return front.read({name: msgspec.Raw(msgspec.json.encode(value)) for name, value in body.items()})


def config(**fields: Any) -> Ask:
    return read(generationConfig=fields)


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


def model(*parts: Any) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def result(name: str, response: Any, **more: Any) -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": response, **more}}


@pytest.mark.parametrize(
    "contents",
    [
        "Hi",
        {"parts": [{"text": "Hi"}]},
        {"role": "user", "parts": {"text": "Hi"}},
        ["Hi"],
        [{"text": "Hi"}],
        [user("Hi")],
    ],
)
def test_a_user_may_say_it_in_any_of_the_ways_the_sdks_allow(contents: Any) -> None:
    (turn,) = read(contents).turns

    assert (turn.role, turn.blocks) == ("user", [Text("Hi")])


def test_instructions_come_first_in_either_spelling() -> None:
    for name in ("systemInstruction", "system_instruction"):
        for said in ("Be brief", {"parts": [{"text": "Be brief"}]}):
            assert read(**{name: said}).turns[0].blocks == [Text("Be brief")]
            assert read(**{name: said}).turns[0].role == "system"


def test_media_are_told_apart_by_their_type_and_base64_is_made_standard() -> None:
    kinds = ("image/png", "audio/mpeg", "video/mp4", "application/pdf")
    parts = [{"inlineData": {"mimeType": kind, "data": "-_8="}} for kind in kinds]
    blocks = (
        read([user(*parts, {"file_data": {"file_uri": "gs://b/x.png", "mime_type": "image/png"}})])
        .turns[0]
        .blocks
    )

    assert [type(block) for block in blocks] == [Image, Audio, Video, Document, Image]
    assert all(block.source.data == "+/8=" for block in blocks[:4])
    assert blocks[1].format == "mp3"
    assert blocks[4].source.url == "gs://b/x.png"


def test_a_film_of_youtube_needs_no_type() -> None:
    (block,) = read([user({"fileData": {"fileUri": "https://www.youtube.com/watch?v=1"}})]).turns[0].blocks

    assert isinstance(block, Video)


def test_calls_without_ids_are_paired_by_name_and_order() -> None:
    other = {"functionCall": {"name": "time", "args": {}}}
    asked = [
        user("?"),
        model(CALL, other, CALL),
        user(result("time", {"t": 1}), result("weather", {"n": 1}), result("weather", {"n": 2})),
    ]
    _, calls, results = read(asked).turns

    assert [(block.id, block.name) for block in calls.blocks] == [
        ("call_1", "weather"),
        ("call_2", "time"),
        ("call_3", "weather"),
    ]
    assert [(block.call_id, block.content[0].text) for block in results.blocks] == [
        ("call_2", '{"t":1}'),
        ("call_1", '{"n":1}'),
        ("call_3", '{"n":2}'),
    ]


def test_the_same_conversation_has_the_same_ids_when_it_goes_on() -> None:
    begun = [user("?"), model(CALL), user(result("weather", {}))]
    longer = read([*begun, model(CALL), user(result("weather", {}))]).turns

    assert read(begun).turns == longer[:3]
    assert longer[3].blocks[0].id == longer[4].blocks[0].call_id == "call_2"


def test_ids_of_the_client_are_kept_and_never_made_twice() -> None:
    named = {"functionCall": {"id": "call_1", "name": "weather", "args": {}}}
    calls, results = read(
        [model(CALL, named), user(result("weather", {}, id="call_1"), result("weather", {}))]
    ).turns

    assert [block.id for block in calls.blocks] == ["call_2", "call_1"]
    assert [block.call_id for block in results.blocks] == ["call_1", "call_2"]


def test_a_result_is_text_bare_where_google_names_a_field_for_it() -> None:
    blocks = (
        read([user(result("a", {"result": "18 C"}), result("b", {"error": "no"}), result("c", {"x": [1]}))])
        .turns[0]
        .blocks
    )

    assert [(block.content[0].text, block.failed) for block in blocks] == [
        ("18 C", False),
        ('{"error":"no"}', True),
        ('{"x":[1]}', False),
    ]


def test_a_result_may_hold_pictures() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
    (block,) = read([user(result("look", {"result": "see"}, parts=[picture]))]).turns[0].blocks

    assert isinstance(block, ToolResult)
    assert [type(part) for part in block.content] == [Text, Image]


def test_what_a_stream_had_cut_is_put_together_again() -> None:
    seal = base64.b64encode(b"tianji:signature:EqoBsig").decode()
    chunks = [
        model({"text": "I th", "thought": True}),
        model({"text": "ink", "thought": True}),
        model({"thought": True, "thoughtSignature": seal}),
        model({"text": "Hel"}),
        model({"text": "lo"}),
        model(CALL),
    ]
    _, turn = read([user("?"), *chunks]).turns

    assert turn.blocks[0] == Reasoning("I think", "EqoBsig")
    assert turn.blocks[1] == Text("Hello")
    assert isinstance(turn.blocks[2], ToolCall)


def test_geminis_own_signatures_are_kept_as_geminis() -> None:
    call = {**CALL, "thoughtSignature": "a-_b"}
    text = {"text": "so", "thoughtSignature": "c-_d"}
    blocks = (
        read([model({"text": "hm", "thought": True, "thoughtSignature": "e-_f"}, text, call)]).turns[0].blocks
    )

    assert blocks[0] == Reasoning("hm", "gemini:e+/f")
    assert blocks[1] == Text("so", extra={DIALECT: {"thoughtSignature": "c+/d"}})
    assert blocks[2].signature == "a+/b"


def test_what_google_alone_knows_is_opaque() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1"}}

    assert read([model(code)]).turns[0].blocks == [Opaque(DIALECT, code)]


def test_parameters_are_read_in_both_spellings() -> None:
    camel = {
        "maxOutputTokens": 5,
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40.0,
        "candidateCount": 2,
        "stopSequences": ["x"],
        "seed": 7,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "responseLogprobs": True,
        "logprobs": 3,
    }
    snake = {"max_output_tokens": 5, "top_p": 0.9, "top_k": 40, "stop_sequences": ["x"]}
    ask = config(**camel)

    assert (ask.max_tokens, ask.temperature, ask.top_p, ask.top_k, ask.n) == (5, 0.5, 0.9, 40, 2)
    assert (ask.stop, ask.seed, ask.presence_penalty, ask.frequency_penalty) == (["x"], 7, 0.1, 0.2)
    assert (ask.logprobs, ask.top_logprobs) == (True, 3)
    other = config(**snake)
    assert (other.max_tokens, other.top_p, other.top_k, other.stop) == (5, 0.9, 40, ["x"])


@pytest.mark.parametrize(
    ("said", "thinking"),
    [
        ({"thinkingBudget": 0}, Thinking(enabled=False)),
        ({"thinkingBudget": -1}, Thinking(enabled=True)),
        (
            {"thinkingBudget": 512, "includeThoughts": True},
            Thinking(enabled=True, budget_tokens=512, summary="auto"),
        ),
        ({"thinking_level": "HIGH"}, Thinking(effort="high")),
        ({"includeThoughts": True}, Thinking(enabled=True, summary="auto")),
    ],
)
def test_how_much_to_think(said: Any, thinking: Thinking) -> None:
    assert config(thinkingConfig=said).thinking == thinking


def test_the_shape_of_an_answer() -> None:
    schema = {
        "type": "OBJECT",
        "properties": {"n": {"type": "INTEGER", "nullable": True}},
        "propertyOrdering": ["n"],
    }
    plain = {"type": "object", "properties": {"n": {"type": ["integer", "null"]}}}
    json = "application/json"

    assert config(responseMimeType=json).shape == Shape("json_object")
    assert config(responseMimeType=json, responseSchema=schema).shape == Shape(
        "json_schema", "answer", schema=plain
    )
    assert config(responseMimeType=json, responseJsonSchema=plain).shape == Shape(
        "json_schema", "answer", schema=plain
    )
    assert config(responseMimeType="text/plain").shape is None


def test_one_word_of_a_list_is_asked_for_in_words() -> None:
    ask = config(responseMimeType="text/x.enum", responseSchema={"type": "STRING", "enum": ["Oslo", "Rome"]})

    assert ask.shape is None
    assert any("Oslo, Rome" in block.text for turn in ask.turns for block in turn.blocks)


def test_what_is_googles_alone_goes_along() -> None:
    ask = read(
        safetySettings=[{"category": "x"}],
        cached_content="c",
        labels={"a": "b"},
        generationConfig={"speech_config": {}},
    )

    assert ask.extra == {
        "safetySettings": [{"category": "x"}],
        "cachedContent": "c",
        "labels": {"a": "b"},
        "generationConfig": {"speechConfig": {}},
    }


def test_tools_to_run_here_and_there() -> None:
    function = {
        "name": "weather",
        "description": "d",
        "parameters": {"type": "OBJECT", "properties": {"at": {"type": "STRING"}}},
    }
    schema = {"type": "object", "properties": {"at": {"type": "string"}}}
    second = {"name": "w2", "parametersJsonSchema": schema}
    ask = read(
        tools=[
            {"functionDeclarations": [function, second, {"name": "now"}]},
            {"google_search": {}, "urlContext": {}},
        ]
    )

    assert ask.tools == [
        Tool("weather", "d", schema),
        Tool("w2", None, schema),
        Tool("now", None, {"type": "object", "properties": {}}),
        NativeTool(DIALECT, {"googleSearch": {}}),
        NativeTool(DIALECT, {"urlContext": {}}),
    ]


@pytest.mark.parametrize(
    ("said", "choice"),
    [
        ({"mode": "AUTO"}, ToolChoice("auto")),
        ({"mode": "NONE", "allowedFunctionNames": ["a"]}, ToolChoice("none")),
        ({"mode": "ANY"}, ToolChoice("required")),
        ({"mode": "any", "allowed_function_names": ["a"]}, ToolChoice("tool", "a")),
        ({"mode": "ANY", "allowedFunctionNames": ["a", "b"]}, ToolChoice("required", allowed=["a", "b"])),
        ({"mode": "VALIDATED", "allowedFunctionNames": ["a"]}, ToolChoice("auto", allowed=["a"])),
        ({"mode": "MODE_UNSPECIFIED"}, None),
        ({"mode": 2, "allowedFunctionNames": ["a"]}, ToolChoice("tool", "a")),
    ],
)
def test_the_choice_among_tools(said: Any, choice: ToolChoice | None) -> None:
    tools = [{"function_declarations": [{"name": "a"}, {"name": "b"}]}]

    assert read(tools=tools, tool_config={"function_calling_config": said}).tool_choice == choice


def test_a_choice_among_no_tools_is_none() -> None:
    assert read(toolConfig={"functionCallingConfig": {"mode": "ANY"}}).tool_choice is None


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"contents": [{"role": "robot", "parts": []}]}, "contents[0].role"),
        ({"contents": [user(5)]}, "contents[0].parts[0]"),
        ({"contents": []}, "contents"),
        ({"contents": "x", "generationConfig": {"topP": "high"}}, "generationConfig.topP"),
        (
            {"contents": "x", "tools": [{"functionDeclarations": [{}]}]},
            "tools[0].functionDeclarations[0].name",
        ),
    ],
)
def test_a_wrong_field_is_named(fields: Any, param: str) -> None:
    with pytest.raises(BadRequest) as told:
        read(**fields)

    assert told.value.param == param


def test_a_whole_request_may_be_counted() -> None:
    body = {"model": "m", "generateContentRequest": {"model": "models/x", "contents": [user("Hi")]}}
    fields = {name: msgspec.Raw(msgspec.json.encode(value)) for name, value in body.items()}
    front.check(fields)

    assert front.read(fields).turns[0].blocks == [Text("Hi")]
    assert front.read(fields).model == "m"
