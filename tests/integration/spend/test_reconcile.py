"""Counts and rows beside each other after gateways and workers were killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tianji.domain.events import Began
from tianji.store.pool import Store
from tianji_control.resources.spend.looks import Line, compare, hours_between
from tianji_gateway.spool import Spool, SpoolSettings
from tianji_worker.runtime import running
from tianji_worker.settings import WorkerSettings

GATEWAY = """
import asyncio, sys, time
from pathlib import Path
import uuid_utils
from tianji.bus.client import Bus
from tianji.domain.events import Began, SpendEvent
from tianji_gateway.spool import Spool, SpoolSettings

async def main():
    home, name, nats_url = sys.argv[1:]
    bus = await Bus.connect(nats_url, name)
    settings = SpoolSettings(segment_bytes=20_000, adopt_interval_s=0.1)
    spool = Spool.open(Path(home), name, settings)
    shipping = asyncio.create_task(spool.run(bus))
    number = 0
    while True:
        number += 1
        id, now = str(uuid_utils.uuid7()), time.time()
        common = {"id": id, "gateway_id": name, "started_at": now, "key_hash": "k"}
        if number % 10 == 0:
            spool.ended(SpendEvent(**common, ended_at=now, attempts=0, status="failure"))
        else:
            spool.began(Began(**common, reserved_usd="0.25"))
            await asyncio.sleep(0)
            if number % 37:
                spool.ended(SpendEvent(**common, ended_at=now, cost_usd="0.001"))
        if number % 20 == 0:
            await asyncio.sleep(0.005)

asyncio.run(main())
"""


async def start_gateway(books, home: Path, name: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", GATEWAY, str(home), name, books.nats_url), stdout=DEVNULL, stderr=DEVNULL
    )


async def start_worker(books) -> Process:
    places = {"DATABASE_URL": books.database_url, "NATS_URL": books.nats_url, "TIANJI_WORKER_PORT": "0"}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tianji_cli", "worker", "--host", "127.0.0.1"),
        env=os.environ | places,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
    )


async def kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    await process.wait()


@asynccontextmanager
async def heir(books, home: Path):
    """Run a gateway process that takes over what others left, until it has none of it any more."""
    spool = Spool.open(home, "heir", SpoolSettings(adopt_interval_s=0.1))
    task = asyncio.create_task(spool.run(books.bus))
    yield
    async with asyncio.timeout(30):
        while [one.name for one in (home / "spool").iterdir()] != ["heir"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await spool.close()
    await task


async def look(books, *, living: tuple[str, ...] = (), wait_s: float = 0) -> list[Line]:
    store = Store(books.database_url, size=1)
    await store.open()
    try:
        now = datetime.now(UTC)
        hours = hours_between(now - timedelta(hours=2), now)
        return await compare(store, hours, lambda gateway_id: gateway_id in living, wait_s)
    finally:
        await store.close()


def worker(books):
    return running(WorkerSettings(database_url=books.database_url, nats_url=books.nats_url, drain_seconds=5))


async def test_after_gateways_and_workers_were_killed_counts_and_rows_agree(books, tmp_path):
    for round in range(2):
        gateways = [await start_gateway(books, tmp_path, f"g{n}-{round}") for n in range(2)]
        ledger = await start_worker(books)
        before = (await books.rows())[0]
        await books.until_rows(before + 600)
        await kill(gateways[0])
        await kill(ledger)
        await asyncio.sleep(0.5)  # the other one finds the spool, and goes too in the middle of it
        await kill(gateways[1])
    async with heir(books, tmp_path):
        pass
    async with worker(books):
        await books.until_settled()

    lines = await look(books)
    assert [line.differences for line in lines] == [{} for _ in lines]
    assert {line.figures.gateway_id for line in lines} == {"g0-0", "g1-0", "g0-1", "g1-1"}
    for line in lines:
        assert line.figures.interrupted > 0
        assert line.figures.uncalled > 0
        assert line.figures.under_way == 0
    assert sum(line.figures.rows for line in lines) == (await books.rows())[0]
    gone = await books.ask(
        "SELECT count(*) FROM spend_logs WHERE status = 'interrupted' AND metadata ? 'cost_estimated'"
    )
    assert gone == [(sum(line.figures.interrupted for line in lines),)]


async def test_calls_of_a_dead_process_are_missed_until_they_were_taken_over(books, tmp_path):
    gateway = await start_gateway(books, tmp_path, "g1")
    async with worker(books):
        await books.until_rows(200)
        living = await look(books, living=("g1",), wait_s=20)
        assert [line.differences for line in living] == [{}]
        assert living[0].figures.under_way > 0
        await kill(gateway)
        await books.until_settled()

        (line,) = await look(books)
        assert line.differences.keys() <= {"never_ended", "rows_uncounted"}
        assert line.differences["never_ended"] > 0
        async with heir(books, tmp_path):
            pass
        await books.until_settled()
        assert [line.differences for line in await look(books)] == [{}]


async def test_a_row_too_few_or_too_many_is_found(books, event, tmp_path):
    spool = Spool.open(tmp_path, "g1", SpoolSettings())
    task = asyncio.create_task(spool.run(books.bus))
    async with worker(books):
        events = [event(number, attempts=0) for number in range(20)]
        for one in events:
            spool.ended(one)
        await spool.close()
        await task
        await books.until_settled()
        assert [line.differences for line in await look(books)] == [{}]

        await books.db.execute("DELETE FROM spend_logs WHERE id = %s", [events[3].id])
        assert [line.differences for line in await look(books)] == [{"rows_missing": 1}]
        await books.publish(events[3], event(gateway_id="stranger"))
        await books.until_settled()
        found = {line.figures.gateway_id: line.differences for line in await look(books)}
        assert found == {"g1": {}, "stranger": {"rows_uncounted": 1}}


async def test_what_no_disk_took_is_counted_too(books, event, tmp_path, monkeypatch):
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    spool = Spool.open(tmp_path, "g1", SpoolSettings(failure_mode="serve", max_held=5))
    calls = [event(number) for number in range(6)]
    with monkeypatch.context() as patched:
        patched.setattr("tianji_gateway.spool.segments.os.write", full)
        for call in calls[:3]:
            spool.began(Began(id=call.id, gateway_id="g1", started_at=call.started_at))
            spool.ended(call)
        task = asyncio.create_task(spool.run(books.bus))
        async with worker(books):
            await books.until_rows(3)
    async with worker(books):
        for call in calls[3:]:
            spool.began(Began(id=call.id, gateway_id="g1", started_at=call.started_at))
            spool.ended(call)
        await spool.close()
        await task
        await books.until_settled()

    (line,) = await look(books)
    assert line.differences == {}
    assert (line.figures.began, line.figures.ended, line.figures.rows) == (6, 6, 6)
