"""Measures reports over a ledger of millions of synthetic calls, and shows what Postgres does for them.

PYTHONPATH=tests python -m bench.spend --rows 10000000

Each question is also put to a ledger of a quarter of the calls, of the same keys on the same days: what a
question reads must be the same in both.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
from bench.scale.figures import Table, cpu_s, spread_ms
from bench.spend.calls import calls
from bench.spend.filling import Q, World, fill, index, worlds
from bench.spend.plans import Plan, explaining, grown, of_calls, reads
from bench.spend.question import Question
from bench.spend.questions import questions
from msgspec import Struct

from tianji.embedded import Postgres
from tianji.store import migrate
from tianji.store.pool import Store
from tianji.store.rows import Connection, many, one

LIMIT_S = 0.2


def main() -> None:
    """Print figures and plans; exit 1 where a question costs too much, or more where there are more calls."""
    parser = argparse.ArgumentParser(prog="bench.spend", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--times", type=int, default=30, help="how often each question is asked")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tianji-spend-") as folder:
        server = Postgres(Path(folder) / "postgres", throwaway=True)
        url = server.start()
        try:
            wrong = asyncio.run(_run(url, worlds(options.rows, options.days), options.times))
        finally:
            server.stop()
    print("\n" + ("\n".join(wrong) or "each question is answered in time, and reads the same at either size"))
    sys.exit(1 if wrong else 0)


async def _run(url: str, sizes: tuple[World, World], times: int) -> list[str]:
    whole, quarter = sizes
    last = datetime.now(UTC).date()
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CREATE DATABASE quarter")
    few = await _asked(psycopg.conninfo.make_conninfo(url, dbname="quarter"), quarter, last, 0)
    most = await _asked(url, whole, last, times)
    table = Table(f"What is read with {whole.calls:,} calls a day, and with {quarter.calls:,}")
    more = []
    for question, plans in most.plans:
        before = few.of(question.name)
        rows, pages = zip(reads(plans), reads(before), strict=True)
        free = most.kept if question.rolled else question.counts
        strays = question.rolled and of_calls(plans)
        if strays or (not question.sorts and grown(before, plans, free)):
            more.append(question.name)
        said = f"{rows[0]:,} and {rows[1]:,} rows, {pages[0]:,} and {pages[1]:,} pages"
        table.row(question.name, said + (" (sorts them)" if question.sorts else ""))
    return [
        *(
            []
            if few.kept == most.kept
            else [f"roll-ups have {most.kept:,} rows, and {few.kept:,} of fewer calls"]
        ),
        *(f"more than {LIMIT_S * 1e3:.0f} ms of processor: {name}" for name in most.slow),
        *(f"reads more where there are more calls: {name}" for name in more),
    ]


class Found(Struct, frozen=True):
    """What came of putting all questions to a ledger."""

    kept: int
    """Rows of all roll-ups together."""
    plans: list[tuple[Question, list[Plan]]]
    slow: list[str]

    def of(self, name: str) -> list[Plan]:
        """Return the plans of a question."""
        return next(plans for question, plans in self.plans if question.name == name)


async def _asked(url: str, world: World, last: date, times: int) -> Found:
    """Fill a ledger and put all questions to it."""
    store = Store(url, statement_timeout_s=3600)
    migrate.up(url)
    await store.open()
    try:
        table = Table(f"A ledger of {world.calls * world.days:,} calls")
        indexes = await fill(store, world, last, table)
        await index(store, indexes, table)
        kept = await _sizes(store, table)
        first = last - timedelta(days=world.days - 1)
        return await _ask(store, questions(last) + calls(first, last), times, kept)
    finally:
        await store.close()


async def _sizes(store: Store, table: Table) -> int:
    """Show how large the tables are; return how many rows the roll-ups have."""
    async with store.connection() as db:
        for row in await many(db, Q.sizes, dict[str, str | int]):
            table.row(f"size of {row['name']}", f"{int(row['bytes']) / 2**20:,.0f} MiB")
        counted = (await one(db, Q.counted, dict[str, int])) or {}
        for name, count in counted.items():
            table.row(f"rows of the roll-up {name}", f"{count:,}")
    return sum(counted.values())


async def _ask(store: Store, asked: list[Question], times: int, kept: int) -> Found:
    found = Found(kept, [], [])
    table = Table(f"Questions, each asked {times} times, about 30 days") if times else None
    async with store.connection() as db:
        for question in asked:
            async with explaining(db) as plans:
                await question.ask(db)
            found.plans.append((question, plans))
            if table is None:
                continue
            each_s = await _measured(db, question, times, table)
            for plan in plans:
                print(f"{'':12}{plan}", flush=True)
            if each_s > LIMIT_S:
                found.slow.append(question.name)
    return found


async def _measured(db: Connection, question: Question, times: int, table: Table) -> float:
    """Ask a question some times; return what processor time each took."""
    taken, used = [], _cpu_s(db)
    for _ in range(times):
        began = time.perf_counter()
        await question.ask(db)
        taken.append(time.perf_counter() - began)
    each_s = (_cpu_s(db) - used) / times
    name = question.name + ("" if question.rolled else " (rows)")
    table.row(name, f"{spread_ms(taken)}, {each_s * 1e3:.0f} ms of processor")
    return each_s


def _cpu_s(db: Connection) -> float:
    """Return the processor time of this process and of Postgres' for the connection: others may be busy."""
    return time.process_time() + cpu_s(db.info.backend_pid)


if __name__ == "__main__":
    main()
