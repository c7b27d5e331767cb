"""Bedrock's streams: binary frames cut anywhere, exceptions inside them, blocks one after another."""

import json
from collections.abc import Callable
from typing import Any
from zlib import crc32

import pytest

from tianji.wire.neutral import (
    Ask,
    BlockStarted,
    BlockStopped,
    Failed,
    Finished,
    Grew,
    Opaque,
    Reasoning,
    Shape,
    Started,
    Text,
    Tool,
    ToolCall,
    Turn,
    Used,
)
from tianji_testkit.event_stream import chunk, event, exception, frame

CLAUDE = "anthropic.claude-3-5-sonnet-20240620-v1:0"
KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret", "aws_region_name": "us-east-1"}


def said(text: str) -> Ask:
    return Ask("m", [Turn("user", [Text(text)])], stream=True, front="chat")


def start(place: int, **block: Any) -> bytes:
    return event("contentBlockStart", {"contentBlockIndex": place, "start": block})


def delta(place: int, **piece: Any) -> bytes:
    return event("contentBlockDelta", {"contentBlockIndex": place, "delta": piece, "p": "abcd"})


def stop(place: int) -> bytes:
    return event("contentBlockStop", {"contentBlockIndex": place})


BEGIN = event("messageStart", {"role": "assistant"})
USAGE = {
    "inputTokens": 10,
    "outputTokens": 7,
    "totalTokens": 47,
    "cacheReadInputTokens": 20,
    "cacheWriteInputTokens": 10,
    "cacheDetails": [{"ttl": "1h", "inputTokens": 4}],
}
COUNTED = event("metadata", {"usage": USAGE, "metrics": {"latencyMs": 5}})


def ended(reason: str) -> bytes:
    return event("messageStop", {"stopReason": reason})


FULL = b"".join(
    (
        BEGIN,
        delta(0, reasoningContent={"text": "Let me "}),
        delta(0, reasoningContent={"text": "think ä"}),
        delta(0, reasoningContent={"signature": "c2ln"}),
        stop(0),
        delta(1, text="Grüezi "),
        delta(1, text="👋"),
        stop(1),
        start(2, toolUse={"toolUseId": "t1", "name": "weather"}),
        delta(2, toolUse={"input": '{"city":'}),
        delta(2, toolUse={"input": '"Zürich"}'}),
        stop(2),
        start(3, toolUse={"toolUseId": "t2", "name": "now"}),
        stop(3),
        ended("tool_use"),
        COUNTED,
    )
)


@pytest.fixture
def decoder(bound: Callable[..., Any]) -> Callable[..., Any]:
    def make(ask: Ask | None = None, model: str = CLAUDE, **params: Any) -> Any:
        return bound("bedrock", model, **KEYS, **params).stream(ask or said("hi"))

    return make


def folded(events: list[Any]) -> list[Any]:
    """Put the pieces of each block together; fails where two are open at once."""
    out: list[Any] = []
    opened: Any = None
    for one in events:
        match one:
            case BlockStarted(block=block):
                assert opened is None
                opened = (type(block), [])
                if isinstance(block, ToolCall):
                    opened[1].append(block.name)
            case Grew():
                assert opened is not None
                opened[1].append(one.text or one.signature or one.encrypted)
            case BlockStopped():
                kind, pieces = opened
                named = [pieces[0], "".join(pieces[1:])] if kind is ToolCall else "".join(pieces)
                out.append((kind, named))
                opened = None
    return out


WHOLE = [
    (Reasoning, "Let me think äc2ln"),
    (Text, "Grüezi 👋"),
    (ToolCall, ["weather", '{"city":"Zürich"}']),
    (ToolCall, ["now", "{}"]),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 61, len(FULL)])
def test_a_stream_reads_the_same_however_it_is_cut(decoder: Callable[..., Any], size: int):
    reader = decoder()
    events = [
        one for at in range(0, len(FULL), size) for one in reader.feed(FULL[at : at + size])
    ] + reader.close()

    assert isinstance(events[0], Started)
    assert folded(events) == WHOLE
    assert events[-2] == Finished("tool_calls", "tool_use")
    usage = events[-1].usage
    assert (usage.input_tokens, usage.output_tokens) == (40, 7)
    assert (usage.cache_read_tokens, usage.cache_write_tokens, usage.cache_write_1h_tokens) == (20, 10, 4)
    assert reader.complete


def test_a_stream_cut_once_at_any_byte_reads_the_same(decoder: Callable[..., Any]):
    expected = None
    for at in range(0, len(FULL), 5):
        reader = decoder()
        events = reader.feed(FULL[:at]) + reader.feed(FULL[at:])
        told = folded(events)
        expected = expected or told
        assert told == expected == WHOLE
        assert reader.complete


def test_each_event_is_given_on_as_soon_as_it_is_here(decoder: Callable[..., Any]):
    reader = decoder()
    reader.feed(BEGIN)

    events = reader.feed(delta(0, text="now"))

    assert events[-1] == Grew(0, "now")


def test_a_stream_without_its_last_event_is_not_complete(decoder: Callable[..., Any]):
    reader = decoder()
    reader.feed(FULL[: -len(COUNTED)])
    reader.close()

    assert not reader.complete


def test_calls_whose_pieces_come_mixed_are_told_one_after_another(decoder: Callable[..., Any]):
    events = decoder().feed(
        b"".join(
            (
                BEGIN,
                start(0, toolUse={"toolUseId": "a", "name": "one"}),
                start(1, toolUse={"toolUseId": "b", "name": "two"}),
                delta(0, toolUse={"input": '{"x":'}),
                delta(1, toolUse={"input": '{"y":'}),
                delta(0, toolUse={"input": "1}"}),
                delta(1, toolUse={"input": "2}"}),
                stop(1),
                stop(0),
                ended("tool_use"),
                COUNTED,
            )
        )
    )

    assert folded(events) == [(ToolCall, ["one", '{"x":1}']), (ToolCall, ["two", '{"y":2}'])]


def test_blocks_that_are_never_stopped_are_closed_by_the_next(decoder: Callable[..., Any]):
    events = decoder().feed(
        BEGIN + delta(0, reasoningContent={"text": "hm"}) + delta(1, text="a") + ended("end_turn") + COUNTED
    )

    assert folded(events) == [(Reasoning, "hm"), (Text, "a")]


@pytest.mark.parametrize(
    ("kind", "payload", "status", "code"),
    [
        ("throttlingException", {"message": "Too many requests"}, 429, None),
        ("modelStreamErrorException", {"message": "x", "originalStatusCode": 503}, 503, None),
        (
            "validationException",
            {"message": "Input is too long for requested model."},
            400,
            "context_length_exceeded",
        ),
        ("internalServerException", {"message": "oh"}, 500, None),
        ("serviceUnavailableException", {"message": "later"}, 503, None),
    ],
)
def test_an_exception_inside_a_stream_is_its_failure(
    decoder: Callable[..., Any], kind: str, payload: dict[str, Any], status: int, code: str | None
):
    reader = decoder()
    events = reader.feed(BEGIN + delta(0, text="a") + exception(kind, payload) + delta(0, text="b"))

    failed = events[-1]
    assert isinstance(failed, Failed)
    assert (failed.status, failed.code) == (status, code)
    assert payload["message"] in failed.message
    assert reader.feed(COUNTED) == []
    assert not reader.complete


def test_an_exception_may_be_the_first_event(decoder: Callable[..., Any]):
    events = decoder().feed(exception("throttlingException", {"message": "slow down"}))

    assert [type(one) for one in events] == [Failed]


def test_an_error_frame_without_payload_is_a_failure(decoder: Callable[..., Any]):
    broken = frame(b"", message_type="error", error_code="InternalFailure", error_message="went away")
    events = decoder().feed(BEGIN + broken)

    assert isinstance(events[-1], Failed)
    assert "went away" in events[-1].message
    assert events[-1].status == 500


@pytest.mark.parametrize("at", [0, 9, 20, -1])
def test_damaged_bytes_are_a_failure(decoder: Callable[..., Any], at: int):
    damaged = bytearray(BEGIN)
    damaged[at] ^= 0x40
    reader = decoder()
    events = reader.feed(bytes(damaged))

    assert not reader.complete
    assert [type(one) for one in events] in ([Failed], [])  # a length that grew waits for more
    if at in (9, 20, -1):
        assert isinstance(events[-1], Failed)


def test_what_is_no_event_stream_is_a_failure(decoder: Callable[..., Any]):
    events = decoder().feed(b'{"message": "this is JSON, not a stream"}')

    assert [type(one) for one in events] == [Failed]


def test_headers_of_every_type_are_stepped_over(decoder: Callable[..., Any]):
    kinds = {
        0: b"",
        1: b"",
        2: b"\x01",
        3: b"\x00\x01",
        4: b"\x00" * 4,
        5: b"\x00" * 8,
        8: b"\x00" * 8,
        9: b"\x00" * 16,
    }
    head = b"".join(b"\x01h" + bytes([kind]) + value for kind, value in kinds.items())
    head += b"\x01b\x06\x00\x02ab" + b"\x0b:event-type\x07\x00\x0cmessageStart"
    payload = b'{"role":"assistant"}'
    prelude = (16 + len(head) + len(payload)).to_bytes(4, "big") + len(head).to_bytes(4, "big")
    prelude += crc32(prelude).to_bytes(4, "big")
    whole = prelude + head + payload

    events = decoder().feed(whole + crc32(whole).to_bytes(4, "big"))

    assert [type(one) for one in events] == [Started]


def test_a_call_that_carries_the_answer_is_told_as_text(decoder: Callable[..., Any]):
    ask = said("hi")
    ask.shape = Shape("json_schema", "a", schema={"type": "object"})
    events = decoder(ask).feed(
        BEGIN
        + start(0, toolUse={"toolUseId": "t", "name": "json_tool_call"})
        + delta(0, toolUse={"input": '{"a":1}'})
        + stop(0)
        + ended("tool_use")
        + COUNTED
    )

    assert folded(events) == [(Text, '{"a":1}')]
    assert Finished("stop", "tool_use") in events


def test_a_tool_that_bedrock_runs_itself_is_no_call_of_the_client(decoder: Callable[..., Any]):
    server = {"toolUseId": "s", "name": "nova_code_interpreter", "type": "server_tool_use"}
    events = decoder(model="us.amazon.nova-2-lite-v1:0").feed(
        BEGIN
        + start(0, toolUse=server)
        + delta(0, toolUse={"input": '{"snippet":"1+1"}'})
        + stop(0)
        + start(1, toolResult={"toolUseId": "s", "status": "success", "type": "x"})
        + delta(1, toolResult=[{"json": {"out": 2}}])
        + stop(1)
        + delta(2, text="2")
        + stop(2)
        + ended("end_turn")
        + COUNTED
    )

    blocks = [one.block for one in events if isinstance(one, BlockStopped) and one.block is not None]
    assert blocks == [
        Opaque("converse", {"toolUse": {**server, "input": {"snippet": "1+1"}}}),
        Opaque(
            "converse",
            {
                "toolResult": {
                    "toolUseId": "s",
                    "status": "success",
                    "type": "x",
                    "content": [{"json": {"out": 2}}],
                }
            },
        ),
    ]
    assert Finished("stop", "end_turn") in events


def test_names_that_had_to_be_changed_come_back(decoder: Callable[..., Any], bound: Callable[..., Any]):
    ask = said("hi")
    ask.tools = [Tool("mcp.server/find it", schema={"type": "object"})]
    sent = json.loads(bound("bedrock", CLAUDE, **KEYS).request(ask).body)
    written = sent["toolConfig"]["tools"][0]["toolSpec"]["name"]
    assert "." not in written

    events = decoder(ask).feed(BEGIN + start(0, toolUse={"toolUseId": "t", "name": written}))

    assert events[-1] == BlockStarted(ToolCall("t", "mcp.server/find it"), 0)


def test_citations_grow_the_text_they_belong_to(decoder: Callable[..., Any]):
    cited = {
        "title": "Report",
        "sourceContent": [{"text": "20 days"}],
        "location": {"documentChar": {"documentIndex": 0, "start": 3, "end": 10}},
    }
    events = decoder().feed(BEGIN + delta(0, text="20") + delta(0, citation=cited) + stop(0))

    assert events[-2].citation == {
        "type": "char_location",
        "cited_text": "20 days",
        "document_title": "Report",
        "document_index": 0,
        "start_char_index": 3,
        "end_char_index": 10,
    }


def test_the_finish_of_a_guardrail_is_a_content_filter(decoder: Callable[..., Any]):
    events = decoder().feed(BEGIN + delta(0, text="no") + ended("guardrail_intervened") + COUNTED)

    assert Finished("content_filter", "guardrail_intervened") in events


def test_claude_behind_invoke_streams_in_anthropics_events(decoder: Callable[..., Any]):
    reader = decoder(model=f"invoke/{CLAUDE}")
    whole = b"".join(
        chunk(one)
        for one in (
            {"type": "message_start", "message": {"id": "m", "model": "c", "usage": {"input_tokens": 3}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hoi"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
            {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 3}},
        )
    )
    events = [one for at in range(0, len(whole), 11) for one in reader.feed(whole[at : at + 11])]

    assert folded(events) == [(Text, "Hoi")]
    assert Finished("stop", "end_turn") in events
    assert reader.complete


def test_nova_behind_invoke_streams_converses_events_in_an_envelope(decoder: Callable[..., Any]):
    reader = decoder(model="invoke/us.amazon.nova-lite-v1:0")
    events = reader.feed(
        b"".join(
            chunk(one)
            for one in (
                {"messageStart": {"role": "assistant"}},
                {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Hi"}}},
                {"contentBlockStop": {"contentBlockIndex": 0}},
                {"messageStop": {"stopReason": "max_tokens"}},
                {"metadata": {"usage": {"inputTokens": 4, "outputTokens": 2}}},
            )
        )
    )

    assert folded(events) == [(Text, "Hi")]
    assert Finished("length", "max_tokens") in events
    assert reader.complete


def test_models_of_text_stream_pieces_and_bedrock_counts(decoder: Callable[..., Any]):
    reader = decoder(model="invoke/mistral.mistral-7b-instruct-v0:2")
    metrics = {"inputTokenCount": 5, "outputTokenCount": 2}
    events = reader.feed(
        chunk({"outputs": [{"text": " Gr", "stop_reason": None}]})
        + chunk(
            {
                "outputs": [{"text": "üezi", "stop_reason": "length"}],
                "amazon-bedrock-invocationMetrics": metrics,
            }
        )
    )

    assert folded(events) == [(Text, " Grüezi")]
    assert Finished("length", "length") in events
    assert isinstance(events[-1], Used)
    assert (events[-1].usage.input_tokens, events[-1].usage.output_tokens) == (5, 2)
    assert reader.complete


@pytest.mark.parametrize("size", [1, 4, 9, 1000])
def test_an_imported_deepseek_thinks_first(decoder: Callable[..., Any], size: int):
    reader = decoder(model="deepseek_r1/arn:aws:bedrock:us-east-1:123456789012:imported-model/abc")
    text = "So, 1+1 </b> is 2.\n</think>\n\nTwo."
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    events = [
        one for piece in pieces for one in reader.feed(chunk({"generation": piece, "stop_reason": None}))
    ]
    events += reader.feed(chunk({"generation": "", "stop_reason": "stop"}))

    assert folded(events) == [(Reasoning, "So, 1+1 </b> is 2.\n"), (Text, "Two.")]


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_thoughts_that_openais_open_models_write_into_their_text_are_moved(
    decoder: Callable[..., Any], bound: Callable[..., Any], size: int
):
    text = "<reasoning>Easy.</reasoning>Hi"
    reader = decoder(model="invoke/openai.gpt-oss-20b-1:0")
    events = reader.feed(
        b"".join(
            chunk({"choices": [{"index": 0, "delta": {"content": text[at : at + size]}}]})
            for at in range(0, len(text), size)
        )
        + chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    )
    assert folded(events + reader.close()) == [(Reasoning, "Easy."), (Text, "Hi")]

    body = json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}).encode()
    for model in ("invoke/openai.gpt-oss-20b-1:0", "chat_completions/openai.gpt-oss-20b-1:0"):
        answer = bound("bedrock", model, **KEYS).response(body, said("hi"))
        assert answer.choices[0].blocks == [Reasoning("Easy."), Text("Hi")]


def test_open_models_behind_invoke_stream_chat_completions(decoder: Callable[..., Any]):
    reader = decoder(model="invoke/openai.gpt-oss-20b-1:0")
    events = reader.feed(
        chunk({"id": "c", "choices": [{"index": 0, "delta": {"content": "Hi"}}]})
        + chunk(
            {
                "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
                "amazon-bedrock-invocationMetrics": {"inputTokenCount": 5, "outputTokenCount": 2},
            }
        )
    )
    events += reader.close()

    assert folded(events) == [(Text, "Hi")]
    assert reader.complete
    assert any(isinstance(one, Used) and one.usage.input_tokens == 5 for one in events)
