"""Measures reports over a ledger of millions of synthetic calls, and shows what Postgres does for them.

PYTHONPATH=tests python -m bench.spend --rows 10000000
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.scale.figures import Table, cpu_s, spread_ms
from bench.spend.filling import Q, World, fill, index
from bench.spend.plans import explaining
from bench.spend.questions import Question, questions

from tianji.embedded import Postgres
from tianji.store import migrate
from tianji.store.pool import Store
from tianji.store.rows import Connection, many, one

LIMIT_S = 0.2


def main() -> None:
    """Print figures and plans; exit 1 where a question out of the roll-ups costs too much."""
    parser = argparse.ArgumentParser(prog="bench.spend", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--times", type=int, default=30, help="how often each question is asked")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tianji-spend-") as folder:
        slow = asyncio.run(_run(Path(folder), World(rows=options.rows, days=options.days), options.times))
    if slow:
        print(f"\nmore than {LIMIT_S * 1e3:.0f} ms of processor: {', '.join(slow)}")
    sys.exit(1 if slow else 0)


async def _run(folder: Path, world: World, times: int) -> list[str]:
    server = Postgres(folder / "postgres", throwaway=True)
    url = server.start()
    store = Store(url, statement_timeout_s=3600)
    try:
        migrate.up(url)
        await store.open()
        last = datetime.now(UTC).date()
        table = Table(f"A ledger of {world.calls * world.days:,} calls")
        indexes = await fill(store, world, last, table)
        await _sizes(store, table)
        asked = questions(last)
        slow = await _ask(store, [question for question in asked if question.rolled], times)
        await index(store, indexes, table)
        await _ask(store, [question for question in asked if not question.rolled], times)
        return slow
    finally:
        await store.close()
        server.stop()


async def _sizes(store: Store, table: Table) -> None:
    async with store.connection() as db:
        for row in await many(db, Q.sizes, dict[str, str | int]):
            table.row(f"size of {row['name']}", f"{int(row['bytes']) / 2**20:,.0f} MiB")
        for name, count in ((await one(db, Q.counted, dict[str, int])) or {}).items():
            table.row(f"rows of the roll-up {name}", f"{count:,}")


async def _ask(store: Store, asked: list[Question], times: int) -> list[str]:
    table, slow = Table(f"Questions, each asked {times} times, about 30 days"), []
    async with store.connection() as db:
        for question in asked:
            async with explaining(db) as plans:
                await question.ask(db)
            taken, used = [], _cpu_s(db)
            for _ in range(times):
                began = time.perf_counter()
                await question.ask(db)
                taken.append(time.perf_counter() - began)
            each_ms = (_cpu_s(db) - used) / times * 1e3
            name = question.name + ("" if question.rolled else " (rows)")
            table.row(name, f"{spread_ms(taken)}, {each_ms:.0f} ms of processor")
            for plan in plans:
                print(f"{'':12}{plan}", flush=True)
            if question.rolled and each_ms > LIMIT_S * 1e3:
                slow.append(question.name)
    return slow


def _cpu_s(db: Connection) -> float:
    """Return the processor time of this process and of Postgres' for the connection: others may be busy."""
    return time.process_time() + cpu_s(db.info.backend_pid)


if __name__ == "__main__":
    main()
