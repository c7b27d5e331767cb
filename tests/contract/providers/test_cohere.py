import json
from pathlib import Path
from typing import Any

import pytest

from tianji.errors import BadRequest, UnsupportedParameter, UpstreamError
from tianji.providers.cohere import chat_url
from tianji.wire.chat import ChatFront
from tianji.wire.messages import MessagesFront
from tianji.wire.neutral import BlockStarted, Failed, Finished, Grew, Used

FIXTURES = Path(__file__).parent / "recorded" / "cohere"
TOOL = {"name": "look", "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": "x"}'}}


@pytest.fixture
def sent(bound, fields):
    """Send a chat request to Cohere; return the body that arrives."""

    def send(model: str = "command-a-03-2025", **body: Any) -> Any:
        upstream = bound("cohere", model, options=body.pop("options", {}))
        return json.loads(upstream.request(ChatFront().read(fields(**body))).body)

    return send


@pytest.mark.parametrize(
    ("base", "first", "url"),
    [
        ("https://c.test", False, "https://c.test/v2/chat"),
        ("https://c.test", True, "https://c.test/v1/chat"),
        ("https://c.test/v2/chat", False, "https://c.test/v2/chat"),
        ("https://c.test/v2", True, "https://c.test/v1/chat"),
        ("https://c.test/v1", False, "https://c.test/v1/chat"),
        ("https://c.test/v1/chat", False, "https://c.test/v1/chat"),
    ],
)
def test_the_version_is_in_the_address(base, first, url):
    assert chat_url(base, first=first) == url


def test_cohere_chat_is_cohere(bound):
    assert bound("cohere_chat", "v1/command-r").url == "https://api.cohere.com/v1/chat"
    assert bound("cohere_chat", api_key="k").headers["authorization"] == "Bearer k"
    assert bound("cohere", environ={"CO_API_KEY": "e"}).headers["authorization"] == "Bearer e"


def test_results_of_tools_are_texts_and_their_pictures_follow(bound):
    shown = [
        {"type": "text", "text": "see:"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
    ]
    body = {
        "model": "m",
        "max_tokens": 9,
        "messages": [
            {"role": "user", "content": "go"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": n, "name": "look", "input": {}} for n in "ab"],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "a", "content": shown},
                    {"type": "tool_result", "tool_use_id": "b", "content": []},
                    {"type": "text", "text": "well?"},
                ],
            },
        ],
    }
    ask = MessagesFront().read({name: json.dumps(value).encode() for name, value in body.items()})

    messages = json.loads(bound("cohere").request(ask).body)["messages"]

    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool", "user", "user"]
    assert [message["content"] for message in messages[2:4]] == ["see:", "(no output)"]
    assert messages[4]["content"][0]["image_url"]["url"] == "data:image/png;base64,AAAA"
    assert messages[5]["content"] == "well?"
    assert "content" not in messages[1]


def test_thoughts_go_back_as_the_plan_or_to_models_that_think_as_thoughts(sent):
    said = {"role": "assistant", "content": "", "reasoning_content": "first this", "tool_calls": [CALL]}
    messages = [
        {"role": "user", "content": "hi"},
        said,
        {"role": "tool", "tool_call_id": "c1", "content": "y"},
    ]

    assert sent(messages=messages)["messages"][1]["tool_plan"] == "first this"
    thinking = sent("command-a-reasoning-08-2025", messages=messages)["messages"][1]
    assert thinking["content"] == [{"type": "thinking", "thinking": "first this"}]


def test_empty_texts_are_left_out(sent):
    empty = [
        {"role": "user", "content": ""},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": "a"},
    ]

    assert sent(messages=empty)["messages"] == [{"role": "user", "content": "a"}]


@pytest.mark.parametrize(
    ("choice", "word"), [("required", "REQUIRED"), ("none", "NONE"), ("auto", None), ("any", "REQUIRED")]
)
def test_the_choice_of_tools_is_said_in_capitals(sent, choice, word):
    body = sent(tools=[{"type": "function", "function": TOOL}], tool_choice=choice)

    assert body.get("tool_choice") == word


def test_one_tool_is_forced_by_offering_no_other(sent):
    tools = [{"type": "function", "function": {**TOOL, "name": name}} for name in ("look", "leap")]

    body = sent(tools=tools, tool_choice={"type": "function", "function": {"name": "leap"}})

    assert [tool["function"]["name"] for tool in body["tools"]] == ["leap"]
    assert body["tool_choice"] == "REQUIRED"


def test_tools_are_strict_only_where_all_are_and_cohere_takes_it(sent):
    strict = {**TOOL, "strict": True, "parameters": {**TOOL["parameters"], "required": ["at"]}}

    assert sent(tools=[{"type": "function", "function": strict}])["strict_tools"] is True
    both = [{"type": "function", "function": tool} for tool in (strict, TOOL)]
    assert "strict_tools" not in sent(tools=both)


def test_a_form_is_native_but_beside_tools_it_is_asked_for_in_words(sent):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}

    assert sent(response_format=wanted)["response_format"] == {"type": "json_object", "json_schema": schema}
    beside = sent(response_format=wanted, tools=[{"type": "function", "function": TOOL}])
    assert "response_format" not in beside
    assert json.dumps(schema, separators=(",", ":")) in beside["messages"][0]["content"]


@pytest.mark.parametrize(
    ("said", "thinking"),
    [
        ({"reasoning_effort": "low"}, {"type": "enabled", "token_budget": 1024}),
        ({"reasoning_effort": "none"}, {"type": "disabled"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 77}}, {"type": "enabled", "token_budget": 77}),
        ({"thinking": {"type": "enabled", "token_budget": 78}}, {"type": "enabled", "token_budget": 78}),
        ({"thinking": {"type": "enabled"}}, {"type": "enabled"}),
        ({"thinking": {"type": "disabled"}}, {"type": "disabled"}),
    ],
)
def test_thinking_is_limited_in_cohere_words(sent, said, thinking):
    assert sent(**said)["thinking"] == thinking


def test_an_effort_leaves_room_for_the_answer(sent):
    assert sent(reasoning_effort="high", max_tokens=1000)["thinking"]["token_budget"] == 500


@pytest.mark.parametrize(("said", "sent_on"), [(1, 0.99), (0, 0.01), (0.5, 0.5)])
@pytest.mark.parametrize("model", ["command-a-03-2025", "v1/command-r"])
def test_top_p_is_kept_within_what_cohere_takes(sent, model, said, sent_on):
    assert sent(model, top_p=said)["p"] == sent_on


def test_documents_are_cited_where_the_client_asks_for_it(sent):
    document = {"type": "document", "title": "T", "source": {"type": "text", "data": "D"}}
    cited = {**document, "citations": {"enabled": True}}
    user = {"role": "user", "content": [document, cited, {"type": "text", "text": "q"}]}

    body = sent(messages=[user], documents=["own"])

    assert body["documents"] == ["own", {"id": "doc:0", "data": {"text": "D", "title": "T"}}]
    assert [part["text"] for part in body["messages"][0]["content"]] == ["T\n\nD", "q"]


def test_what_cohere_lacks_is_refused_or_dropped(sent):
    with pytest.raises(UnsupportedParameter, match="logit_bias"):
        sent(logit_bias={"1": 2})
    with pytest.raises(UnsupportedParameter, match="'n'"):
        sent(n=2)
    assert "logit_bias" not in sent(logit_bias={"1": 2}, options={"drop_params": True})
    assert sent(temperature=0, safety_mode="STRICT", user="me", store=True) == {
        "model": "command-a-03-2025",
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0,
        "safety_mode": "STRICT",
    }
    with pytest.raises(BadRequest, match=r"messages\[0\].*audio"):
        sent(messages=[{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "A"}}]}])
    with pytest.raises(BadRequest, match="web_search"):
        sent(tools=[{"type": "web_search"}])


def test_version_one_takes_the_last_message_apart_from_its_history(sent):
    messages = [
        {"role": "system", "content": "short"},
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": None, "tool_calls": [CALL, {**CALL, "id": "c2"}]},
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "tool", "tool_call_id": "c2", "content": "two"},
    ]

    body = sent("v1/command-r", messages=messages, tools=[{"type": "function", "function": TOOL}], top_p=0.5)

    assert (body["preamble"], body["message"], body["p"]) == ("short", "", 0.5)
    assert [entry["role"] for entry in body["chat_history"]] == ["USER", "CHATBOT"]
    call = {"name": "look", "parameters": {"at": "x"}}
    assert [result["call"] for result in body["tool_results"]] == [call, call]
    assert [result["outputs"] for result in body["tool_results"]] == [
        [{"output": "one"}],
        [{"output": "two"}],
    ]
    assert body["tools"][0]["parameter_definitions"] == {"at": {"type": "str", "required": False}}
    assert sent("v1/command-r")["message"] == "hi"


def stream_of(name: str) -> bytes:
    answer = json.loads((FIXTURES / name).read_text())["response"]
    return (answer.get("sse") or answer["ndjson"]).encode()


@pytest.mark.parametrize(
    "name",
    [
        "v2.chat/parallel_tools_stream.json",
        "v2.chat/thinking_cited_stream.json",
        "v1.chat/v1_tools_stream.json",
    ],
)
def test_a_stream_may_be_cut_anywhere(bound, fields, name):
    raw, ask = stream_of(name), ChatFront().read(fields())
    upstream = bound("cohere", "v1/command" if "v1" in name else "command")

    def events(*pieces: bytes) -> list[Any]:
        decoder = upstream.stream(ask)
        found = [event for piece in pieces for event in decoder.feed(piece)] + decoder.close()
        assert decoder.complete
        return [
            (type(e), getattr(e, "text", None), getattr(e, "index", None), getattr(e, "usage", None))
            for e in found
        ]

    whole = events(raw)
    assert all(events(raw[:at], raw[at:]) == whole for at in range(1, len(raw)))
    assert events(raw.replace(b"\n", b"\r\n")) == whole


def test_citations_are_annotations_that_keep_their_source(bound, fields):
    ask = ChatFront().read(fields())
    decoder = bound("cohere").stream(ask)

    notes = [
        e.citation
        for e in decoder.feed(stream_of("v2.chat/thinking_cited_stream.json"))
        if isinstance(e, Grew)
    ]

    (note,) = [note for note in notes if note]
    assert note["url_citation"] == {
        "start_index": 10,
        "end_index": 14,
        "url": "source:doc:0",
        "title": "Arms",
    }
    assert note["source"]["document"]["text"] == "A bear."


def test_a_stream_without_its_end_is_not_complete(bound, fields):
    raw = stream_of("v2.chat/parallel_tools_stream.json")
    decoder = bound("cohere").stream(ChatFront().read(fields()))

    decoder.feed(raw[: raw.index(b"event: message-end")])
    decoder.close()

    assert not decoder.complete


def test_a_call_without_arguments_does_not_hold_up_the_next(bound, fields):
    decoder = bound("cohere").stream(ChatFront().read(fields()))

    def event(kind: str, at: int, **delta: Any) -> bytes:
        return (
            b"data: "
            + json.dumps({"type": kind, "index": at, "delta": {"message": delta}}).encode()
            + b"\n\n"
        )

    def start(at: int) -> bytes:
        call = {"id": f"c{at}", "function": {"name": "f", "arguments": ""}}
        return event("tool-call-start", at, tool_calls=call)

    events = decoder.feed(start(0) + event("tool-call-end", 0) + start(1))

    assert [e.block.id for e in events if isinstance(e, BlockStarted)] == ["c0", "c1"]
    assert [e.text for e in events if isinstance(e, Grew)] == ["{}"]


def test_an_answer_that_failed_is_an_error(bound, fields):
    ask = ChatFront().read(fields())
    upstream = bound("cohere")

    with pytest.raises(UpstreamError, match="broke off") as failed:
        upstream.response(b'{"message": {"content": []}, "finish_reason": "TIMEOUT"}', ask)
    assert failed.value.status == 504
    (event,) = upstream.stream(ask).feed(b'data: {"message": "internal error"}\n\n')
    assert isinstance(event, Failed)
    with pytest.raises(UpstreamError, match="cannot be read"):
        upstream.response(b'{"text": 5}', ask)


def test_billed_tokens_stand_in_for_tokens(bound, fields):
    delta = {
        "finish_reason": "STOP_SEQUENCE",
        "usage": {"billed_units": {"input_tokens": 3, "output_tokens": 2}},
    }
    raw = f"data: {json.dumps({'type': 'message-end', 'delta': delta})}\n\n"

    used, finished = bound("cohere").stream(ChatFront().read(fields())).feed(raw.encode())

    assert isinstance(used, Used) and (used.usage.input_tokens, used.usage.output_tokens) == (3, 2)
    assert isinstance(finished, Finished) and finished.finish == "stop"


def test_too_long_a_prompt_is_told_apart(bound):
    body = json.loads((FIXTURES / "v2.chat/error_too_long.json").read_text())["response"]["json"]

    error = bound("cohere").error(400, {}, json.dumps(body).encode())

    assert error.code == "context_length_exceeded"
