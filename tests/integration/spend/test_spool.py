"""The spool on a real NATS: outages, kills, full disks."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import uuid_utils

from tianji.domain.events import Began
from tianji.embedded import Nats
from tianji.errors import Unavailable
from tianji_gateway.spool import Spool, SpoolSettings
from tianji_worker.runtime import running
from tianji_worker.settings import WorkerSettings

FAST = SpoolSettings(adopt_interval_s=0.1, segment_bytes=20_000, drain_s=3)


@asynccontextmanager
async def spooling(books, home: Path, name: str, settings: SpoolSettings = FAST):
    spool = Spool.open(home, name, settings)
    task = asyncio.create_task(spool.run(books.bus))
    try:
        yield spool
    finally:
        await spool.close()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def worker(books):
    settings = WorkerSettings(database_url=books.database_url, nats_url=books.nats_url, drain_seconds=5)
    async with running(settings) as runtime:
        yield runtime


def began_of(event) -> Began:
    return Began(id=event.id, started_at=event.started_at, key_hash=event.key_hash, team_id=event.team_id)


async def closed(books) -> list[str]:
    return [row[0] for row in await books.ask("SELECT process FROM closed_processes ORDER BY process")]


def files_in(home: Path) -> list[Path]:
    return [path for path in (home / "spool").rglob("*") if path.is_file()]


async def test_an_ended_call_is_a_row_within_a_second_and_leaves_no_file(books, worker, event, tmp_path):
    async with spooling(books, tmp_path, "g1") as spool:
        first, second = event(1), event(2)
        spool.began(began_of(first))
        spool.ended(first)
        await books.until_rows(1)
        started = time.monotonic()
        spool.began(began_of(second))
        spool.ended(second)
        await books.until_rows(2)
        assert time.monotonic() - started < 1
    await books.until_settled()

    assert files_in(tmp_path) == []
    await books.assert_sums_agree([first, second])


async def test_events_wait_on_disk_while_nats_is_away(books, worker, event, own_nats: Nats, tmp_path):
    events = [event(number) for number in range(600)]
    async with spooling(books, tmp_path, "g1") as spool:
        for one in events[:300]:
            spool.ended(one)
            await asyncio.sleep(0)
        await asyncio.to_thread(own_nats.stop)
        for one in events[300:]:
            spool.ended(one)
        assert spool.backlog >= 300
        await asyncio.to_thread(own_nats.start)
        await books.until_rows(600)
    assert await books.bus.wait_connected(30)
    await books.until_settled()

    await books.assert_sums_agree(events)
    assert files_in(tmp_path) == []


WRITER = """
import sys, time
from pathlib import Path
import msgspec
from tianji.domain.events import Began, SpendEvent
from tianji_gateway.spool import Spool, SpoolSettings
import asyncio

async def main():
    spool = Spool.open(Path(sys.argv[1]), "victim", SpoolSettings(segment_bytes=20_000))
    for line in sys.stdin.buffer:
        event = msgspec.json.decode(line, type=SpendEvent)
        spool.began(Began(id=event.id, started_at=event.started_at, key_hash=event.key_hash,
                          team_id=event.team_id, reserved_usd="0.25"))
        if not event.client_gone:
            spool.ended(event)
        print(event.id, flush=True)

asyncio.run(main())
"""


async def test_a_killed_process_loses_nothing_and_its_open_calls_are_billed_as_estimates(
    books, worker, event, tmp_path
):
    calls = [event(number, client_gone=number % 50 == 0) for number in range(400)]
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(tmp_path), stdin=PIPE, stdout=PIPE
    )
    assert victim.stdin is not None
    assert victim.stdout is not None
    victim.stdin.write(b"".join(msgspec.json.encode(call) + b"\n" for call in calls))
    for _ in calls:
        assert await victim.stdout.readline()
    async with spooling(books, tmp_path, "heir"):
        await asyncio.sleep(0.3)  # three looks at a folder that a living process holds
        assert (await books.rows())[0] == 0
        victim.kill()
        await victim.wait()
        await books.until_rows(400)
    await books.until_settled()

    expected = [
        call if not call.client_gone else event(key_hash=call.key_hash, cost_usd="0.25") for call in calls
    ]
    assert await closed(books) == ["victim"]
    assert (await books.rows())[1] == sum(Decimal(call.cost_usd) for call in expected)
    found = await books.ask(
        "SELECT count(*), min(cost_usd)::text, bool_and(metadata ->> 'cost_estimated' = 'true') "
        "FROM spend_logs WHERE status = 'interrupted'"
    )
    assert found == [(8, "0.25", True)]
    assert files_in(tmp_path) == []


async def test_the_ledger_hears_of_the_end_of_a_process_that_recorded_calls(books, worker, event, tmp_path):
    async with spooling(books, tmp_path, "idle"), spooling(books, tmp_path, "busy") as busy:
        call = event(1)
        busy.began(began_of(call))
        await asyncio.sleep(0.3)
        assert (tmp_path / "spool" / "busy").is_dir()
        busy.ended(call)
    await books.until_settled()

    assert await closed(books) == ["busy"]
    assert files_in(tmp_path) == []


async def test_an_end_that_nobody_heard_of_is_told_by_who_takes_the_folder_over(
    books, worker, event, own_nats: Nats, tmp_path
):
    brief = SpoolSettings(drain_s=0.2)
    async with spooling(books, tmp_path, "g1", brief) as spool:
        spool.ended(event(1))
        await books.until_rows(1)
        await asyncio.to_thread(own_nats.stop)
    assert (tmp_path / "spool" / "g1").is_dir()
    await asyncio.to_thread(own_nats.start)
    assert await books.bus.wait_connected(30)
    async with spooling(books, tmp_path, "g2"), asyncio.timeout(30):
        while not await closed(books):  # noqa: ASYNC110  Postgres does not tell
            await asyncio.sleep(0.05)

    assert await closed(books) == ["g1"]
    assert files_in(tmp_path) == []


async def test_two_living_processes_may_not_share_a_folder(tmp_path):
    spool = Spool.open(tmp_path, "g1", FAST)
    with pytest.raises(Unavailable, match="another process holds"):
        Spool.open(tmp_path, "g1", FAST)
    await spool.close()
    await Spool.open(tmp_path, "g1", FAST).close()


async def test_a_full_spool_refuses_calls_but_never_what_they_cost(books, worker, event, tmp_path):
    small = SpoolSettings(max_bytes=3000, segment_bytes=1000)
    spool = Spool.open(tmp_path, "g1", small)
    events = []
    with pytest.raises(Unavailable, match="cannot record"):
        for number in range(1000):
            spool.began(began_of(event(number, id=str(uuid_utils.uuid7()))))
            events.append(event(number))
            spool.ended(events[-1])
    assert spool.refused == 1
    late = event(5)
    spool.ended(late)
    task = asyncio.create_task(spool.run(books.bus))
    await books.until_rows(len(events) + 1)
    spool.began(began_of(late))
    await spool.close()
    await task


async def test_a_disk_that_takes_nothing_refuses_or_serves_as_the_operator_chose(
    books, worker, event, tmp_path, monkeypatch
):
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    refusing = Spool.open(tmp_path, "refusing", SpoolSettings())
    under_way = event(7)
    refusing.began(began_of(under_way))
    serving = Spool.open(tmp_path, "serving", SpoolSettings(failure_mode="serve", max_held=2))
    monkeypatch.setattr("tianji_gateway.spool.segments.os.write", full)
    with pytest.raises(Unavailable):
        refusing.began(began_of(event(1)))
    calls = [event(number) for number in range(3)]
    for call in calls:
        serving.began(began_of(call))
        serving.ended(call)
    assert (serving.backlog, serving.lost) == (2, 1)
    refusing.ended(under_way)
    tasks = [asyncio.create_task(spool.run(books.bus)) for spool in (serving, refusing)]
    await books.until_rows(3)  # shipped from memory
    await serving.close()
    await refusing.close()
    assert (refusing.open_calls, refusing.backlog) == (0, 0)
    await asyncio.gather(*tasks)


async def test_a_disk_that_fails_is_told_once_and_told_again_when_it_does_not(
    event, tmp_path, monkeypatch, caplog
):
    caplog.set_level("INFO", "tianji_gateway.spool")
    spool = Spool.open(tmp_path, "told", SpoolSettings())

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("tianji_gateway.spool.segments.os.write", full)
        for number in range(2):
            with pytest.raises(Unavailable):
                spool.began(began_of(event(number)))
    for number in range(2):
        spool.began(began_of(event(number)))
    await spool.close()

    assert caplog.messages == ["the spool cannot be written", "the spool can be written again"]


@pytest.mark.parametrize("mode", ["refuse", "serve"])
async def test_a_spool_without_calls_finds_out_what_its_disk_takes(event, tmp_path, monkeypatch, mode):
    spool = Spool.open(tmp_path, "idle", SpoolSettings(failure_mode=mode))
    spool.prove()
    assert (spool.writable, spool.refuses) == (True, False)
    with monkeypatch.context() as disk:
        disk.setattr("tianji_gateway.spool.claim.os.write", lambda *_: 100)  # room for a part of a block
        spool.prove()
        assert (spool.writable, spool.refuses) == (False, mode == "refuse")
    spool.prove()
    assert (spool.writable, spool.refuses) == (True, False)
    assert (spool.backlog, [path.stat().st_size for path in tmp_path.rglob("lock")]) == (0, [0])
    await spool.close()


async def test_a_spool_at_its_bound_is_not_said_to_be_writable_because_calls_end(event, tmp_path):
    spool = Spool.open(tmp_path, "bound", SpoolSettings(max_bytes=20_000))
    under_way = event(1)
    spool.began(began_of(under_way))
    with pytest.raises(Unavailable):
        for number in range(1000):
            spool.began(began_of(event(number, id=str(uuid_utils.uuid7()))))
    spool.ended(under_way)
    spool.prove()
    assert spool.refuses
    await spool.close()
