"""Conversations on their way to Bedrock: what Converse takes, whatever the client sent."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from tianji.errors import BadRequest
from tianji.wire.neutral import (
    CacheMark,
    Document,
    Image,
    Opaque,
    Reasoning,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    Video,
)
from tianji_testkit.bedrock import (
    LLAMA,
    NOVA,
    PNG,
    SONNET,
    WEATHER,
    Sent,
    ask,
    called,
    result,
    sender,
    user,
)


@pytest.fixture
def sent(bound: Callable[..., Any]) -> Sent:
    return sender(bound)


def test_a_plain_request_holds_what_was_asked(sent: Sent):
    body = sent(
        ask(
            Turn("system", [Text("Be kind.")]),
            user("Hi"),
            max_tokens=5,
            temperature=0.5,
            top_p=0.9,
            stop=["X"],
        )
    )

    assert body == {
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "system": [{"text": "Be kind."}],
        "inferenceConfig": {"maxTokens": 5, "temperature": 0.5, "topP": 0.9, "stopSequences": ["X"]},
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
    }


@pytest.mark.parametrize(
    "turns",
    [
        [Turn("system", [Text("only")])],
        [Turn("assistant", [Text("first")])],
        [user(""), user("  "), user("x")],
        [user("a"), Turn("assistant", [Text("")]), user("b")],
        [user("a"), called("1", "2"), result("2"), result("1"), user("and?")],
        [user("a"), called("1", "2"), result("2"), user("the other?")],
        [user("a"), called("1")],
        [user("a"), called("1"), user("never mind"), result("1"), result("unknown")],
        [result("nobody asked")],
        [user("a"), called("toolu:weird/id with spaces" * 5), result("toolu:weird/id with spaces" * 5)],
        [user("a"), called("1"), result("1", "")],
        [user("a"), Turn("assistant", [Reasoning("unsigned"), Text("b")]), user("c")],
        [user("a"), Turn("assistant", [Text("go on  ")])],
        [Turn("user", [Document(Source(data="JVBERi0=", media_type="application/pdf"), name="A/b: c.pdf")])],
        [Turn("user", [Text(" "), Image(Source(data=PNG, media_type="image/png"))])],
        [Turn("user", [])],
    ],
)
def test_whatever_the_client_sent_is_legal(sent: Sent, turns: list[Turn]):
    for model in (SONNET, NOVA, LLAMA, "us.anthropic.claude-sonnet-4-6"):
        sent(ask(*turns), model)
        sent(ask(*turns, tools=[WEATHER], tool_choice=ToolChoice("none")), model)


def test_results_stand_first_in_the_turn_behind_their_calls(sent: Sent):
    body = sent(ask(user("a"), called("1"), user("well?"), result("1"), tools=[WEATHER]))

    assert [next(iter(block)) for block in body["messages"][2]["content"]] == ["toolResult", "text"]


def test_foreign_ids_of_calls_are_made_legal_and_stay_apart(sent: Sent):
    body = sent(ask(user("a"), called("a/1", "a:1"), result("a:1", "x"), result("a/1", "y"), tools=[WEATHER]))

    uses = [block["toolUse"]["toolUseId"] for block in body["messages"][1]["content"]]
    assert len(set(uses)) == 2
    answers = {
        block["toolResult"]["toolUseId"]: block["toolResult"]["content"]
        for block in body["messages"][2]["content"]
    }
    assert answers == {uses[0]: [{"text": "y"}], uses[1]: [{"text": "x"}]}


def test_arguments_that_are_no_object_are_wrapped(sent: Sent):
    turn = Turn("assistant", [ToolCall("1", "weather", "not json"), ToolCall("2", "weather", "")])
    body = sent(ask(user("a"), turn, result("1"), result("2"), tools=[WEATHER]))

    inputs = [block["toolUse"]["input"] for block in body["messages"][1]["content"]]
    assert inputs == [{"input": "not json"}, {}]


def test_cache_marks_become_cache_points(sent: Sent):
    mark = CacheMark("1h")
    tool = Tool("weather", schema={"type": "object"}, cache=CacheMark())
    body = sent(
        ask(
            Turn("system", [Text("long", cache=mark)]),
            Turn("user", [Text("a", cache=mark), Text("b")]),
            called("1"),
            Turn("tool", [ToolResult("1", [Text("x", cache=CacheMark())])]),
            tools=[tool],
        )
    )

    hour = {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert body["system"] == [{"text": "long"}, hour]
    assert body["messages"][0]["content"] == [{"text": "a"}, hour, {"text": "b"}]
    assert body["messages"][2]["content"][1] == {"cachePoint": {"type": "default"}}
    assert body["toolConfig"]["tools"][1] == {"cachePoint": {"type": "default"}}


def test_models_that_cache_nothing_get_no_cache_points(sent: Sent):
    body = sent(ask(Turn("user", [Text("a", cache=CacheMark())])), LLAMA)

    assert body["messages"][0]["content"] == [{"text": "a"}]


def test_pictures_documents_and_films_go_as_bytes_or_from_s3(sent: Sent):
    body = sent(
        ask(
            Turn(
                "user",
                [
                    Text("see"),
                    Image(Source(data=PNG, media_type="image/jpg")),
                    Image(Source(url="s3://bucket/a/b.webp")),
                    Video(Source(data="AAAA", media_type="video/quicktime")),
                    Document(Source(text="plain"), title="Notes 1.0 (draft)"),
                    Document(Source(data="AAAA", media_type="text/csv"), name="a.csv", citations=True),
                    Document(Source(data="JVBERi0=", media_type="application/pdf"), name="a.pdf"),
                ],
            )
        ),
        NOVA,
    )

    content = body["messages"][0]["content"]
    assert content[1] == {"image": {"format": "jpeg", "source": {"bytes": PNG}}}
    assert content[2]["image"] == {
        "format": "webp",
        "source": {"s3Location": {"uri": "s3://bucket/a/b.webp"}},
    }
    assert content[3]["video"]["format"] == "mov"
    assert content[4]["document"]["source"] == {"text": "plain"}
    assert content[5]["document"]["citations"] == {"enabled": True}
    assert [block["document"]["name"] for block in content[4:]] == ["Notes 1", "a", "a-2"]


@pytest.mark.parametrize(
    "block",
    [
        Image(Source(url="https://example.com/a.png")),
        Image(Source(data="AAAA", media_type="image/tiff")),
        Document(Source(url="https://example.com/a.pdf")),
    ],
)
def test_what_bedrock_cannot_take_is_told_clearly(sent: Sent, block: Any):
    with pytest.raises(BadRequest, match=r"messages\[0\].*Bedrock"):
        sent(ask(Turn("user", [block])))


def test_only_claude_gets_back_what_claude_signed(sent: Sent):
    thoughts = [
        Reasoning("mine", signature="c2ln"),
        Reasoning(encrypted="aGlkZGVu"),
        Reasoning("of openai", signature="openai:x", id="rs_1"),
        Reasoning(encrypted="gAAA", id="rs_2"),
        Text("so"),
    ]
    turns = [user("a"), Turn("assistant", thoughts), user("b")]

    kept = sent(ask(*turns))["messages"][1]["content"]
    assert kept == [
        {"reasoningContent": {"reasoningText": {"text": "mine", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": base64.b64encode(b"aGlkZGVu").decode()}},
        {"text": "so"},
    ]
    assert sent(ask(*turns), NOVA)["messages"][1]["content"] == [{"text": "so"}]


def test_guarded_text_goes_to_the_guardrail(sent: Sent):
    block = Opaque("chat", {"type": "guarded_text", "text": "look at this"})

    content = sent(ask(Turn("user", [block])))["messages"][0]["content"]

    assert content == [{"guardContent": {"text": {"text": "look at this"}}}]


def test_models_without_a_system_are_told_in_the_first_turn(sent: Sent):
    body = sent(ask(Turn("system", [Text("Be brief.")]), user("Hi")), "mistral.mistral-7b-instruct-v0:2")

    assert "system" not in body
    assert body["messages"] == [{"role": "user", "content": [{"text": "Be brief."}, {"text": "Hi"}]}]
