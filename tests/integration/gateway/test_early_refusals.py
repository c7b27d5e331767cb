"""A refusal may come before the body: the client sees it all the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

HEAD = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-nobody\r\n"
    b"content-type: application/json\r\n"
)


async def refused(gateway: Any, length: bytes, body: bytes, late_s: float) -> bytes:
    """Send a request whose body comes late; return the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(HEAD + length + b"\r\n\r\n")
    await asyncio.sleep(late_s)
    writer.write(body)
    async with asyncio.timeout(30):
        answer = await reader.readuntil(b"}}")
    writer.close()
    return answer


@pytest.mark.parametrize("late_s", [0, 0.05])
@pytest.mark.parametrize("size", [0, 100, 16_000, 100_000, 5_000_000])
async def test_the_client_sees_a_refusal_however_late_its_body_is(
    gateway: Any, size: int, late_s: float
) -> None:
    answer = await refused(gateway, b"content-length: %d" % size, b"x" * size, late_s)

    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"token_not_found_in_db" in answer


async def test_the_client_sees_a_refusal_of_a_body_whose_length_it_does_not_tell(gateway: Any) -> None:
    body = b"".join(b"%x\r\n%s\r\n" % (50_000, b"x" * 50_000) for _ in range(20)) + b"0\r\n\r\n"

    answer = await refused(gateway, b"transfer-encoding: chunked", body, 0.05)

    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_a_connection_serves_on_after_refusals_of_small_requests(gateway: Any) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)

    for _ in range(3):
        writer.write(HEAD + b"content-length: 100\r\n\r\n" + b"x" * 100)
        async with asyncio.timeout(30):
            assert (await reader.readuntil(b"}}")).startswith(b"HTTP/1.1 401 ")

    writer.close()
