"""A stream and a ledger on real servers, fresh for each test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import uuid_utils
from psycopg import AsyncConnection

from tianji.bus.client import Bus
from tianji.bus.subjects import DEAD_LETTER_STREAM, LEDGER_CONSUMER, SPEND_STREAM, spend_subject
from tianji.domain.events import SpendEvent
from tianji.embedded import Nats
from tianji.wire.neutral import Usage
from tianji_testkit.servers import NewDatabase

PATIENCE_S = 40.0


class Books:
    """What a test sees of the stream and of the ledger."""

    def __init__(self, database_url: str, nats_url: str, bus: Bus, db: AsyncConnection[Any]) -> None:
        self.database_url = database_url
        self.nats_url = nats_url
        self.bus = bus
        self.db = db

    async def publish(self, *events: SpendEvent | bytes) -> None:
        """Put events on the stream, without message ids: here the stream is no help against doubles."""
        for start in range(0, len(events), 500):
            await asyncio.gather(*map(self._put, events[start : start + 500]))

    async def _put(self, event: SpendEvent | bytes) -> None:
        data = event if isinstance(event, bytes) else msgspec.json.encode(event)
        await self.bus.js.publish(spend_subject("g1"), data)

    async def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return await (await self.db.execute(query, values or None)).fetchall()  # type: ignore[arg-type]

    async def rows(self) -> tuple[int, Decimal]:
        """Return how many rows the ledger has and what they sum up to."""
        found = await self.ask("SELECT count(*), coalesce(sum(cost_usd), 0) FROM spend_logs")
        return found[0][0], found[0][1]

    async def until_rows(self, count: int) -> None:
        """Wait until the ledger has that many rows."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self.rows())[0] < count:  # noqa: ASYNC110  Postgres does not tell
                await asyncio.sleep(0.01)

    async def until_settled(self) -> None:
        """Wait until every event of the stream has been acknowledged."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                # Its count of what is pending may be a moment older than the last event.
                last = (await self.bus.js.stream_info(SPEND_STREAM)).state.last_seq
                state = await self.bus.js.consumer_info(SPEND_STREAM, LEDGER_CONSUMER)
                floor = state.ack_floor.stream_seq if state.ack_floor is not None else 0
                if floor >= last:
                    return
                await asyncio.sleep(0.01)

    async def dead_letters(self) -> list[tuple[bytes, str]]:
        """Return what was set aside, with the reasons."""
        state = (await self.bus.js.stream_info(DEAD_LETTER_STREAM)).state
        found = [await self.bus.js.get_msg(DEAD_LETTER_STREAM, n + 1) for n in range(state.messages)]
        return [(one.data or b"", (one.headers or {})["Tianji-Reason"]) for one in found]

    async def assert_sums_agree(self, events: Sequence[SpendEvent]) -> None:
        """Check that rows, totals and daily sums are exactly these events."""
        spent = sum((Decimal(event.cost_usd) for event in events), Decimal(0))
        assert await self.rows() == (len(events), spent)
        for table in ("spend_totals", "spend_daily"):
            for scope in ("total", "key", "team"):
                found = await self.ask(
                    f"SELECT sum(spend_usd), sum(requests), sum(output_tokens) FROM {table} WHERE scope = %s",  # noqa: S608
                    scope,
                )
                assert found == [(spent, len(events), sum(event.usage.output_tokens for event in events))]
        by_key: dict[str, Decimal] = {}
        for event in events:
            by_key[event.key_hash] = by_key.get(event.key_hash, Decimal(0)) + Decimal(event.cost_usd)
        found = await self.ask("SELECT scope_id, spend_usd FROM spend_totals WHERE scope = 'key'")
        assert dict(found) == by_key
        tagged = sum(len(event.tags) for event in events)
        found = await self.ask("SELECT coalesce(sum(requests), 0) FROM spend_totals WHERE scope = 'tag'")
        assert found == [(tagged,)]


@pytest.fixture
def event() -> Callable[..., SpendEvent]:
    """Return a function that makes spend events."""

    def make(number: int = 0, **changes: Any) -> SpendEvent:
        now = time.time()
        values: dict[str, Any] = {
            "id": str(uuid_utils.uuid7()),
            "gateway_id": "g1",
            "started_at": now - 0.5,
            "ended_at": now,
            "model": "gpt-4o",
            "model_group": "gpt-4o",
            "provider": "openai",
            "key_hash": f"key-{number % 3}",
            "team_id": f"team-{number % 2}",
            "user_id": None if number % 5 else "someone",
            "tags": ["a", "b"] if number % 4 == 0 else [],
            "usage": Usage(input_tokens=10, output_tokens=number % 7),
            "cost_usd": str(Decimal(number % 11) / Decimal(1_000_000)),
        }
        return SpendEvent(**(values | changes))

    return make


@pytest.fixture
async def books(new_database: NewDatabase, migrated_template: str, own_nats: Nats) -> AsyncIterator[Books]:
    """Return an empty ledger and an empty stream."""
    database_url, nats_url = new_database(migrated_template), own_nats.start()
    bus = await Bus.connect(nats_url, "test")
    assert await bus.wait_connected(30)
    await bus.ensure_layout()
    async with await AsyncConnection.connect(database_url, autocommit=True) as db:
        yield Books(database_url, nats_url, bus, db)
    await bus.close()
