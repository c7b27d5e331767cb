"""One answer of many small pieces, as each of the providers' formats writes it over the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from tianji_testkit.event_stream import event as frame

PIECES = 200
_WORD = "word "
_TEXT = _WORD * PIECES
_MODEL = "bench-model"
_PROMPT, _OUTPUT = 190, PIECES


class Stream(NamedTuple):
    """What a provider sends."""

    path: bytes
    """What the address ends in that it is asked for at."""
    media_type: bytes
    pieces: tuple[bytes, ...]

    def packets(self) -> list[bytes]:
        """Return the whole answer as it goes over the wire: its head, a chunk per piece, the end."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n" % self.media_type
        return [head, *(b"%x\r\n%b\r\n" % (len(one), one) for one in self.pieces), b"0\r\n\r\n"]


def _bare(events: Iterable[Mapping[str, Any]], end: bytes = b"\n\n") -> list[bytes]:
    return [b"data: " + msgspec.json.encode(event) + end for event in events]


def _named(events: Iterable[Mapping[str, Any]]) -> tuple[bytes, ...]:
    return tuple(
        b"event: %b\ndata: %b\n\n" % (event["type"].encode(), msgspec.json.encode(event)) for event in events
    )


def _chat() -> Stream:
    common = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": _MODEL}

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**common, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    usage = {"prompt_tokens": _PROMPT, "completion_tokens": _OUTPUT, "total_tokens": _PROMPT + _OUTPUT}
    events = [
        *[chunk({"content": _WORD})] * PIECES,
        chunk({}, "stop"),
        {**common, "choices": [], "usage": usage},
    ]
    return Stream(b"/chat/completions", b"text/event-stream", (*_bare(events), b"data: [DONE]\n\n"))


def _messages() -> Stream:
    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": _MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": _PROMPT, "output_tokens": 1},
    }
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": _WORD}}
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *[delta] * PIECES,
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": stop, "usage": {"output_tokens": _OUTPUT}},
        {"type": "message_stop"},
    ]
    return Stream(b"/v1/messages", b"text/event-stream", _named(events))


def _responses() -> Stream:
    response = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1700000000,
        "status": "in_progress",
        "model": _MODEL,
        "output": [],
    }
    part = {"type": "output_text", "text": "", "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    done = {**item, "status": "completed", "content": [{**part, "text": _TEXT}]}
    usage = {"input_tokens": _PROMPT, "output_tokens": _OUTPUT, "total_tokens": _PROMPT + _OUTPUT}
    whole = {**response, "status": "completed", "output": [done], "usage": usage}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": response},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **place, "part": part},
        *[{"type": "response.output_text.delta", **place, "delta": _WORD, "logprobs": []}] * PIECES,
        {"type": "response.output_text.done", **place, "text": _TEXT},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {"type": "response.completed", "response": whole},
    ]
    return Stream(
        b"/responses",
        b"text/event-stream",
        _named({**event, "sequence_number": number} for number, event in enumerate(events)),
    )


def _generate_content() -> Stream:
    def piece(number: int) -> dict[str, Any]:
        last = {"finishReason": "STOP"} if number == PIECES else {}
        content = {"parts": [{"text": _WORD}], "role": "model"}
        return {
            "candidates": [{"content": content, "index": 0, **last}],
            "usageMetadata": {
                "promptTokenCount": _PROMPT,
                "candidatesTokenCount": number,
                "totalTokenCount": _PROMPT + number,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": _PROMPT}],
            },
            "modelVersion": _MODEL,
            "responseId": "response-1",
        }

    events = [piece(number) for number in range(1, PIECES + 1)]
    return Stream(b":streamGenerateContent", b"text/event-stream", tuple(_bare(events, b"\r\n\r\n")))


def _converse() -> Stream:
    usage = {"inputTokens": _PROMPT, "outputTokens": _OUTPUT, "totalTokens": _PROMPT + _OUTPUT}
    delta = {"contentBlockIndex": 0, "delta": {"text": _WORD}, "p": "abcdefgh"}
    events: list[tuple[str, dict[str, Any]]] = [
        ("messageStart", {"role": "assistant"}),
        *[("contentBlockDelta", delta)] * PIECES,
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": usage, "metrics": {"latencyMs": 10}}),
    ]
    return Stream(
        b"/converse-stream", b"application/vnd.amazon.eventstream", tuple(frame(*event) for event in events)
    )


def _cohere() -> Stream:
    tokens = {"input_tokens": _PROMPT, "output_tokens": _OUTPUT}
    delta = {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": _WORD}}}}
    start = {"message": {"content": {"type": "text", "text": ""}}}
    end = {"finish_reason": "COMPLETE", "usage": {"billed_units": tokens, "tokens": tokens}}
    events: list[dict[str, Any]] = [
        {"type": "message-start", "id": "answer-1", "delta": {"message": {"role": "assistant"}}},
        {"type": "content-start", "index": 0, "delta": start},
        *[delta] * PIECES,
        {"type": "content-end", "index": 0},
        {"type": "message-end", "delta": end},
    ]
    return Stream(b"/v2/chat", b"text/event-stream", _named(events))


def _ollama() -> Stream:
    common = {"model": _MODEL, "created_at": "2026-01-01T00:00:00Z"}
    word = {**common, "message": {"role": "assistant", "content": _WORD}, "done": False}
    last = {
        **common,
        "message": {"role": "assistant", "content": ""},
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": _PROMPT,
        "eval_count": _OUTPUT,
    }
    lines = (msgspec.json.encode(line) + b"\n" for line in (*[word] * PIECES, last))
    return Stream(b"/api/chat", b"application/x-ndjson", tuple(lines))


STREAMS: Mapping[str, Stream] = {
    "chat": _chat(),
    "messages": _messages(),
    "responses": _responses(),
    "generate_content": _generate_content(),
    "converse": _converse(),
    "cohere": _cohere(),
    "ollama": _ollama(),
}
"""By the dialect."""
