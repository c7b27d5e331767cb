"""Management paths: handed to the control plane and back, streamed both ways."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tianji_gateway.access_log import AccessLog
from tianji_testkit.upstream import FakeUpstream, Reply


@pytest.fixture
async def control(gateway: Any) -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream(Reply(body=b'{"key":"sk-new"}')) as fake:
        gateway.control(fake.root)
        yield fake


async def test_a_management_call_reaches_the_control_plane_as_it_was_sent(gateway: Any, control: Any) -> None:
    control.will(Reply(status=201, body=b'{"key":"sk-new"}', headers={"x-made": "yes"}))
    async with gateway.post("/key/generate?dry=1&n=%2F", {"models": ["a"]}, "sk-master") as answer:
        assert answer.status == 201
        assert answer.headers["x-made"] == "yes"
        assert await answer.json() == {"key": "sk-new"}

    received = control.requests[0]
    assert (received.method, received.path, received.query) == ("POST", "/key/generate", "dry=1&n=/")
    assert received.json == {"models": ["a"]}
    assert received.headers["authorization"] == "Bearer sk-master"
    assert received.headers["x-forwarded-for"] == "127.0.0.1"
    assert received.headers["x-forwarded-host"] == f"127.0.0.1:{gateway.port}"
    assert gateway.books.ends == []


@pytest.mark.parametrize(
    "path", ["/", "/ui/", "/team/list", "/scim/v2/Users", "/model/info", "/openapi.json"]
)
async def test_what_is_no_inference_path_is_forwarded(gateway: Any, control: Any, path: str) -> None:
    async with gateway.session.get(gateway.url + path) as answer:
        assert answer.status == 200

    assert control.requests[0].path == path


async def test_hop_by_hop_headers_stay_behind(gateway: Any, control: Any) -> None:
    headers = {
        "connection": "keep-alive, x-mine",
        "x-mine": "1",
        "te": "trailers",
        "x-forwarded-for": "10.0.0.9",
    }
    async with gateway.session.get(gateway.url + "/key/list", headers=headers) as answer:
        assert answer.status == 200

    received = control.requests[0]
    assert {"x-mine", "te"}.isdisjoint(received.headers)
    assert received.headers["x-forwarded-for"] == "10.0.0.9, 127.0.0.1"


async def test_a_large_upload_passes_through(gateway: Any, control: Any) -> None:
    body = b"x" * (3 << 20)
    async with gateway.session.post(gateway.url + "/upload/logo", data=io.BytesIO(body)) as answer:
        assert answer.status == 200

    assert control.requests[0].body == body


async def test_an_answer_is_passed_on_as_it_grows(gateway: Any, control: Any) -> None:
    reply = Reply(chunks=[b"one\n", b"two\n"], hold_after=1)
    control.will(reply)
    async with gateway.session.get(gateway.url + "/spend/logs") as answer:
        assert await asyncio.wait_for(answer.content.readline(), 30) == b"one\n"
        reply.release.set()
        assert await answer.content.readline() == b"two\n"


async def test_a_redirect_is_the_clients_to_follow(gateway: Any, control: Any) -> None:
    control.will(Reply(status=303, body=b"", headers={"location": "/sso/callback", "set-cookie": "a=b"}))
    async with gateway.session.get(gateway.url + "/sso/login", allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["location"] == "/sso/callback"
        assert answer.headers["set-cookie"] == "a=b"


async def test_a_control_plane_that_is_down_is_said_to_be(gateway: Any) -> None:
    gateway.control("http://127.0.0.1:9")
    async with gateway.post("/key/generate", {}, "sk-master") as answer:
        assert answer.status == 503
        assert "control plane cannot be reached" in (await answer.json())["error"]["message"]
    async with gateway.chat() as answer:
        assert answer.status == 200


async def test_a_client_that_hangs_up_ends_the_call_to_the_control_plane(gateway: Any, control: Any) -> None:
    control.will(Reply(chunks=[b"row\n"] * 10_000, interval_s=0.01))
    async with gateway.session.get(gateway.url + "/spend/logs") as answer:
        await answer.content.readline()
        answer.close()

    await asyncio.wait_for(control.requests[0].hung_up.wait(), 10)


async def test_a_key_in_a_path_is_not_logged(
    gateway: Any, control: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    gateway.runtime.access = AccessLog("json")
    async with gateway.post("/key/sk-secret-123456/regenerate", {}, "sk-master") as answer:
        assert answer.status == 200
    gateway.runtime.access.flush()
    log = capfd.readouterr().err

    assert '"route":"POST /key/sk-***/regenerate"' in log
    assert "secret" not in log
