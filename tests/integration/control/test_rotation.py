"""Keys that get a new value by themselves: planned by the control plane, rotated by the worker."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tianji.store.locks import Lock
from tianji_worker.jobs.rotate_keys import rotate
from tianji_worker.jobs.schedule import Job, run_due
from tianji_worker.jobs.table import jobs_of
from tianji_worker.settings import WorkerSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")


def job(name: str, grace: str = "") -> Job:
    return Job(name, timedelta(hours=1), Lock.KEY_ROTATION, partial(rotate, grace=grace))


async def info(control: Any, alias: str) -> dict[str, Any]:
    listed = await control.get(f"/key/list?key_alias={alias}&return_full_object=true")
    [found] = listed.json()["keys"]
    return found


async def test_a_key_is_rotated_when_its_interval_is_over_and_not_before(control: Any) -> None:
    team = (await control.post("/team/new", {})).json()["team_id"]
    made = await control.made_key(
        key_alias="turns", auto_rotate=True, rotation_interval="30d", team_id=team, spend=2, metadata={"a": 1}
    )
    first = await info(control, "turns")
    planned = datetime.fromisoformat(first["key_rotation_at"])
    assert timedelta(days=29) < planned - datetime.now(UTC) < timedelta(days=31)
    store = control.runtime.store
    assert await run_due(store, job("early"), planned - timedelta(minutes=1)) == 0
    assert (await info(control, "turns"))["token"] == made["token"]
    assert await run_due(store, job("due"), planned + timedelta(minutes=1)) == 1
    now = await info(control, "turns")
    assert now["token"] != made["token"] and now["rotation_count"] == 1
    assert (now["team_id"], now["spend"], now["metadata"]) == (team, 2.0, {"a": 1})
    assert now["created_at"] == first["created_at"]
    assert datetime.fromisoformat(now["key_rotation_at"]) > planned + timedelta(days=29)
    await control.published()
    assert await control.record("key", made["token"]) is None
    record = await control.record("key", now["token"])
    assert (record["alias"], record["origin"]) == ("turns", made["token"])
    log = (await control.get("/audit/logs?action=key:rotate")).json()["logs"]
    assert [row["resource_id"] for row in log] == [now["token"]]
    assert made["key"] not in str(log)


async def test_the_old_value_goes_on_for_its_grace(control: Any) -> None:
    made = await control.made_key(key_alias="gentle", auto_rotate=True, rotation_interval="1d")
    now = datetime.now(UTC) + timedelta(days=1, minutes=1)
    assert await run_due(control.runtime.store, job("gentle", "2h"), now) == 1
    await control.published()
    old = await control.record("key", made["token"])
    assert old["expires"] == pytest.approx((now + timedelta(hours=2)).timestamp(), abs=1)
    assert "alias" not in old
    assert old["successor"] == (await info(control, "gentle"))["token"]
    assert "successor" not in await control.record("key", old["successor"])
    assert (await info(control, "gentle"))["expires"] is None


async def test_a_job_runs_once_in_its_time_whoever_tries(control: Any) -> None:
    store, now = control.runtime.store, datetime.now(UTC)
    ran = await asyncio.gather(*(run_due(store, job("once"), now) for _ in range(4)))
    assert [one for one in ran if one is not None] == [0]
    assert await run_due(store, job("once"), now + timedelta(minutes=59)) is None
    assert await run_due(store, job("once"), now + timedelta(minutes=61)) == 0


async def test_a_key_that_is_blocked_ended_or_told_not_to_stays_as_it_is(control: Any) -> None:
    interval = {"auto_rotate": True, "rotation_interval": "1d"}
    for name, fields in (
        ("stopped", {"blocked": True}),
        ("ended", {"duration": "1h"}),
    ):
        await control.made_key(key_alias=name, **interval, **fields)
    stays = await control.made_key(key_alias="stays", **interval)
    await control.post("/key/update", {"key": stays["key"], "auto_rotate": False})
    assert (await info(control, "stays"))["key_rotation_at"] is None
    later = datetime.now(UTC) + timedelta(days=2)
    assert await run_due(control.runtime.store, job("none"), later) == 0


async def test_a_rotation_without_an_interval_is_refused(control: Any) -> None:
    for fields in ({"auto_rotate": True}, {"auto_rotate": True, "rotation_interval": "often"}):
        assert (await control.post("/key/generate", fields)).status == 400


async def test_a_worker_rotates_only_where_it_is_told_to() -> None:
    servers = {"database_url": "x", "nats_url": "y"}
    usual = jobs_of(WorkerSettings(**servers))
    assert "rotate keys" not in [job.name for job in usual]
    *others, one = jobs_of(WorkerSettings(**servers, key_rotation_enabled=True))
    assert len(others) == len(usual)
    assert (one.name, one.every) == ("rotate keys", timedelta(days=1))
