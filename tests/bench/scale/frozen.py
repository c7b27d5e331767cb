"""Servers that stand still with their connections open: what a request with a known key notices."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import aiohttp
from bench.scale.blocks import CONFIG, Admin
from bench.scale.figures import Table, quantile, spread_ms

from tianji_testkit import processes
from tianji_testkit.system import System

PARTS = ("control", "postgres", "redis", "nats")
MOST_ADDED_S = 0.005
PAUSE_S = 0.01
WAIT_S = 0.9
ACCESS = '"tianji_gateway.access"'


async def calls(admin: Admin, key: str, seconds: float) -> list[float]:
    """Call with one key for some time, gently; return how long each call took."""
    took: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        status = await admin.chat(admin.gateways[0], key)
        took.append(time.perf_counter() - began)
        if status != 200:
            raise SystemExit(f"a call with a known key was answered with {status}")
        await asyncio.sleep(PAUSE_S)
    return took


async def unknown(admin: Admin, count: int) -> list[float]:
    """Call with keys that the gateway has to look up; return how long each was kept waiting."""
    took = []
    for number in range(count):
        began = time.perf_counter()
        status = await admin.chat(admin.gateways[0], f"sk-not-here-{number}")
        took.append(time.perf_counter() - began)
        if status != 503:
            raise SystemExit(f"a key that cannot be looked up was answered with {status}")
    return took


async def freeze(system: System, admin: Admin, key: str, part: str, seconds: float, table: Table) -> float:
    """Stop a part for some time; return by how much the slowest percent of calls got slower."""
    before = await calls(admin, key, seconds)
    lines = system.log.read_text().count("\n")
    pids = [one for pid in system.pids[part] for one in processes.tree(pid)]
    processes.send(pids, signal.SIGSTOP)
    try:
        waits = await unknown(admin, 50) if part == "nats" else []
        during = await calls(admin, key, seconds)
        async with admin.http.get(admin.gateways[0] + "/health/readiness") as answer:
            servers = (await answer.json())["servers"]
    finally:
        processes.send(pids, signal.SIGCONT)
    table.row("calls before", spread_ms(before))
    table.row(f"calls while {part} stands still", spread_ms(during))
    told = [line for line in system.log.read_text().splitlines()[lines:] if ACCESS not in line]
    table.row("readiness", f"{answer.status}, {servers}")
    for line in told:
        table.row("log", line[:160])
    if waits:
        table.row(
            "unknown keys meanwhile, the first and the others", f"{waits[0]:.3f} s, {max(waits[1:]):.3f} s"
        )
        if waits[0] > WAIT_S or max(waits[1:]) > WAIT_S / 2:
            raise SystemExit("unknown keys wait too long")
    return quantile(during, 0.99) - quantile(before, 0.99)


async def run(folder: Path, seconds: float) -> None:
    """Measure all of it."""
    table = Table(f"servers that stand still for {seconds:g} s")
    system = System(folder, CONFIG)
    await asyncio.to_thread(system.start)
    try:
        async with aiohttp.ClientSession() as http:
            admin = Admin(system, http)
            key = await admin.new_key()
            for part in PARTS:
                added_s = await freeze(system, admin, key, part, seconds, table)
                table.row(f"added to p99 by {part}", f"{added_s * 1e3:.2f} ms")
                if added_s > MOST_ADDED_S:
                    raise SystemExit(f"a {part} that stands still slows requests")
    finally:
        await asyncio.to_thread(system.stop)
