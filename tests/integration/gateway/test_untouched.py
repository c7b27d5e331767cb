"""A provider that speaks the client's own format: its bytes and the client's pass, and nobody reads them."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tianji.providers.dialects.anthropic.upstream import MessagesUpstream
from tianji.providers.dialects.gemini.upstream import GeminiUpstream
from tianji.providers.dialects.openai_chat.upstream import ChatUpstream
from tianji.providers.dialects.responses.upstream import ResponsesUpstream
from tianji.wire.chat import ChatFront
from tianji.wire.generate_content import GenerateContentFront
from tianji.wire.messages import MessagesFront
from tianji.wire.responses import ResponsesFront
from tianji_testkit.upstream import Reply

ODD = b'{ "kept" : 1.50000000000000000001e0 , "kept" : "\\u0041"}'
"""What no reader and writer of JSON gives back as it was."""


class Spoken(NamedTuple):
    """One format: how it is asked, and how a provider answers, both with bytes that only pass unread."""

    provider: str
    model: str
    path: str
    stream_path: str
    content: bytes
    """The field that holds the conversation."""
    whole: bytes
    stream: list[bytes]


SPOKEN = {
    "chat": Spoken(
        "openai",
        "gpt-4o",
        "/v1/chat/completions",
        "/v1/chat/completions",
        b'"messages":[ {"role" : "user", "content":"h\\u0069", "odd":' + ODD + b"} ]",
        b'{"id":"a", "choices":[{"index":0,"message":{"role":"assistant","content":"h\\u0069"},'
        b'"finish_reason":"stop","odd":' + ODD + b'}],"usage":{"prompt_tokens":7,"completion_tokens":5}}',
        [
            b'data: {"id":"a","choices":[{"index":0,"delta":{"content":"h\\u0069","odd":' + ODD + b"}}]}\n\n",
            b": a comment\n\n",
            b'data: {"id":"a","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],'
            b'"usage":{"prompt_tokens":7,"completion_tokens":5}}\n\n',
            b"data: [DONE]\n\n",
        ],
    ),
    "messages": Spoken(
        "anthropic",
        "claude-sonnet-4-5",
        "/v1/messages",
        "/v1/messages",
        b'"max_tokens":9,"messages":[ {"role" : "user", "content":"h\\u0069", "odd":' + ODD + b"} ]",
        b'{"id":"a", "type":"message","content":[{"type":"text","text":"h\\u0069","odd":' + ODD + b"}],"
        b'"stop_reason":"end_turn","usage":{"input_tokens":7,"output_tokens":5}}',
        [
            b'event: message_start\ndata: {"type":"message_start","message":{"id":"a",'
            b'"usage":{"input_tokens":7,"output_tokens":1}}}\n\n',
            b'event: content_block_delta\ndata: {"type": "content_block_delta","index":0,'
            b'"delta":{"type":"text_delta","text":"h\\u0069","odd":' + ODD + b"}}\n\n",
            b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},'
            b'"usage":{"output_tokens":5}}\n\n',
            b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
        ],
    ),
    "responses": Spoken(
        "openai",
        "gpt-4o",
        "/v1/responses",
        "/v1/responses",
        b'"input":[ {"role" : "user", "content":"h\\u0069", "odd":' + ODD + b"} ]",
        b'{"id":"a", "object":"response","status":"completed","output":[{"type":"message","content":'
        b'[{"type":"output_text","text":"h\\u0069","odd":' + ODD + b'}]}],"usage":{"input_tokens":7,'
        b'"output_tokens":5}}',
        [
            b'event: response.created\ndata: {"type":"response.created","response":{"id":"a"}}\n\n',
            b'event: response.output_text.delta\ndata: {"type": "response.output_text.delta",'
            b'"delta":"h\\u0069","odd":' + ODD + b"}\n\n",
            b'event: response.completed\ndata: {"type":"response.completed","response":{"id":"a",'
            b'"status":"completed","usage":{"input_tokens":7,"output_tokens":5}}}\n\n',
        ],
    ),
    "generate_content": Spoken(
        "gemini",
        "gemini-2.5-flash",
        "/v1beta/models/m:generateContent",
        "/v1beta/models/m:streamGenerateContent?alt=sse",
        b'"contents":[ {"role" : "user", "parts":[{"text":"h\\u0069", "odd":' + ODD + b"}]} ]",
        b'{"responseId":"a","candidates":[{"content":{"parts":[{"text":"h\\u0069","odd":' + ODD + b"}]},"
        b'"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":5,'
        b'"totalTokenCount":12}}',
        [
            b'data: {"responseId":"a","candidates":[{"content":{"parts":[{"text":"h\\u0069","odd":'
            + ODD
            + b"}]}}]}\r\n\r\n",
            b'data: {"responseId":"a","candidates":[{"content":{"parts":[]},"finishReason":"STOP"}],'
            b'"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":5,"totalTokenCount":12}}\r\n\r\n',
        ],
    ),
}
_FRONTS = (ChatFront, MessagesFront, ResponsesFront, GenerateContentFront)
_UPSTREAMS = (ChatUpstream, MessagesUpstream, ResponsesUpstream, GeminiUpstream)


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whatever translates fail: reading and writing on the client's side and on the provider's."""

    def refuse(*_: object, **__: object) -> Any:
        raise AssertionError("what should pass untouched was read")

    for front in _FRONTS:
        for name in ("read", "write", "encoder"):
            monkeypatch.setattr(front, name, refuse)
    for upstream in _UPSTREAMS:
        for name in ("request", "response", "stream"):
            monkeypatch.setattr(upstream, name, refuse)


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("front", SPOKEN)
async def test_bytes_of_the_same_format_pass_unread(front: str, stream: bool, gateway: Any) -> None:
    spoken = SPOKEN[front]
    base = gateway.upstream.api_base if spoken.provider == "openai" else gateway.upstream.root
    gateway.serve("m", {"provider": spoken.provider, "model": spoken.model, "params": {"api_base": base}})
    gateway.upstream.will(Reply(chunks=spoken.stream) if stream else Reply(body=spoken.whole))
    body = b'{"model":"m",' + (b'"stream":true,' if stream else b"") + spoken.content + b"}"

    async with gateway.post(spoken.stream_path if stream else spoken.path, body) as answer:
        got = await answer.read()

    assert (answer.status, got) == (200, b"".join(spoken.stream) if stream else spoken.whole)
    assert spoken.content.partition(b":[")[2] in gateway.upstream.requests[0].body


@pytest.mark.usefixtures("unread")
async def test_bytes_of_another_format_do_not(gateway: Any) -> None:
    gateway.serve("m", {"provider": "anthropic", "model": "claude-sonnet-4-5"})
    spoken = SPOKEN["chat"]

    async with gateway.post(spoken.path, b'{"model":"m",' + spoken.content + b"}") as answer:
        assert answer.status == 500
    assert gateway.upstream.requests == []
