"""Keys act on the next request, on every gateway; what was spent shows within two seconds."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from tianji_testkit.upstream import Reply

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def gateways() -> int:
    return 2


async def test_a_key_works_on_the_request_after_it_was_made_on_every_gateway(door: Any) -> None:
    for _ in range(5):
        key = await door.new_key()
        assert [await door.chat(key=key, base=base) for base in door.system.gateway_urls] == [200, 200]


async def test_a_blocked_key_fails_on_the_next_request_and_works_again_when_unblocked(door: Any) -> None:
    key = await door.new_key()
    bases = door.system.gateway_urls
    assert [await door.chat(key=key, base=base) for base in bases] == [200, 200]

    assert (await door.call("POST", "/key/block", {"key": key}))[0] == 200
    assert [await door.chat(key=key, base=base) for base in bases] == [401, 401]

    assert (await door.call("POST", "/key/unblock", {"key": key}))[0] == 200
    assert [await door.chat(key=key, base=base) for base in bases] == [200, 200]

    assert (await door.call("POST", "/key/delete", {"keys": [key]}))[0] == 200
    assert [await door.chat(key=key, base=base) for base in bases] == [401, 401]


async def test_a_key_may_use_its_models_and_no_others(door: Any) -> None:
    key = await door.new_key(models=["claude"])

    assert await door.chat("claude", key=key) == 200
    status, answer = await door.call(
        "POST",
        "/v1/chat/completions",
        {"model": "gpt", "messages": [{"role": "user", "content": "x"}]},
        key=key,
    )

    assert status == 403
    assert answer["error"]["type"] == "key_model_access_denied"


async def test_a_model_made_by_a_call_is_served_at_once_and_gone_when_deleted(door: Any) -> None:
    params = {"model": "openai/gpt-4o-mini", "api_base": door.upstream.api_base, "api_key": "sk-p"}
    status, made = await door.call("POST", "/model/new", {"model_name": "late", "litellm_params": params})
    assert status == 200, made
    assert "sk-p" not in str(made)
    assert [await door.chat("late", base=base) for base in door.system.gateway_urls] == [200, 200]

    status, _ = await door.call("POST", "/model/delete", {"id": made["model_id"]})
    assert status == 200
    assert [await door.chat("late", base=base) for base in door.system.gateway_urls] == [400, 400]


async def test_spend_shows_in_the_log_and_on_the_key_soon_after_the_call(door: Any) -> None:
    key = await door.new_key(key_alias="spender")
    door.upstream.will(Reply(text="one two three"))
    assert await door.chat(key=key) == 200
    done = time.monotonic()

    while True:
        _, rows = await door.call("GET", "/spend/logs?api_key=" + key)
        _, info = await door.call("GET", "/key/info?key=" + key)
        if rows and info["info"]["spend"] > 0:
            break
        assert time.monotonic() - done < 20
        await asyncio.sleep(0.05)

    (row,) = rows
    # gpt-4o-mini: 0.15 and 0.60 dollars a million tokens.
    assert row["spend"] == pytest.approx(7 * 0.15e-6 + 3 * 0.60e-6)
    assert info["info"]["spend"] == pytest.approx(row["spend"])
    assert (row["prompt_tokens"], row["completion_tokens"], row["model_group"]) == (7, 3, "gpt")


async def test_a_call_counts_once_however_it_ends(door: Any) -> None:
    key = await door.new_key()
    body = {"model": "gpt", "messages": [{"role": "user", "content": "x"}]}
    await door.chat(key=key)
    door.upstream.will(Reply(status=400))
    await door.chat(key=key)
    door.upstream.will(Reply(text="a b c d e f", hold_after=3))
    headers = {"authorization": f"Bearer {key}"}
    async with door.http.post(
        door.url + "/v1/chat/completions", json={**body, "stream": True}, headers=headers
    ) as answer:
        await answer.content.readline()
    received = door.upstream.requests[-1]
    async with asyncio.timeout(30):
        await received.hung_up.wait()

    rows: list[Any] = []
    async with asyncio.timeout(30):
        while len(rows) < 3:
            await asyncio.sleep(0.05)
            _, rows = await door.call("GET", "/spend/logs?api_key=" + key)
    assert sorted(row["status"] for row in rows) == ["failure", "failure", "success"]


async def test_the_books_agree_while_a_call_is_under_way_and_when_it_is_over(door: Any) -> None:
    key = await door.new_key()
    body = {"model": "gpt", "stream": True, "messages": [{"role": "user", "content": "x"}]}
    door.upstream.will(Reply(text="a b c d e f", hold_after=3))
    headers = {"authorization": f"Bearer {key}"}
    url = door.url + "/v1/chat/completions"
    async with door.http.post(url, json=body, headers=headers) as answer:
        await answer.content.readline()
        during = await asyncio.to_thread(door.system.tianji, "spend", "reconcile", "--json")
    after = await asyncio.to_thread(door.system.tianji, "spend", "reconcile")
    letters = await asyncio.to_thread(door.system.tianji, "spend", "dead-letters", "list")

    assert during.returncode == 0, during.stdout
    assert {line["lives"] for line in json.loads(during.stdout)["lines"]} == {True}
    assert after.returncode == 0, after.stdout
    assert "everything agrees" in after.stdout
    assert letters.stdout == "0 of 0 dead letters\n"
