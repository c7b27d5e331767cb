"""Sums that are not those of their rows: found, each kind of them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, LiteralString

import msgspec
import pytest
import pytest_asyncio
import uuid_utils

from tianji.domain.events import Charge, SpendEvent
from tianji.limits.windows import rule, window
from tianji_worker.ledger.rows import row_of
from tianji_worker.ledger.write import Ledger

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR = window(rule("1h"), time.time()).id


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def books(control: Any) -> Any:
    """Return a control plane whose ledger has rows of today, and a budget that was set late."""
    now = time.time()
    events = [
        SpendEvent(
            id=str(uuid_utils.uuid7()),
            gateway_id=f"g{number % 2}",
            started_at=now,
            ended_at=now,
            key_hash=f"k{number % 3}",
            team_id="t",
            user_id="u",
            tags=["a", "b"][: number % 3],
            organization_id="o",
            status="failure" if number in (3, 4) else "success",
            model="gpt",
            provider="openai",
            cost_usd=f"0.000000{number}1",
            charges=[Charge("team:t", "all"), Charge("key:k0@1h", HOUR)],
        )
        for number in range(9)
    ]
    today = datetime.fromtimestamp(now, UTC).date()
    await Ledger(control.runtime.store).write([row_of(msgspec.json.encode(one), today) for one in events])
    await control.post("/user/new", {"user_id": "u", "max_budget": 1, "auto_create_key": False})
    return control


async def wrong(control: Any) -> list[tuple[str, str]]:
    found = (await control.get("/spend/reconcile?since=2h")).json()
    return [(one["scope"], one["id"]) for one in found["sums"]]


async def plain_columns(db: Any, table: str) -> str:
    """Return the columns that are not made of others."""
    query = (
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attgenerated = ''"
    )
    return ", ".join(name for (name,) in await (await db.execute(query, [table])).fetchall())


async def test_what_the_worker_wrote_agrees(books: Any) -> None:
    assert await wrong(books) == []


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        ("UPDATE spend_daily SET requests = requests + 1 WHERE scope = 'key' AND scope_id = 'k1'",
         [("key", "k1"), ("key", "k1")]),
        ("UPDATE spend_totals SET spend_usd = 9 WHERE scope = 'tag' AND scope_id = 'a'", [("tag", "a")]),
        ("DELETE FROM spend_cells WHERE key_hash = 'k2'", [("cells", "k2"), ("organization_member", "o:u")]),
        ("UPDATE spend_cells SET key_hash = 'k9' WHERE key_hash = 'k2'", [("cells", "k2"), ("cells", "k9")]),
        ("UPDATE spend_days SET spend_usd = 0 WHERE scope_id IN ('k1', 'a')",
         [("spend_days key", "k1"), ("spend_days tag", "a")]),
        ("DELETE FROM spend_failures", [("failures", "k0"), ("failures", "k1")]),
        ("UPDATE spend_totals SET requests = 0 WHERE scope IN ('model', 'provider', 'organization_member')",
         [("model", "gpt"), ("organization_member", "o:u"), ("provider", "openai")]),
        ("UPDATE spend_windows SET spent_nano = spent_nano - 1 WHERE bound = 'team:t' AND process = 'g0'",
         [("window", "team:t all")]),
        ("DELETE FROM spend_windows WHERE bound = 'key:k0@1h'", [("window", f"key:k0@1h {HOUR}")]),
        ("INSERT INTO spend_windows (bound, window_id, process, spent_nano) VALUES ('team:x', 'all', 'g', 5)",
         [("window", "team:x all")]),
    ],
)  # fmt: skip
async def test_a_sum_that_was_changed_is_found(
    books: Any, harm: LiteralString, found: list[tuple[str, str]]
) -> None:
    tables = ("spend_daily", "spend_totals", "spend_cells", "spend_days", "spend_failures", "spend_windows")
    async with books.runtime.store.connection() as db:
        columns = {table: await plain_columns(db, table) for table in tables}
        for table in tables:
            await db.execute(f"CREATE TEMPORARY TABLE kept_{table} AS SELECT {columns[table]} FROM {table}")  # noqa: S608
        await db.execute(harm)
        try:
            assert await wrong(books) == found
        finally:
            for table in tables:
                await db.execute(f"TRUNCATE {table}")
                await db.execute(f"INSERT INTO {table} ({columns[table]}) SELECT * FROM kept_{table}")  # noqa: S608
                await db.execute(f"DROP TABLE kept_{table}")
    assert await wrong(books) == []
