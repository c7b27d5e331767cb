"""One worker against a stream that is full: events per second, processor time, memory."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import Process
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import LiteralString

import psycopg
from bench.ledger.events import messages
from bench.scale.figures import Table, cpu_s, memory_mib

from tianji.bus.client import Bus
from tianji.bus.subjects import LEDGER_CONSUMER, SPEND_STREAM, spend_subject
from tianji.embedded import Nats, Postgres, ports
from tianji.store import migrate

LOOK_S = 0.5
AT_ONCE = 16
SUMS: dict[str, LiteralString] = {
    "totals": "SELECT spend_usd, requests FROM spend_totals WHERE scope = 'total'",
    "days": "SELECT sum(spend_usd), sum(requests) FROM spend_daily WHERE scope = 'total'",
}


async def fill(bus: Bus, events: int, keys: int, size: int) -> None:
    """Put all events on the stream."""
    await bus.ensure_layout()
    waiting: set[asyncio.Task[object]] = set()
    for process, data in messages(events, keys, size):
        sending = asyncio.create_task(bus.js.publish(spend_subject(process), data, timeout=30))
        waiting.add(sending)
        if len(waiting) >= AT_ONCE:
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(*waiting)


async def drained(bus: Bus) -> bool:
    """Say whether the worker has acknowledged everything."""
    last = (await bus.js.stream_info(SPEND_STREAM)).state.last_seq
    floor = (await bus.js.consumer_info(SPEND_STREAM, LEDGER_CONSUMER)).ack_floor
    return floor is not None and floor.stream_seq >= last


async def measure(bus: Bus, worker: Process, server: int | None, events: int, table: Table) -> None:
    """Watch a worker until the stream is empty."""
    began, cpu, base = time.monotonic(), cpu_s(worker.pid), cpu_s(server or 0)
    most = 0.0
    while not await drained(bus):
        if worker.returncode is not None:
            raise SystemExit(f"the worker ended with {worker.returncode}")
        most = max(most, memory_mib(worker.pid))
        await asyncio.sleep(LOOK_S)
    took, own, theirs = time.monotonic() - began, cpu_s(worker.pid) - cpu, cpu_s(server or 0) - base
    table.row("events per second", f"{events / took:,.0f}")
    table.row("processor time per event, worker", f"{own / events * 1e6:.1f} us")
    table.row("processor time per event, Postgres", f"{theirs / events * 1e6:.1f} us")
    table.row("memory of the worker at most", f"{most:.0f} MiB")


async def check(url: str, events: int, table: Table) -> None:
    """Compare the sums with the rows. Raises SystemExit where they differ."""
    async with await psycopg.AsyncConnection.connect(url) as db:
        found = await (await db.execute("SELECT sum(cost_usd), count(*) FROM spend_logs")).fetchone()
        if found is None or found[1] != events:
            raise SystemExit(f"{events} events, but rows and their sum are {found}")
        for name, query in SUMS.items():
            if await (await db.execute(query)).fetchone() != found:
                raise SystemExit(f"{name} are not the sum of the rows")
        query = "SELECT sum(spent_nano) FROM spend_windows WHERE window_id = 'all'"
        charged = await (await db.execute(query)).fetchone()
        if charged is None or abs(charged[0] - found[0] * 10**9) > Decimal(events):
            raise SystemExit("windows are not the sum of the rows")
    table.row("rows, totals, days and windows agree", f"{found[0]} USD")


async def run(folder: Path, events: int, keys: int, size: int) -> None:
    """Start the servers, fill the stream, start a worker and measure it."""
    table = Table(f"{events:,} events of {keys:,} keys, {size} in a message")
    with ExitStack() as stack:
        postgres, nats = Postgres(folder / "postgres"), Nats(folder / "nats")
        for server in (postgres, nats):
            await asyncio.to_thread(server.start)
            stack.callback(server.stop)
        await asyncio.to_thread(migrate.up, postgres.url)
        bus = await Bus.connect(nats.url, "bench")
        if not await bus.wait_connected(10):
            raise SystemExit("NATS does not answer")
        await fill(bus, events, keys, size)
        table.row("the stream is filled", "")
        own = {
            "DATABASE_URL": postgres.url,
            "NATS_URL": nats.url,
            "TIANJI_WORKER_PORT": str(ports.free()),
            "TIANJI_HOME": str(folder),
            "LOG_LEVEL": "WARNING",
        }
        command = [sys.executable, "-m", "tianji_cli", "worker"]
        worker = await asyncio.create_subprocess_exec(*command, env=os.environ | own)
        try:
            await measure(bus, worker, postgres.pid, events, table)
            await check(postgres.url, events, table)
        finally:
            worker.terminate()
            await worker.wait()
            await bus.close()
