"""Answers of vendors that stretch OpenAI's form, cut anywhere: nothing of what they say is lost."""

import json
from typing import Any

import pytest

from tianji.errors import UpstreamError
from tianji.providers.dialects.openai_chat import answer
from tianji.providers.dialects.openai_chat.stream import ChatDecoder
from tianji.wire.chat import ChatFront
from tianji.wire.neutral import (
    Ask,
    Event,
    Failed,
    Finished,
    Grew,
    Opaque,
    Reasoning,
    Text,
    ToolCall,
    Usage,
    Used,
)
from tianji_testkit.events import grown

ASK = Ask("m")


def whole(message: dict[str, Any], finish: str = "stop", **more: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return json.dumps({"id": "a", "model": "m", "choices": [choice], **more}).encode()


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "a", "choices": [choice], **more}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def streamed(upstream: Any, raw: bytes, size: int = 1) -> list[Event]:
    decoder = upstream.stream(ASK)
    events = [event for at in range(0, len(raw), size) for event in decoder.feed(raw[at : at + size])]
    return events + decoder.close()


def said(events: list[Event]) -> list[tuple[str, str]]:
    """Return each block's kind with its text."""
    return [(type(block).__name__, text) for block, text in grown(events)]


def only(kind: type, events: list[Event]) -> Any:
    found = [event for event in events if isinstance(event, kind)]
    assert len(found) == 1, found
    return found[0]


def usage_of(body: dict[str, Any]) -> Usage:
    found = answer.read(whole({"content": "x"}, usage=body)).usage
    assert found is not None
    return found


THINK = "<think>\none < two\n</think>\n\nIt is ä."


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("pieces", [1, 4, 100])
def test_thoughts_in_minimaxs_text_become_thoughts(bound, size: int, pieces: int):
    step = max(1, len(THINK) // pieces)
    parts = [THINK[at : at + step] for at in range(0, len(THINK), step)]
    raw = b"".join(chunk({"content": part}) for part in parts) + chunk({}, "stop") + DONE

    events = streamed(bound("minimax"), raw, size)

    kinds = said(events)
    assert [(kind, text.strip()) for kind, text in kinds] == [
        ("Reasoning", "one < two"),
        ("Text", "It is ä."),
    ]
    assert only(Finished, events).finish == "stop"


def test_thoughts_in_a_whole_text_become_thoughts(bound):
    blocks = bound("minimax").response(whole({"content": THINK}), ASK).choices[0].blocks

    assert blocks == [Reasoning("one < two"), Text("It is ä.")]


@pytest.mark.parametrize("text", ["<thin", "<", "a <think> b", "plain", " \n", "<think>never closed"])
def test_a_text_that_only_looks_like_thoughts_is_kept(bound, text: str):
    raw = b"".join(chunk({"content": sign}) for sign in text) + chunk({}, "stop") + DONE

    kinds = said(streamed(bound("minimax"), raw, 7))

    if text.startswith("<think>"):
        assert kinds == [("Reasoning", "never closed")]
    else:
        assert kinds == [("Text", text)]


def test_calls_after_thoughts_in_the_text_are_numbered_on(bound):
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    raw = chunk({"content": THINK}) + chunk({"tool_calls": [call]}) + chunk({}, "tool_calls") + DONE

    assert [kind for kind, _ in said(streamed(bound("minimax"), raw))] == ["Reasoning", "Text", "ToolCall"]


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [(1004, 401, "1004"), (1002, 429, "1002"), (1026, 400, "content_policy_violation"), (9999, 502, "9999")],
)
def test_an_error_of_minimax_comes_with_a_status_of_200(bound, number: int, status: int, code: str):
    told = {"base_resp": {"status_code": number, "status_msg": "no luck"}, "choices": None}
    upstream = bound("minimax")

    with pytest.raises(UpstreamError, match="no luck") as raised:
        upstream.response(json.dumps(told).encode(), ASK)
    failed = only(Failed, streamed(upstream, b"data: " + json.dumps(told).encode() + b"\n\n"))

    assert (raised.value.status, raised.value.code) == (status, code)
    assert (failed.status, failed.code) == (status, code)


def test_a_status_of_0_is_no_error(bound):
    fine = {"base_resp": {"status_code": 0, "status_msg": ""}}

    assert bound("minimax").response(whole({"content": "ok"}, **fine), ASK).choices[0].blocks == [Text("ok")]
    raw = chunk({"content": "ok"}, **fine) + chunk({}, "stop", **fine) + DONE
    assert said(streamed(bound("minimax"), raw)) == [("Text", "ok")]


MISTRALS = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "h"}, {"type": "text", "text": "m"}]},
    {"type": "text", "text": "See "},
    {"type": "reference", "reference_ids": [1]},
    {"type": "text", "text": "there."},
]


def test_mistrals_parts_are_thoughts_text_and_references(bound):
    blocks = bound("mistral").response(whole({"content": MISTRALS}), ASK).choices[0].blocks
    raw = (
        b"".join(chunk({"content": [part]}) for part in MISTRALS)
        + chunk({"content": ""}, "model_length")
        + DONE
    )
    events = streamed(bound("mistral"), raw)

    assert blocks == [Reasoning("hm"), Text("See "), Opaque("chat", MISTRALS[2]), Text("there.")]
    assert said(events) == [("Reasoning", "hm"), ("Text", "See "), ("Opaque", ""), ("Text", "there.")]
    assert only(Finished, events).finish == "length"


def test_groq_tells_usage_and_what_it_ran_beside_the_choices(bound):
    ran = {"index": 0, "type": "search", "arguments": "{}", "output": "found"}
    begun = {name: value for name, value in ran.items() if name != "output"}
    raw = (
        chunk({"reasoning": "hm", "executed_tools": [begun]})
        + chunk({"executed_tools": [ran]})
        + chunk({"content": "so"})
        + chunk({}, "stop", x_groq={"id": "r", "usage": {"prompt_tokens": 3, "completion_tokens": 4}})
        + DONE
    )

    events = streamed(bound("groq"), raw)

    assert said(events) == [("Reasoning", "hm"), ("Opaque", ""), ("Text", "so")]
    assert only(Used, events).usage.output_tokens == 4
    blocks = answer.read(whole({"content": "so", "executed_tools": [ran]})).choices[0].blocks
    assert [type(block) for block in blocks] == [Text, Opaque]
    assert not [block for block in blocks if isinstance(block, ToolCall)]


ERRORS = [
    b'data: {"error":{"message":"busy","code":429}}\n\n',
    b'event: error\ndata: {"message":"busy","code":"429"}\n\n',
    b'data: {"object":"error","message":"busy","code":429}\n\n',
    b'data: {"error":{"message":"busy","status_code":429,"code":"tool_use_failed"}}\n\n',
    b'data: {"x_groq":{"id":"r","error":{"message":"busy","code":429}}}\n\n',
]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_in_a_stream_is_told_with_its_status(bound, error: bytes):
    failed = only(Failed, streamed(bound("groq"), chunk({"content": "a"}) + error))

    assert "busy" in failed.message
    assert failed.status == 429


def test_an_error_in_a_stream_is_told_apart_like_any_other(bound):
    for code in (b"400", b"null"):
        error = b'data: {"error":{"message":"maximum context length is 8","code":%s}}\n\n' % code
        failed = only(Failed, streamed(bound("openrouter"), error))

        assert (failed.code, failed.status) == ("context_length_exceeded", 400)


def test_an_error_after_the_last_word_takes_nothing_from_the_answer(bound):
    late = chunk({}, None, error={"message": "limit"}, usage={"prompt_tokens": 1, "completion_tokens": 2})
    events = streamed(bound("openrouter"), chunk({"content": "a"}) + chunk({}, "length") + late + DONE)

    assert not [event for event in events if isinstance(event, Failed)]
    assert only(Used, events).usage.output_tokens == 2


BUSY = '"error":{"message":"busy","code":429}'


@pytest.mark.parametrize(
    "body",
    [
        "{" + BUSY + "}",
        '{"choices":[],' + BUSY + "}",
        '{"choices":[{"finish_reason":"error","message":{"content":""},' + BUSY + "}]}",
    ],
)
def test_an_error_in_the_body_of_a_200_is_an_error(bound, body: str):
    with pytest.raises(UpstreamError, match="busy") as raised:
        bound("openrouter").response(body.encode(), ASK)

    assert raised.value.status == 429
    assert raised.value.retryable
    assert ChatFront().glance(body.encode()).failed == "busy"


DETAILS = [
    {"type": "reasoning.text", "text": "h", "format": "anthropic-claude-v1", "index": 0},
    {"type": "reasoning.text", "text": "m", "format": "anthropic-claude-v1", "index": 0},
    {"type": "reasoning.text", "signature": "SIG", "format": "anthropic-claude-v1", "index": 0},
]


@pytest.mark.parametrize("told_twice", [True, False])
def test_signed_details_are_thoughts_once(bound, told_twice: bool):
    raw = b"".join(
        chunk({"reasoning": one.get("text") if told_twice else None, "reasoning_details": [one]})
        for one in DETAILS
    )
    events = streamed(bound("openrouter"), raw + chunk({"content": "so"}) + chunk({}, "stop") + DONE)

    assert said(events) == [("Reasoning", "hm"), ("Text", "so")]
    assert [event.signature for event in events if isinstance(event, Grew) and event.signature] == ["SIG"]


def test_encrypted_details_are_blocks_of_their_own(bound):
    detail = {"type": "reasoning.encrypted", "data": "ENC", "format": "openai-responses-v1", "id": "rs_1"}
    raw = chunk({"content": "so"}) + chunk({"reasoning_details": [detail]}) + chunk({}, "stop") + DONE

    assert said(streamed(bound("openrouter"), raw)) == [("Text", "so"), ("Reasoning", "")]


def test_pages_that_an_answer_was_made_from_are_citations(bound):
    found = {"citations": ["http://a", "http://b"], "search_results": [{"url": "http://a", "title": "A"}]}
    notes = [("http://a", "A"), ("http://b", "")]
    raw = chunk({"content": "so"}, **found) + chunk({"content": "."}, "stop", **found) + DONE

    events = streamed(bound("perplexity"), raw)
    text = bound("perplexity").response(whole({"content": "so."}, **found), ASK).choices[0].blocks[0]

    cited = [event.citation for event in events if isinstance(event, Grew) and event.citation]
    assert said(events) == [("Text", "so.")]
    for annotations in (cited, text.citations):
        assert [(one["url_citation"]["url"], one["url_citation"]["title"]) for one in annotations] == notes


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 4},
            {"cache_read_tokens": 4},
        ),
        ({"prompt_tokens": 9, "completion_tokens": 2, "cached_tokens": 4}, {"cache_read_tokens": 4}),
        ({"prompt_tokens": 9, "completion_tokens": 2, "num_cached_tokens": 4}, {"cache_read_tokens": 4}),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 2,
                "total_tokens": 16,
                "completion_tokens_details": {"reasoning_tokens": 5},
            },
            {"output_tokens": 7, "reasoning_tokens": 5},
        ),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 7,
                "total_tokens": 16,
                "completion_tokens_details": {"reasoning_tokens": 5},
            },
            {"output_tokens": 7, "reasoning_tokens": 5},
        ),
        ({"prompt_tokens": 9, "cost": 0.0025}, {"cost_usd": "0.0025"}),
        ({"prompt_tokens": 9, "cost": {"total_cost": 0.006}}, {"cost_usd": "0.006"}),
        ({"prompt_tokens": 9, "cost_in_usd_ticks": 1_497_500}, {"cost_usd": "0.00014975"}),
        ({"prompt_tokens": 9, "estimated_cost": 0.5}, {"cost_usd": "0.5"}),
        (
            {"prompt_tokens": 9, "num_search_queries": 3, "reasoning_tokens": 2},
            {"web_searches": 3, "reasoning_tokens": 2},
        ),
    ],
)
def test_counts_and_costs_are_read_where_vendors_write_them(body: dict[str, Any], wanted: dict[str, Any]):
    usage = usage_of(body)

    assert usage.input_tokens == 9
    assert {name: getattr(usage, name) for name in wanted} == wanted


def test_usage_may_stand_in_the_last_choice():
    decoder = ChatDecoder("moonshot")
    choice = {"index": 0, "delta": {}, "finish_reason": "stop", "usage": {"prompt_tokens": 5}}
    events = decoder.feed(b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n")

    assert only(Used, events).usage.input_tokens == 5


@pytest.mark.parametrize(
    ("word", "finish"),
    [
        ("eos", "stop"),
        ("STOP", "stop"),
        ("model_length", "length"),
        ("tool_use", "tool_calls"),
        ("sensitive", "content_filter"),
        ("insufficient_system_resource", "error"),
        ("something new", "stop"),
    ],
)
def test_every_vendors_word_for_the_end_has_a_meaning(word: str, finish: str):
    decoder = ChatDecoder("vendor")
    ended = only(Finished, decoder.feed(chunk({"content": "a"}, word)))

    assert (ended.finish, ended.finish_raw) == (finish, word)


@pytest.mark.parametrize("word", [None, "", "null"])
def test_a_stream_without_a_reason_to_stop_is_complete_only_with_its_end_mark(word: str | None):
    cut, ended = ChatDecoder("vendor"), ChatDecoder("vendor")
    cut.feed(chunk({"content": "a"}, word))
    cut.close()
    events = ended.feed(chunk({"content": "a"}, word) + b"data: [DONE] \n\n")

    assert not cut.complete
    assert ended.complete
    assert only(Finished, events).finish == "stop"


def test_a_stream_that_gave_its_reason_is_complete_without_an_end_mark():
    decoder = ChatDecoder("vendor")
    decoder.feed(chunk({"content": "a"}, "stop"))
    decoder.close()

    assert decoder.complete


def test_an_empty_form_of_a_call_is_none():
    message = {"content": "so", "function_call": {"name": "", "arguments": ""}, "tool_calls": None}

    assert answer.read(whole(message, "")).choices[0].blocks == [Text("so")]


@pytest.mark.parametrize(
    "name", ["openrouter", "hosted_vllm", "vllm", "together_ai", "cerebras", "openai", "nebius"]
)
def test_thoughts_that_pass_unread_have_the_name_that_clients_look_for_too(bound, name: str):
    upstream, front = bound(name, api_base="http://p.test/v1", api_key="k"), ChatFront()
    assert front.name in upstream.speaks
    watch = front.watch(hide_usage=True)
    raw = chunk({"role": "assistant", "reasoning": "hm"}) + chunk({"content": "a"}, "stop") + DONE

    passed = watch.feed(raw) + watch.close()

    first, rest = passed.split(b"\n\n", 1)
    delta = json.loads(first.removeprefix(b"data: "))["choices"][0]["delta"]
    assert delta == {"role": "assistant", "reasoning": "hm", "reasoning_content": "hm"}
    assert rest == chunk({"content": "a"}, "stop") + DONE
    answered = front.glance(whole({"content": "a", "reasoning": "hm"})).instead or b""
    assert json.loads(answered)["choices"][0]["message"]["reasoning_content"] == "hm"
