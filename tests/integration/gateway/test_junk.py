"""Junk in, a clear refusal out: never a 500, never a trace, and the next request is served."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import pytest

PATHS = ("/v1/chat/completions", "/v1/messages")
ASK: dict[str, Any] = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "hi"}],
    "max_tokens": 5,
}
WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1e308,
    10**400,
    "",
    "\x00",
    "x" * 9000,
    [],
    [[]],
    {},
    {"a": None},
    [None],
)
FIELDS = (
    "model",
    "messages",
    "stream",
    "stream_options",
    "metadata",
    "litellm_metadata",
    "tags",
    "user",
    "timeout",
    "num_retries",
    "tools",
    "tool_choice",
    "temperature",
    "max_tokens",
    "stop",
    "response_format",
    "system",
    "thinking",
    "service_tier",
)

BODIES: tuple[bytes, ...] = (
    b"",
    b" ",
    b"null",
    b"true",
    b"3",
    b'"text"',
    b"[]",
    b"[{}]",
    b"{",
    b"}",
    b"{}",
    b'{"model"',
    b'{"model":}',
    b'{"model":"gpt-4o-mini"}',
    b'{"messages":[]}',
    b'{"model":"gpt-4o-mini","messages":[}',
    b'{"model":"gpt-4o-mini","messages":"hi"}',
    b'{"model":"gpt-4o-mini","messages":[1,2]}',
    b'{"model":"gpt-4o-mini","messages":[{}]}',
    b'{"model":"gpt-4o-mini","messages":[{"role":"king","content":"x"}]}',
    b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":[{"type":"sound"}]}]}',
    b'{"model":"gpt-4o-mini","model":7,"messages":[]}',
    b'{"model":"\\ud800","messages":[]}',
    b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"\\ud800"}]}',
    b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"\xff\xfe"}]}',
    b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"\x00"}]}',
    b'{"model":"gpt-4o-mini","messages":[{"role":"user","content":"a\nb"}]}',
    b'\xef\xbb\xbf{"model":"gpt-4o-mini","messages":[]}',
    b'{"model":"gpt-4o-mini","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"model":"gpt-4o-mini","messages":[],"x":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
    b"[" * 200_000,
    b'{"model":"gpt-4o-mini","messages":[],"temperature":' + b"9" * 5000 + b"}",
    b'{"model":"gpt-4o-mini","messages":[],"temperature":1e999999}',
    b'{"model":"gpt-4o-mini","messages":[],"temperature":NaN}',
    b"model=gpt-4o-mini&messages=hi",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    b"\x00" * 1000,
)


def _random_bodies() -> list[bytes]:
    chance = random.Random(7)
    whole = json.dumps(ASK).encode()
    made = [chance.randbytes(chance.randrange(1, 300)) for _ in range(20)]
    for _ in range(40):
        spoiled = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
        made.append(bytes(spoiled))
    return made


async def _check(gateway: Any, path: str, body: bytes, **headers: str) -> None:
    async with gateway.post(path, body, **headers) as answer:
        text = await answer.text(errors="replace")
        assert answer.status < 500 or answer.status == 501, (body[:200], text)
        assert "Traceback" not in text
        if answer.status >= 400:
            assert json.loads(text)["error"]["message"]


@pytest.mark.parametrize("path", PATHS)
async def test_junk_bodies_are_refused_in_the_callers_format(gateway: Any, path: str) -> None:
    for body in (*BODIES, *_random_bodies()):
        await _check(gateway, path, body)
    async with gateway.chat() as answer:
        assert answer.status == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
async def test_wrong_types_in_any_field_are_no_fault_of_ours(gateway: Any, path: str, provider: str) -> None:
    gateway.serve("gpt-4o-mini", {"provider": provider})
    for field in FIELDS:
        for value in WRONG:
            await _check(gateway, path, json.dumps({**ASK, field: value}).encode())


async def test_junk_leaves_no_trace_in_the_log(gateway: Any, caplog: pytest.LogCaptureFixture) -> None:
    for body in (*BODIES, *_random_bodies()):
        await _check(gateway, "/v1/chat/completions", body)

    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    "headers",
    [
        {"x-litellm-timeout": "soon"},
        {"x-litellm-timeout": "nan"},
        {"x-litellm-num-retries": "-3"},
        {"x-litellm-num-retries": "1e400"},
        {"x-litellm-tags": ",,,"},
        {"x-litellm-spend-logs-metadata": "{"},
        {"x-litellm-spend-logs-metadata": "[" * 5000},
        {"content-type": "text/plain"},
        {"content-encoding": "gzip"},
        {"user-agent": "\xff" * 200},
        {"accept": "image/png"},
    ],
    ids=str,
)
async def test_junk_headers_are_no_fault_of_ours(gateway: Any, headers: dict[str, str]) -> None:
    await _check(gateway, "/v1/chat/completions", json.dumps(ASK).encode(), **headers)


@pytest.mark.parametrize(
    "key", ["", " ", "Bearer", "Bearer ", "Basic abc", "sk-", "sk-\xff\xfe", "x" * 5000, "None"]
)
async def test_junk_keys_are_refused(gateway: Any, key: str) -> None:
    async with gateway.post("/v1/chat/completions", ASK, None, authorization=key) as answer:
        assert answer.status == 401


RAW = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: odd\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    b"BREW /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n",
    b"TRACE /v1/models HTTP/1.1\r\nhost: x\r\n\r\n",
    b"GET /v1/models/%ff%00%2e%2e HTTP/1.1\r\nhost: x\r\n\r\n",
    b"GET /%ff%fe?%ff=%00 HTTP/1.1\r\nhost: x\r\n\r\n",
    b"GET http://evil.example/v1/models HTTP/1.1\r\nhost: x\r\n\r\n",
    b"GET //evil.example/x HTTP/1.1\r\nhost: x\r\n\r\n",
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-master\r\n"
    b"content-length: 9\r\n\r\nabc",
    b"\x16\x03\x01\x00\xa5\x01\x00",
    b"\r\n\r\n\r\n",
)


@pytest.mark.parametrize("raw", RAW, ids=lambda raw: repr(raw[:40]))
async def test_junk_on_the_wire_does_not_stop_the_gateway(gateway: Any, raw: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(raw)
    writer.write_eof()
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()

    assert b" 500 " not in answer.split(b"\r\n")[0]
    async with gateway.chat() as served:
        assert served.status == 200
