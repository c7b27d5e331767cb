"""Calls and results that belong together, whatever the client kept of them."""

from typing import Any

from tianji.providers.dialects import answered as chat
from tianji.providers.dialects.anthropic import answered as anthropic


def use(identity: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": identity, "name": "look", "input": {}}


def result(identity: str, content: Any = "there") -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": identity, "content": content}


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def messages(*contents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return turns, the user's first."""
    return [
        {"role": ("user", "assistant")[at % 2], "content": content} for at, content in enumerate(contents)
    ]


def test_anthropic_gets_a_result_for_every_call_in_front_of_what_the_user_says():
    asked = messages([text("look")], [use("a"), use("b")], [text("well?"), result("b")])

    turn = anthropic.answered(asked)[2]["content"]

    assert [block["type"] for block in turn] == ["tool_result", "tool_result", "text"]
    assert {block["tool_use_id"] for block in turn[:2]} == {"a", "b"}


def test_anthropic_gets_a_turn_of_results_where_the_conversation_ends_with_calls():
    last = anthropic.answered(messages([text("look")], [use("a")]))[-1]

    assert (last["role"], last["content"][0]["tool_use_id"]) == ("user", "a")


def test_anthropic_gets_results_of_no_call_as_what_the_user_says():
    asked = messages([result("lost"), result("seen", [text("a"), text("b")]), result("mute", "")])

    assert anthropic.answered(asked) == messages([text("there"), text("a"), text("b")])


def test_anthropic_gets_no_turn_that_held_nothing_but_an_empty_result():
    assert anthropic.answered(messages([result("mute", "")])) == []


def test_anthropic_gets_legal_ids_the_same_for_a_call_and_its_result():
    odd = ["call:ü", "x" * 90, "call:u"]
    asked = messages([text("look")], [use(one) for one in odd], [result(one) for one in odd])

    _, calls, results = anthropic.answered(asked)

    ids = [call["id"] for call in calls["content"]]
    assert ids == [one["tool_use_id"] for one in results["content"]]
    assert len(set(ids)) == 3
    assert all(len(one) <= 64 and one.replace("_", "").isascii() and ":" not in one for one in ids)


def called(*ids: str) -> dict[str, Any]:
    calls = [{"id": one, "type": "function", "function": {"name": "f", "arguments": "{}"}} for one in ids]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def told(identity: str, content: str = "there") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": identity, "content": content}


HI = {"role": "user", "content": "hi"}


def test_chat_gets_a_result_for_every_call_before_anything_else():
    got = chat.answered([HI, called("a", "b"), told("b"), HI, called("c")])

    assert [one.get("tool_call_id") for one in got] == [None, None, "b", "a", None, None, "c"]


def test_chat_gets_results_of_no_call_as_what_the_user_says_behind_the_others():
    got = chat.answered([HI, called("a"), told("lost", "this"), told("a"), told("mute", "")])

    assert [one["role"] for one in got] == ["user", "assistant", "tool", "user"]
    assert got[-1]["content"] == "this"


def test_chat_gets_ids_of_forty_signs_the_same_for_a_call_and_its_result():
    calls, first, second = chat.answered([called("x" * 50, "x" * 51), told("x" * 50), told("x" * 51)])

    ids = [call["id"] for call in calls["tool_calls"]]
    assert ids == [first["tool_call_id"], second["tool_call_id"]]
    assert len(set(ids)) == 2
    assert {len(one) for one in ids} == {40}
