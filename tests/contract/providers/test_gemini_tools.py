"""Tools and shapes of answers on their way to Gemini."""

import pytest

from tianji.errors import BadRequest
from tianji_testkit.gemini import NEW, OLD, TOOL, sender


@pytest.fixture
def sent(bound, fields):
    return sender(bound, fields)


def test_a_clients_tool_config_is_merged_into_the_choice(sent):
    own = {"function_calling_config": {"streamFunctionCallArguments": True}}
    config = sent(tools=[TOOL], tool_choice="required", tool_config=own)["toolConfig"]

    assert config == {"functionCallingConfig": {"mode": "ANY", "streamFunctionCallArguments": True}}


def test_schemas_become_json_schema_in_lower_case_without_what_is_refused(sent):
    schema = {
        "$schema": "x",
        "type": "OBJECT",
        "properties": {
            "const": {"const": "a"},
            "n": {"type": "INTEGER", "nullable": True, "exclusiveMinimum": 0},
            "$schema": {"type": 1},
        },
        "additionalProperties": False,
    }
    body = sent(tools=[{"type": "function", "function": {"name": "f", "parameters": schema}}, TOOL])

    first, second = body["tools"][0]["functionDeclarations"]
    assert first["parametersJsonSchema"] == {
        "type": "object",
        "properties": {
            "const": {"enum": ["a"]},
            "n": {"type": ["integer", "null"], "exclusiveMinimum": 0},
            "$schema": {"type": "string"},
        },
        "additionalProperties": False,
    }
    assert second["parametersJsonSchema"] == {"type": "object", "properties": {}}


def test_an_answers_schema_stands_in_words_where_the_model_takes_none_beside_tools(sent):
    shape = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object", "title": "T"}}}
    told = {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object", "title": "T"}}

    assert sent(OLD, response_format=shape)["generationConfig"] == told
    assert sent(NEW, response_format=shape, tools=[TOOL])["generationConfig"] == told
    body = sent(OLD, response_format=shape, tools=[TOOL])
    assert "generationConfig" not in body
    assert '"title":"T"' in body["systemInstruction"]["parts"][0]["text"]
    assert sent(OLD, response_format={"type": "json_object"})["generationConfig"] == {
        "responseMimeType": "application/json"
    }


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "f"}}, {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_a_choice_among_tools_is_a_mode(sent, choice, config):
    assert sent(tools=[TOOL], tool_choice=choice)["toolConfig"] == {"functionCallingConfig": config}


def test_tools_that_may_be_chosen_are_the_only_ones_declared(sent):
    allowed = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "g"}}]}
    other = {"type": "function", "function": {"name": "g"}}
    body = sent(tools=[TOOL, other], tool_choice={"type": "allowed_tools", "allowed_tools": allowed})

    assert [one["name"] for one in body["tools"][0]["functionDeclarations"]] == ["g"]


@pytest.mark.parametrize(
    ("tool", "own"),
    [
        ({"googleSearch": {}}, {"googleSearch": {}}),
        ({"google_search": {}}, {"googleSearch": {}}),
        ({"type": "url_context"}, {"urlContext": {}}),
        ({"type": "web_search_20250305", "name": "web_search"}, {"googleSearch": {}}),
        ({"type": "code_interpreter", "container": {"type": "auto"}}, {"codeExecution": {}}),
    ],
)
def test_tools_that_google_runs_are_named_in_its_words_or_another_providers(sent, tool, own):
    assert sent(tools=[tool])["tools"] == [own]
    beside = sent(NEW, tools=[tool, TOOL])
    assert beside["tools"][1] == own
    assert beside["toolConfig"] == {"includeServerSideToolInvocations": True}


def test_a_tool_that_nobody_knows_is_refused(sent):
    with pytest.raises(BadRequest, match="'time_machine'"):
        sent(tools=[{"type": "time_machine"}])


def test_a_search_is_also_asked_for_by_its_options(sent):
    assert sent(web_search_options={})["tools"] == [{"googleSearch": {}}]
