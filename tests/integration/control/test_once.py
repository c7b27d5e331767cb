"""Creates that name an idempotency key are done once, whatever happens to their answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tianji.obs.supervised import stop
from tianji_control import idempotency
from tianji_control.idempotency import KEPT_FOR, purge

pytestmark = pytest.mark.asyncio(loop_scope="module")


def once(key: str) -> dict[str, str]:
    return {"idempotency-key": key}


async def aliased(control: Any, alias: str) -> int:
    """Return how many keys have an alias like this."""
    page = (await control.get(f"/key/list?key_alias={alias}&substring_matching=true")).json()
    return page["total_count"]


async def test_the_same_create_again_is_told_the_first_answer(control: Any) -> None:
    body = {"key_alias": "once-1", "max_budget": 3}
    first = await control.post("/key/generate", body, headers=once("a"))
    again = await control.post("/key/generate", body, headers=once('"a"'))
    assert (first.status, again.status) == (200, 200)
    assert again.json() == first.json() and again.json()["key"].startswith("sk-")
    assert again.headers["idempotent-replayed"] == "true" and "idempotent-replayed" not in first.headers
    assert await aliased(control, "once-1") == 1
    assert (await control.get("/key/info", key=first.json()["key"])).status == 200


async def test_another_body_under_the_same_key_is_refused(control: Any) -> None:
    await control.post("/key/generate", {"key_alias": "once-2"}, headers=once("b"))
    other = await control.post("/key/generate", {"key_alias": "once-2b"}, headers=once("b"))
    assert other.status == 422 and "Idempotency-Key" in other.error["message"]
    assert await aliased(control, "once-2b") == 0


async def test_a_key_belongs_to_its_caller_and_path(control: Any) -> None:
    first = await control.post("/user/new", {"user_role": "proxy_admin"}, headers=once("c"))
    mine = {"team_alias": "once-3"}
    teams = [
        await control.post("/team/new", mine, headers=once("c")),
        await control.post("/team/create", mine, headers=once("c")),
        await control.post("/team/new", mine, headers=once("c"), key=first.json()["key"]),
    ]
    assert len({team.json()["team_id"] for team in teams}) == 3


async def test_a_second_request_while_the_first_is_under_way_is_told_so(
    control: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way, go_on = asyncio.Event(), asyncio.Event()
    keep = idempotency._keep

    async def slow(*given: Any) -> None:
        under_way.set()
        await go_on.wait()
        await keep(*given)

    monkeypatch.setattr(idempotency, "_keep", slow)
    first = asyncio.create_task(control.post("/team/new", {"team_alias": "once-4"}, headers=once("d")))
    await under_way.wait()
    second = await control.post("/team/new", {"team_alias": "once-4"}, headers=once("d"))
    assert second.status == 409 and "under way" in second.error["message"]
    go_on.set()
    made = await first
    again = await control.post("/team/new", {"team_alias": "once-4"}, headers=once("d"))
    assert again.json() == made.json()


async def test_what_fails_leaves_neither_object_nor_answer(
    control: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"key_alias": "once-5"}
    with monkeypatch.context() as broken:
        broken.setattr(idempotency, "_keep", _breaks)
        assert (await control.post("/key/generate", body, headers=once("e"))).status == 500
    assert await aliased(control, "once-5") == 0
    first = await control.post("/key/generate", body, headers=once("e"))
    assert first.status == 200 and "idempotent-replayed" not in first.headers


async def _breaks(*_: Any) -> None:
    raise RuntimeError("the process ends here")


async def test_a_refusal_is_not_kept(control: Any) -> None:
    body = {"models": [], "max_budget": -1}
    assert (await control.post("/key/generate", body, headers=once("f"))).status == 400
    assert (await control.post("/key/generate", {"max_budget": 1}, headers=once("f"))).status == 200


async def test_kept_answers_are_sealed_and_purged(control: Any) -> None:
    made = await control.post("/key/generate", {"key_alias": "once-6"}, headers=once("g"))
    async with control.runtime.store.connection() as db:
        rows = await (await db.execute("SELECT answer FROM kept_answers")).fetchall()
        assert rows and not [row for row in rows if "sk-" in row[0] or not row[0].startswith("sealed:")]
        await db.execute("UPDATE kept_answers SET kept_at = now() - %s", [KEPT_FOR])
    task = asyncio.create_task(purge(control.runtime.store))
    async with asyncio.timeout(30), control.runtime.store.connection() as db:
        left = (1,)
        while left != (0,):
            await asyncio.sleep(0.02)
            left = await (await db.execute("SELECT count(*) FROM kept_answers")).fetchone()
    await stop([task])
    again = await control.post("/key/generate", {"key_alias": "once-6b"}, headers=once("g"))
    assert again.status == 200 and again.json()["key"] != made.json()["key"]


async def test_a_new_value_for_a_key_is_not_lost_with_its_answer(control: Any) -> None:
    old = await control.made_key()
    first = await control.post("/key/regenerate", {"key": old["key"]}, headers=once("h"))
    again = await control.post("/key/regenerate", {"key": old["key"]}, headers=once("h"))
    assert first.json()["key"] == again.json()["key"] != old["key"]


async def test_the_gateways_are_told_of_what_was_made(control: Any) -> None:
    made = await control.post("/key/generate", {"models": ["m"]}, headers=once("i"))
    await control.published()
    assert (await control.record("key", made.json()["token"]))["models"] == ["m"]


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "é"])
async def test_a_key_that_is_none_is_refused(control: Any, key: str) -> None:
    answer = await control.call("POST", "/team/new", {}, headers={"idempotency-key": key})
    assert answer.status == 400 and "Idempotency-Key" in answer.error["message"]
