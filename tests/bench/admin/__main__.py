"""Measures each call of the admin API with a million keys and ten thousand teams in the database.

make admins KEYS=1000000 TEAMS=10000 CALLS=100
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import aiohttp
from bench.admin.calls import CALLS, Size
from bench.admin.fill import fill
from bench.scale.figures import cpu_s, quantile

from tianji_testkit.system import System

CONFIG = """
model_list:
  - model_name: m
    litellm_params: {model: openai/gpt-4o-mini, mock_response: Hello.}
"""
LIMIT_MS, AIM_MS = 200.0, 50.0
WARM_UP = 8
"""Calls of each kind that are not counted: the first ones plan queries and fill caches."""


class Refused(Exception):
    """A call that should be answered was not."""


def main() -> int:
    """Print the table; return 1 where a call takes longer than it may."""
    parser = argparse.ArgumentParser(prog="make admins", description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--teams", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=100, help="of each kind")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("-k", dest="part", default="", help="only calls whose name contains this")
    parser.add_argument(
        "--keep", type=Path, help="an empty folder for a system that is to be kept, or one kept"
    )
    options = parser.parse_args()
    size = Size(options.keys, options.teams)
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tianji-admin-") as folder:
        return asyncio.run(_run(options, size, options.keep or Path(folder)))


async def _run(options: argparse.Namespace, size: Size, folder: Path) -> int:
    system = System(folder, CONFIG)
    empty = not system.home.exists()
    with system:
        environ = system.env
        if empty:
            took_s = await asyncio.to_thread(fill, environ["DATABASE_URL"], size.keys, size.teams)
            print(f"{size.keys} keys, {size.teams} teams written in {took_s:.0f} s", flush=True)
        names = [name for name in CALLS if options.part in name]
        headers = {"authorization": f"Bearer {environ['TIANJI_MASTER_KEY']}"}
        pids = [pid for part in ("control", "postgres") for pid in system.pids[part]]
        async with aiohttp.ClientSession(system.control_url, headers=headers) as http:
            return await _measure(http, names, size, options.calls, options.at_once, pids)


async def _measure(
    http: aiohttp.ClientSession, names: Iterable[str], size: Size, calls: int, at_once: int, pids: list[int]
) -> int:
    """Time calls; tell what each costs control plane and Postgres, which no other load makes longer."""
    print(f"\n{'':40} {'p50 ms':>8} {'p99 ms':>8} {'worst ms':>9} {'CPU ms':>8}")
    over = above = 0
    for name in names:
        before = sum(cpu_s(pid) for pid in pids)
        try:
            took = await _time(http, name, size, calls, at_once)
        except Refused as refused:
            print(refused, flush=True)
            over += 1
            continue
        cpu_ms = 1e3 * (sum(cpu_s(pid) for pid in pids) - before) / (calls + WARM_UP)
        p50, p99, worst = (1e3 * one for one in (quantile(took, 0.5), quantile(took, 0.99), max(took)))
        over, above = over + (p99 > LIMIT_MS), above + (p99 > AIM_MS)
        mark = " !!" if p99 > LIMIT_MS else " !" if p99 > AIM_MS else ""
        print(f"{name:40} {p50:8.1f} {p99:8.1f} {worst:9.1f} {cpu_ms:8.1f}{mark}", flush=True)
    print(f"\np99 above {LIMIT_MS:g} ms: {over}, above {AIM_MS:g} ms: {above}")
    return 1 if over else 0


async def _time(http: aiohttp.ClientSession, name: str, size: Size, calls: int, at_once: int) -> list[float]:
    took: list[float] = []
    waiting = iter(range(calls + WARM_UP))

    async def client() -> None:
        for number in waiting:
            ask = CALLS[name](number, size)
            began = time.perf_counter()
            async with http.request(ask.method, ask.path, json=ask.body) as answer:
                said = await answer.read()
            if answer.status != 200:
                raise Refused(f"{name}: {ask} was answered with {answer.status} {said[:300]!r}")
            if number >= WARM_UP:
                took.append(time.perf_counter() - began)

    await asyncio.gather(*(client() for _ in range(at_once)))
    return took


if __name__ == "__main__":
    sys.exit(main())
