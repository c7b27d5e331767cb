import json
from pathlib import Path
from typing import Any

import pytest

from tianji.errors import BadRequest, UnsupportedParameter, UpstreamError
from tianji.providers.ollama import chat_url
from tianji.wire.chat import ChatFront
from tianji.wire.neutral import BlockStarted, Event, Failed

FIXTURES = Path(__file__).parent / "recorded" / "ollama"
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"properties": {}}}}
LEAP = {"type": "function", "function": {"name": "leap", "description": "Jumps."}}


@pytest.fixture
def sent(bound, fields):
    """Send a chat request to Ollama; return the body that arrives."""

    def send(model: str = "llama3.2", **body: Any) -> Any:
        upstream = bound("ollama", model, **body.pop("params", {}))
        return json.loads(upstream.request(ChatFront().read(fields(**body))).body)

    return send


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://o.test:11434/", "http://o.test:11434/api/chat"),
        ("http://o.test/api", "http://o.test/api/chat"),
        ("http://o.test/api/chat", "http://o.test/api/chat"),
        ("http://o.test/api/generate", "http://o.test/api/generate"),
    ],
)
def test_the_address_is_that_of_the_chat_unless_it_names_generate(base, url):
    assert chat_url(base) == url


def test_both_names_call_the_chat_and_a_key_is_optional(bound):
    plain = bound("ollama_chat")

    assert plain.url == "http://localhost:11434/api/chat"
    assert "authorization" not in plain.headers
    assert bound("ollama", environ={"OLLAMA_API_KEY": "k"}).headers["authorization"] == "Bearer k"


def test_calls_carry_objects_and_results_the_name_of_their_tool(sent):
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}
    messages = [
        {"role": "developer", "content": "short"},
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": "", "reasoning_content": "hm", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "see"}, picture]},
        {"role": "user", "content": ""},
    ]

    assert sent(messages=messages)["messages"] == [
        {"role": "system", "content": "short"},
        {"role": "user", "content": "go"},
        {
            "role": "assistant",
            "content": "",
            "thinking": "hm",
            "tool_calls": [{"id": "c1", "function": {"name": "look", "arguments": {"at": 1}}}],
        },
        {"role": "tool", "tool_name": "look", "tool_call_id": "c1", "content": "see", "images": ["QUJD"]},
    ]


def test_tuning_goes_into_the_options_and_the_rest_beside_them(sent):
    body = sent(
        max_tokens=5,
        temperature=0,
        stop="x",
        num_ctx=99,
        keep_alive="5m",
        options={"mirostat": 1},
        logprobs=True,
    )

    assert body["options"] == {
        "num_predict": 5,
        "temperature": 0,
        "stop": ["x"],
        "num_ctx": 99,
        "mirostat": 1,
    }
    assert (body["keep_alive"], body["logprobs"], body["stream"]) == ("5m", True, False)
    assert sent(params={"num_ctx": 4096})["options"] == {"num_ctx": 4096}


def test_a_schema_is_the_format(sent):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}

    assert sent(response_format=wanted)["format"] == schema
    assert sent(response_format={"type": "json_object"})["format"] == "json"


@pytest.mark.parametrize(
    ("model", "said", "think"),
    [
        ("qwen3", {"reasoning_effort": "low"}, True),
        ("qwen3", {"reasoning_effort": "none"}, False),
        ("qwen3", {"thinking": {"type": "enabled", "budget_tokens": 9}}, True),
        ("gpt-oss:20b", {"reasoning_effort": "minimal"}, "low"),
        ("gpt-oss:20b", {"reasoning_effort": "xhigh"}, "high"),
    ],
)
def test_thinking_is_a_switch_or_for_some_models_a_degree(sent, model, said, think):
    assert sent(model, **said)["think"] == think


def test_a_model_that_does_not_think_is_not_asked_to(sent):
    assert "think" not in sent("llama3.2", reasoning_effort="high")
    assert "think" not in sent("mine/gemma3:4b", thinking={"type": "enabled", "budget_tokens": 9})
    assert sent("llama3.2", reasoning_effort="none")["think"] is False
    assert sent("llama3.2", reasoning_effort="high", params={"info": {"supports_reasoning": True}})["think"]
    assert "think" not in sent(
        "mine", reasoning_effort="high", params={"info": {"supports_reasoning": False}}
    )


def test_a_choice_of_tools_narrows_what_is_offered(sent):
    forced = sent(tools=[TOOL, LEAP], tool_choice={"type": "function", "function": {"name": "leap"}})

    assert [tool["function"]["name"] for tool in forced["tools"]] == ["leap"]
    assert "tools" not in sent(tools=[TOOL], tool_choice="none")
    assert len(sent(tools=[TOOL, LEAP], tool_choice="required")["tools"]) == 2


def test_what_ollama_cannot_take_is_refused(sent):
    web = [{"type": "image_url", "image_url": {"url": "https://p.test/a.png"}}]
    with pytest.raises(BadRequest, match=r"messages\[0\].*data"):
        sent(messages=[{"role": "user", "content": web}])
    with pytest.raises(UnsupportedParameter, match="logit_bias"):
        sent(logit_bias={"1": 1})


def test_generate_gets_the_conversation_as_one_prompt(sent):
    params = {"api_base": "http://o.test/api/generate"}
    talk = [
        {"role": "system", "content": "short"},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]

    assert sent(params=params)["prompt"] == "hi"
    body = sent(params=params, messages=talk)
    assert body["system"] == "short"
    assert "You can call tools" in sent(params=params, tools=[TOOL])["system"]
    assert body["prompt"] == "### User:\na\n\n### Assistant:\nb\n\n### User:\nc\n\n### Assistant:\n"


@pytest.mark.parametrize("name", ["chat/tools_stream.json", "chat/length_stream.json"])
def test_a_stream_may_be_cut_anywhere(bound, fields, name):
    raw = json.loads((FIXTURES / name).read_text())["response"]["ndjson"].encode()
    ask = ChatFront().read(fields())

    def events(*pieces: bytes) -> list[Any]:
        decoder = bound("ollama").stream(ask)
        found: list[Event] = [event for piece in pieces for event in decoder.feed(piece)] + decoder.close()
        assert decoder.complete
        return [(type(e), getattr(e, "text", None), getattr(e, "index", None)) for e in found]

    whole = events(raw)
    assert all(events(raw[:at], raw[at:]) == whole for at in range(1, len(raw)))
    assert events(raw.replace(b"\n", b"\r\n\r\n")) == whole
    assert events(raw.rstrip()) == whole


def test_calls_without_ids_get_one_each(bound, fields):
    raw = json.loads((FIXTURES / "chat/tools_stream.json").read_text())["response"]["ndjson"].encode()

    blocks = [
        e.block
        for e in bound("ollama").stream(ChatFront().read(fields())).feed(raw)
        if isinstance(e, BlockStarted)
    ]

    ids = [block.id for block in blocks if hasattr(block, "name")]
    assert len(set(ids)) == 2
    assert all(name.startswith("call_") for name in ids)


def test_an_error_in_place_of_an_answer_is_one(bound, fields):
    ask, upstream = ChatFront().read(fields()), bound("ollama")

    with pytest.raises(UpstreamError, match="out of memory"):
        upstream.response(b'{"error": "out of memory"}', ask)
    (event,) = upstream.stream(ask).feed(b'{"error": "out of memory"}\n')
    assert isinstance(event, Failed)
    with pytest.raises(UpstreamError, match="cannot be read"):
        upstream.response(b'{"done": true}', ask)


def test_a_stream_without_its_last_line_is_not_complete(bound, fields):
    decoder = bound("ollama").stream(ChatFront().read(fields()))

    decoder.feed(b'{"message": {"content": "a"}, "done": false}\n')
    decoder.close()

    assert not decoder.complete
