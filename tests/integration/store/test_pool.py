"""The pool on a real Postgres."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from msgspec import Struct

from tianji.embedded import Postgres
from tianji.errors import Unavailable
from tianji.store.pool import Store
from tianji.store.queries import Queries, Query
from tianji.store.rows import many, one, run, value
from tianji_testkit import processes


class Row(Struct, frozen=True):
    id: int
    price: Decimal
    tags: list[str]
    data: dict[str, int]


@pytest.fixture
def queries(tmp_path: Path) -> Queries:
    path = tmp_path / "queries.sql"
    path.write_text(
        "-- name: make\nCREATE TEMP TABLE things (id int, price numeric, tags text[], data jsonb);\n\n"
        "-- name: add\nINSERT INTO things VALUES (%(id)s, %(price)s, %(tags)s, %(data)s);\n\n"
        "-- name: by_id\nSELECT id, price, tags, data FROM things WHERE id = %(id)s;\n"
        "-- name: all\nSELECT id, price, tags, data FROM things ORDER BY id\n"
        "-- name: count\nSELECT count(*) FROM things;\n"
    )
    return Queries(path)


async def test_rows_come_back_as_they_went_in(postgres_url: str, queries: Queries) -> None:
    store = Store(postgres_url, size=1)
    await store.open()
    row = Row(1, Decimal("0.10"), ["a", "b,c", 'say "no"', r"back\slash", "{}", "NULL", "é\n", ""], {"x": 1})
    async with store.connection() as db:
        await run(db, queries.make)
        await run(db, queries.add, id=1, price=row.price, tags=row.tags, data=row.data)
        assert await one(db, queries.by_id, Row, id=1) == row
        assert await one(db, queries.by_id, Row, id=2) is None
        assert await many(db, queries.all, Row) == [row]
        assert await value(db, queries.count, int) == 1
    await store.close()


def test_an_unknown_query_is_named(queries: Queries) -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = queries.nonsense


async def test_an_exception_undoes_the_transaction(postgres_url: str) -> None:
    store = Store(postgres_url, size=2)
    await store.open()
    with pytest.raises(RuntimeError):
        async with store.transaction() as db:
            await db.execute("INSERT INTO settings (id) VALUES ('undone')")
            raise RuntimeError
    async with store.connection() as db:
        assert await value(db, Query("SELECT count(*) FROM settings WHERE id = 'undone'"), int) == 0
    await store.close()


async def test_a_statement_that_takes_too_long_is_ended(postgres_url: str) -> None:
    store = Store(postgres_url, size=1, statement_timeout_s=0.1)
    await store.open()
    async with store.connection() as db:
        with pytest.raises(psycopg.errors.QueryCanceled):
            await db.execute("SELECT pg_sleep(5)")
    await store.close()


async def test_waiting_for_postgres_is_said_once(
    own_postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url = own_postgres.start()
    own_postgres.stop()
    store = Store(url)
    opening = asyncio.create_task(store.open())
    await asyncio.sleep(1)
    assert not opening.done()
    await asyncio.to_thread(own_postgres.start)
    await asyncio.wait_for(opening, 30)
    said = [record.message for record in caplog.records if record.name.startswith("tianji")]
    assert said == ["waiting for Postgres", "Postgres answers"]
    assert own_postgres.secret("password") not in caplog.text
    await store.close()


async def test_each_change_of_state_is_told_in_one_line(
    own_postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store = Store(own_postgres.start(), size=1)
    await store.open()
    for number in (signal.SIGSTOP, signal.SIGKILL):
        pids = processes.tree(own_postgres.pid or 0)
        processes.send(pids, number)
        async with asyncio.timeout(30):
            while not store.away:  # noqa: ASYNC110  it has no event for that
                await asyncio.sleep(0.05)
        await asyncio.sleep(2)
        assert not await store.alive()
        if number == signal.SIGSTOP:
            processes.send(pids, signal.SIGCONT)
        else:
            await asyncio.to_thread(own_postgres.stop)
            await asyncio.to_thread(own_postgres.start)
        async with asyncio.timeout(30):
            await store.open()
    said = [record.message for record in caplog.records if record.name.startswith("tianji")]
    await store.close()
    assert said == ["waiting for Postgres", "Postgres answers"] * 2


async def test_the_pool_recovers_when_postgres_comes_back(own_postgres: Postgres) -> None:
    store = Store(own_postgres.start(), size=2)
    await store.open()
    assert await store.alive()
    own_postgres.stop()
    assert not await store.alive()
    await asyncio.to_thread(own_postgres.start)
    async with asyncio.timeout(30):
        while not await store.alive():  # noqa: ASYNC110  it has no event for that
            await asyncio.sleep(0.05)
    await store.close()


async def test_after_a_long_outage_the_pool_is_back_as_soon_as_postgres(own_postgres: Postgres) -> None:
    store = Store(own_postgres.start(), size=2)
    await store.open()
    own_postgres.stop()
    for _ in range(2):
        with pytest.raises(Unavailable):
            async with store.connection():  # waits while the pool tries
                pass
    await asyncio.to_thread(own_postgres.start)
    async with asyncio.timeout(2.5), store.connection() as db:
        assert await value(db, Query("SELECT 1"), int) == 1
    await store.close()


@pytest.fixture
async def store(own_postgres: Postgres) -> AsyncIterator[Store]:
    """Return a pool on a server of the test's own."""
    store = Store(own_postgres.start(), size=3)
    await store.open()
    yield store
    await store.close()


async def test_after_a_restart_of_postgres_no_dead_connection_is_lent(
    store: Store, own_postgres: Postgres
) -> None:
    async with store.connection(), store.connection(), store.connection():
        pass
    own_postgres.kill()
    own_postgres.stop()
    await asyncio.to_thread(own_postgres.start)

    for _ in range(3):
        async with store.connection() as db:
            assert await value(db, Query("SELECT 1"), int) == 1


@pytest.mark.parametrize("kind", ["connection", "transaction"])
async def test_a_connection_that_is_lost_in_use_is_unavailable(store: Store, kind: str) -> None:
    with pytest.raises(Unavailable):
        async with getattr(store, kind)() as db:
            await db.execute("SELECT pg_terminate_backend(pg_backend_pid())")


async def test_no_free_connection_is_unavailable(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tianji.store.pool.WAIT_FOR_CONNECTION_S", 0.2)
    store = Store(postgres_url, size=1)
    await store.open()
    async with store.connection():
        with pytest.raises(Unavailable):
            async with store.connection():
                pass
    await store.close()
