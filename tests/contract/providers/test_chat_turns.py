"""Conversations as chat completions take them: results behind their calls, pictures behind the results."""

from typing import Any

from tianji.providers.dialects.openai_chat.turns import write_turns
from tianji.wire.neutral import Block, Document, Image, Source, Text, ToolCall, ToolResult, Turn

PICTURE = Image(Source(data="AAAA", media_type="image/png"))
CALLS = Turn("assistant", [ToolCall("a", "look", "{}"), ToolCall("b", "look", "{}")])


def result(call_id: str, *content: Block) -> ToolResult:
    return ToolResult(call_id, list(content))


def written(*turns: Turn) -> list[dict[str, Any]]:
    return list(write_turns(turns))


def kinds(message: dict[str, Any]) -> list[str]:
    return [part["type"] for part in message["content"]]


def test_pictures_in_results_follow_when_the_last_result_was_told():
    one, two = result("a", Text("there"), PICTURE), result("b", PICTURE)

    for turns in ([Turn("tool", [one]), Turn("tool", [two])], [Turn("user", [one, two])]):
        calls, first, second, shown = written(CALLS, *turns)

        assert [first["role"], second["role"], shown["role"]] == ["tool", "tool", "user"]
        assert first["content"] == "there"
        assert isinstance(second["content"], str)
        assert second["content"]
        assert kinds(shown) == ["text", "image_url", "text", "image_url"]
        assert calls["tool_calls"][1]["id"] == second["tool_call_id"]


def test_what_the_user_says_besides_comes_behind_the_pictures():
    turn = Turn("user", [result("a", PICTURE), Text("What is it?")])

    _, told, shown = written(CALLS, turn)

    assert told["role"] == "tool"
    assert kinds(shown) == ["text", "image_url", "text"]


def test_pictures_come_before_the_next_answer():
    roles = [one["role"] for one in written(CALLS, Turn("tool", [result("a", PICTURE)]), CALLS)]

    assert roles == ["assistant", "tool", "user", "assistant"]


def test_results_that_are_text_need_no_turn_of_the_user():
    text = Document(Source(text="a page"))

    _, told = written(CALLS, Turn("tool", [result("a", text), result("b")]))[:2]

    assert told["content"] == "a page" or told["content"][0]["text"] == "a page"
    assert [one["role"] for one in written(CALLS, Turn("tool", [result("b")]))] == ["assistant", "tool"]
