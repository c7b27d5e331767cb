"""A gateway that stands still while much changes holds to all of it as soon as it goes on."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import pytest

from tianji_testkit import processes

pytestmark = pytest.mark.asyncio(loop_scope="module")

CATCH_UP_S = 20.0
STILL_S = 6.0
"""Longer than a gateway counts as live without a word."""


@pytest.fixture(scope="module")
def gateways() -> int:
    return 2


async def said(door: Any, path: str, body: dict[str, Any]) -> tuple[Any, str]:
    """Make a change; return its answer and the gateways that it names as lagging."""
    headers = {"authorization": f"Bearer {door.master_key}"}
    async with door.http.post(door.system.control_url + path, json=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json(), answer.headers.get("x-tianji-lagging", "")


async def test_what_changed_while_a_gateway_stood_still_holds_there_too(door: Any) -> None:
    first, second = door.system.gateway_urls
    await said(door, "/team/new", {"team_id": "moving"})
    blocked, deleted, moved, old = [await door.new_key(key_alias=name) for name in "abcd"]
    narrowed = await door.new_key(team_id="moving")
    for base in (first, second):
        for key in (blocked, deleted, moved, old, narrowed):
            assert await door.chat("gpt", key=key, base=base) == 200
    frozen = processes.tree(door.system.pids["gateway"][1])

    processes.send(frozen, signal.SIGSTOP)
    try:
        named = [
            (await said(door, "/key/block", {"key": blocked}))[1],
            (await said(door, "/key/delete", {"keys": [deleted]}))[1],
            (await said(door, "/team/update", {"team_id": "moving", "models": ["claude"]}))[1],
            (await said(door, "/key/update", {"key": moved, "team_id": "moving"}))[1],
        ]
        renewed, _ = await said(door, "/key/regenerate", {"key": old})
        made, _ = await said(door, "/key/generate", {"models": ["claude"]})
        await asyncio.sleep(STILL_S)
        _, named_late = await said(door, "/key/update", {"key": made["key"], "models": ["gpt"]})
        expected = {
            blocked: 401,
            deleted: 401,
            old: 401,
            moved: 403,
            narrowed: 403,
            renewed["key"]: 200,
            made["key"]: 200,
        }
        assert {key: await door.chat("gpt", key=key, base=first) for key in expected} == expected
    finally:
        processes.send(frozen, signal.SIGCONT)

    assert all(named)
    assert named_late
    found: dict[str, int] = {}
    async with asyncio.timeout(CATCH_UP_S):
        while found != expected:
            found = {key: await door.chat("gpt", key=key, base=second) for key in expected}
