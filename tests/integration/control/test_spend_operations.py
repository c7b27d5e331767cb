"""Dead letters and the comparison of the books, as an operator sees them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import uuid_utils

from tianji.bus.subjects import DEAD_LETTER_ORIGIN, DEAD_LETTER_REASON, dead_letter_subject, spend_subject
from tianji.domain.events import SpendEvent
from tianji_worker.runtime import running
from tianji_worker.settings import WorkerSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE_S = 20


def event(**changes: Any) -> SpendEvent:
    now = time.time()
    values = {"id": str(uuid_utils.uuid7()), "gateway_id": "g1-7", "started_at": now, "ended_at": now}
    return SpendEvent(**(values | changes))


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def worker(control: Any, control_settings: Any) -> AsyncIterator[None]:
    """Run a worker beside the control plane."""
    settings = control_settings()
    given = WorkerSettings(database_url=settings.database_url, nats_url=settings.nats_url, drain_seconds=5)
    async with running(given):
        await control.bus.ensure_layout()
        yield


async def until_letters(control: Any, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = (await control.get("/spend/dead_letters")).json()
            if found["total"] == count:
                assert len(found["dead_letters"]) == count
                return list(found["dead_letters"])
            await asyncio.sleep(0.05)


async def test_what_was_set_aside_is_listed_shown_and_replayed(control: Any) -> None:
    cured = event(cost_usd="0.5")
    await control.bus.js.publish(spend_subject("g1-7"), msgspec.json.encode(event(cost_usd="a lot")))
    (poison,) = await until_letters(control, 1)
    assert "not an amount" in poison["reason"]
    assert poison["subject"] == spend_subject("g1-7")
    assert abs(time.time() - datetime.fromisoformat(poison["time"]).timestamp()) < PATIENCE_S
    shown = (await control.get(f"/spend/dead_letters/{poison['id']}")).json()
    assert shown["event"]["cost_usd"] == "a lot"
    headers = {DEAD_LETTER_ORIGIN: spend_subject("g1-7"), DEAD_LETTER_REASON: "a worker of an older version"}
    await control.bus.js.publish(dead_letter_subject("ledger"), msgspec.json.encode(cured), headers=headers)
    first, second = await until_letters(control, 2)

    answer = await control.post("/spend/dead_letters/replay", {"ids": [first["id"], second["id"], 99]})

    assert answer.json() == {"replayed": [first["id"], second["id"]], "missing": [99]}
    async with asyncio.timeout(PATIENCE_S):
        while not (rows := (await control.get(f"/spend/logs?request_id={cured.id}")).json()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert rows[0]["spend"] == 0.5
    (again,) = await until_letters(control, 1)  # it cannot be cured, and is not lost either
    assert again["id"] > second["id"]
    assert "not an amount" in again["reason"]
    later = (await control.get(f"/spend/dead_letters?after={again['id']}")).json()
    assert later["dead_letters"] == []


async def test_what_several_replay_at_once_is_replayed_once(control: Any) -> None:
    before = (await control.get("/spend/dead_letters")).json()["total"]
    for number in range(5):
        await control.bus.js.publish(
            spend_subject("g1-7"), msgspec.json.encode(event(cost_usd=f"much {number}"))
        )
    letters = await until_letters(control, before + 5)
    asked = {"ids": [one["id"] for one in letters[before:]]}

    answers = await asyncio.gather(*(control.post("/spend/dead_letters/replay", asked) for _ in range(4)))

    assert [answer.status for answer in answers] == [200] * 4
    again = await until_letters(control, before + 5)
    assert asked["ids"][-1] < again[before]["id"]
    await asyncio.sleep(0.5)
    assert await until_letters(control, before + 5) == again


async def test_an_interrupted_call_shows_as_such(control: Any) -> None:
    gone = event(
        status="interrupted",
        http_status=0,
        error_type="interrupted",
        error_message="the gateway process ended before this request did; its cost is an estimate",
        cost_usd="0.25",
        metadata={"cost_estimated": True},
    )
    await control.bus.js.publish(spend_subject("g1-7"), msgspec.json.encode(gone))

    async with asyncio.timeout(PATIENCE_S):
        while not (rows := (await control.get(f"/spend/logs?request_id={gone.id}")).json()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    (row,) = rows
    assert (row["status"], row["spend"]) == ("interrupted", 0.25)
    assert row["metadata"]["status"] == "interrupted"
    assert row["metadata"]["cost_estimated"] is True
    assert "estimate" in row["metadata"]["error_information"]["error_message"]


async def test_rows_that_nobody_counted_are_told(control: Any) -> None:
    stranger = event(gateway_id="stranger", attempts=0)
    await control.bus.js.publish(spend_subject("stranger"), msgspec.json.encode(stranger))
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = (await control.get("/spend/reconcile?since=1h")).json()
            lines = [line for line in found["lines"] if line["gateway_id"] == "stranger"]
            if lines:
                break
            await asyncio.sleep(0.05)

    (line,) = lines
    assert found["differs"] is True
    assert line["differences"] == {"rows_uncounted": 1}
    assert (line["rows"], line["uncalled"], line["lives"]) == (1, 0, False)
    assert found["unwritten"] == 0


@pytest.mark.parametrize(
    "path",
    [
        "/spend/reconcile?since=ages",
        "/spend/reconcile?since=200d",
        "/spend/reconcile?wait=1000",
        "/spend/dead_letters?limit=0",
    ],
)
async def test_a_wrong_question_is_refused(control: Any, path: str) -> None:
    assert (await control.get(path)).status == 400


async def test_a_dead_letter_that_is_not_there_is_not_found(control: Any) -> None:
    assert (await control.get("/spend/dead_letters/12345")).status == 404


async def test_only_admins_see_the_books_and_what_is_not_in_them(control: Any) -> None:
    key = (await control.made_key())["key"]

    for path in ("/spend/reconcile", "/spend/dead_letters", "/spend/dead_letters/1"):
        assert (await control.get(path, key=key)).status == 403
    assert (await control.post("/spend/dead_letters/replay", {"ids": [1]}, key=key)).status == 403
