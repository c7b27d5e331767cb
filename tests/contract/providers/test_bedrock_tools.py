"""Tools and shapes of answers on their way to Bedrock, as each vendor's models take them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tianji.errors import BadRequest
from tianji.wire.neutral import NativeTool, Shape, Thinking, Tool, ToolChoice
from tianji_testkit.bedrock import LLAMA, NOVA_2, OLD, WEATHER, Sent, ask, sender


@pytest.fixture
def sent(bound: Callable[..., Any]) -> Sent:
    return sender(bound)


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (ToolChoice("auto"), {"auto": {}}),
        (ToolChoice("required"), {"any": {}}),
        (ToolChoice("tool", "weather"), {"tool": {"name": "weather"}}),
    ],
)
def test_the_choice_of_tools(sent: Sent, choice: ToolChoice, written: Any):
    assert sent(ask(tools=[WEATHER], tool_choice=choice))["toolConfig"]["toolChoice"] == written


def test_no_tool_is_offered_where_none_may_be_called(sent: Sent):
    assert "toolConfig" not in sent(ask(tools=[WEATHER], tool_choice=ToolChoice("none")))


def test_a_choice_among_some_tools_offers_only_these(sent: Sent):
    other = Tool("other", schema={"type": "object"})
    choice = ToolChoice("required", allowed=["other"])

    tools = sent(ask(tools=[WEATHER, other], tool_choice=choice))["toolConfig"]["tools"]

    assert [tool["toolSpec"]["name"] for tool in tools] == ["other"]


def test_a_model_that_cannot_be_forced_chooses_itself(sent: Sent):
    body = sent(ask(tools=[WEATHER], tool_choice=ToolChoice("required")), LLAMA)

    assert body["toolConfig"]["toolChoice"] == {"auto": {}}


def test_one_call_at_a_time_is_asked_for_in_claudes_own_words(sent: Sent):
    body = sent(ask(tools=[WEATHER], parallel_tool_calls=False))

    assert body["additionalModelRequestFields"]["tool_choice"] == {
        "type": "auto",
        "disable_parallel_tool_use": True,
    }
    assert "toolChoice" not in body["toolConfig"]


def test_a_thinking_claude_is_not_forced_to_call(sent: Sent):
    body = sent(ask(thinking=Thinking(effort="low"), tools=[WEATHER], tool_choice=ToolChoice("required")))

    assert body["toolConfig"]["toolChoice"] == {"auto": {}}


def test_a_schema_is_kept_by_models_that_can(sent: Sent):
    shape = Shape("json_schema", "city", schema={"type": "object", "properties": {"n": {"type": "string"}}})

    form = sent(ask(shape=shape))["outputConfig"]["textFormat"]

    schema = form["structure"]["jsonSchema"]
    assert (form["type"], schema["name"]) == ("json_schema", "city")
    assert json.loads(schema["schema"])["additionalProperties"] is False


def test_a_schema_is_a_forced_tool_for_others_and_words_for_the_rest(sent: Sent):
    shape = Shape("json_schema", "city", schema={"type": "object", "properties": {}})

    forced = sent(ask(shape=shape), OLD)
    assert forced["toolConfig"]["toolChoice"] == {"tool": {"name": "json_tool_call"}}
    assert sent(ask(shape=shape, tools=[WEATHER]), OLD)["toolConfig"]["toolChoice"] == {"any": {}}
    told = sent(ask(shape=shape), LLAMA)
    assert "toolConfig" not in told
    assert "JSON" in told["system"][0]["text"]


def test_tools_of_anthropics_own_go_to_claude_with_their_beta(sent: Sent):
    bash = {"type": "computer_20250124", "name": "computer", "display_width_px": 1, "display_height_px": 1}

    own = sent(ask(tools=[NativeTool("messages", bash)]))["additionalModelRequestFields"]

    assert own == {"tools": [bash], "anthropic_beta": ["computer-use-2025-01-24"]}


def test_nova_searches_the_web_by_its_own_tool(sent: Sent):
    body = sent(ask(extra={"web_search_options": {}}), NOVA_2)

    assert body["toolConfig"]["tools"] == [{"systemTool": {"name": "nova_grounding"}}]


def test_a_tool_that_nobody_has_is_refused(sent: Sent):
    with pytest.raises(BadRequest, match="web_fetch"):
        sent(ask(tools=[NativeTool("messages", {"type": "web_fetch_20250910", "name": "web_fetch"})]), LLAMA)
