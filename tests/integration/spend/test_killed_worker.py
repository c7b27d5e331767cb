"""Worker processes killed in the middle of their work."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import DEVNULL, Process

from tianji.embedded import identity, ports
from tianji_testkit.http import call


async def start_worker(books) -> tuple[Process, int]:
    port = ports.free()
    places = {"DATABASE_URL": books.database_url, "NATS_URL": books.nats_url, "TIANJI_WORKER_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tianji_cli", "worker", "--host", "127.0.0.1"),
        env=os.environ | places,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
        **identity.plain(signal.SIGKILL),  # a test that fails leaves it running, its run does not
    )
    return process, port


async def kill(process: Process) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def until_ready(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                status, answer = await asyncio.to_thread(
                    call, "GET", f"http://127.0.0.1:{port}/health/readiness", key=""
                )
            except OSError:
                await asyncio.sleep(0.05)
                continue
            if status == 200:
                assert answer == {"status": "healthy", "unreachable": {}}
                return
            await asyncio.sleep(0.05)


async def test_kill_minus_nine_in_the_middle_loses_and_doubles_nothing(books, event):
    events = [event(number) for number in range(5000)]
    poison = [b"never a row %d" % number for number in range(20)]
    sent = [*events, *random.Random(1).sample(events, 1000), *poison]
    random.Random(2).shuffle(sent)
    publishing = asyncio.create_task(books.publish(*sent))
    for share in (500, 2000, 3500):
        process, _ = await start_worker(books)
        await books.until_rows(share)
        await kill(process)
    await publishing

    process, port = await start_worker(books)
    await until_ready(port)
    await books.until_rows(5000)
    await books.until_settled()
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 30) == 0

    await books.assert_sums_agree(events)
    assert {data for data, _ in await books.dead_letters()} == set(poison)


async def test_the_worker_tells_its_health_and_its_figures(books, event):
    process, port = await start_worker(books)
    await until_ready(port)
    await books.publish(event(1), b"poison")
    await books.until_settled()
    at = f"http://127.0.0.1:{port}"

    assert await asyncio.to_thread(call, "GET", f"{at}/health/liveliness", key="") == (200, "I'm alive!")
    status, figures = await asyncio.to_thread(call, "GET", f"{at}/metrics", key="")
    assert status == 200
    assert "tianji_ledger_rows_total 1.0" in figures
    assert 'tianji_dead_letters_total{stream="SPEND"} 1.0' in figures
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 30) == 0
