"""The ledger on real Postgres and NATS."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AbstractAsyncContextManager
from datetime import date
from uuid import UUID

import msgspec
import psycopg

from tianji.bus.subjects import SPEND_STREAM
from tianji.domain.events import Bodies
from tianji.embedded import Nats, Postgres
from tianji.store import migrate
from tianji_worker.runtime import Runtime, running
from tianji_worker.settings import WorkerSettings


def worker(books) -> AbstractAsyncContextManager[Runtime]:
    return running(WorkerSettings(database_url=books.database_url, nats_url=books.nats_url, drain_seconds=5))


def id_at(day: str, number: int) -> str:
    milliseconds = int(time.mktime(date.fromisoformat(day).timetuple())) * 1000 + 43_200_000
    return str(UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | number))


async def test_a_spend_event_is_a_row_within_a_second(books, event):
    async with worker(books):
        await books.publish(event(1))
        await books.until_rows(1)
        began = time.monotonic()
        await books.publish(event(2))
        await books.until_rows(2)

        assert time.monotonic() - began < 1


async def test_every_event_is_one_row_however_often_and_in_what_order_it_comes(books, event):
    events = [event(number) for number in range(5000)]
    sent = events + random.Random(7).sample(events, 1500)
    random.Random(8).shuffle(sent)
    half = len(sent) // 2
    await books.publish(*sent[:half])

    async with worker(books), worker(books):
        await books.publish(*sent[half:])
        await books.until_rows(5000)
        await books.until_settled()

    await books.assert_sums_agree(events)
    assert (await books.bus.js.stream_info(SPEND_STREAM)).state.messages == 0


async def test_one_message_may_hold_many_events_and_poison_between_them(books, event):
    events = [event(number) for number in range(300)]
    lines = [msgspec.json.encode(one) for one in events]
    poison = [b"not JSON", b"", msgspec.json.encode(event(1, version=99))]
    mixed = b"\n".join([*lines[:100], poison[0], *lines[100:200], *poison[1:], *lines[200:]])

    async with worker(books):
        await books.publish(b"\n".join(lines[:150]), mixed)
        await books.until_rows(300)
        await books.until_settled()

    await books.assert_sums_agree(events)
    assert sorted(data for data, _ in await books.dead_letters()) == sorted(poison)


async def test_events_of_any_day_find_their_partition(books, event):
    days = ["2020-02-29", "2024-12-31", "2025-06-01"]
    events = [event(n, id=id_at(day, n)) for n, day in enumerate(days)] + [event(9)]
    async with worker(books):
        await books.publish(*events, *events)
        await books.until_settled()

    await books.assert_sums_agree(events)
    assert [str(row[0]) for row in await books.ask("SELECT day FROM spend_logs ORDER BY day LIMIT 3")] == days


async def test_poison_is_set_aside_with_its_reason_and_stops_nothing(books, event):
    good = [event(number) for number in range(50)]
    poison = {
        b"not json": "not a spend event",
        b'{"type":"ended","id":"x","started_at":1,"ended_at":2}': "not a UUID",
        msgspec.json.encode(event(id="6f2f7a0e-0000-4000-8000-000000000000")): "not a UUIDv7",
        msgspec.json.encode(event(id=id_at("2019-12-30", 1))): "out of range",
        msgspec.json.encode(event(cost_usd="NaN")): "out of range",
        msgspec.json.encode(event(cost_usd="-1")): "out of range",
        msgspec.json.encode(event(cost_usd="a lot")): "not an amount",
        msgspec.json.encode(event(version=99)): "newer",
        msgspec.json.encode(event(ended_at=1e300)): "out of range",
        msgspec.json.encode(event(http_status=2**40)): "Postgres",
    }
    async with worker(books):
        await books.publish(*good[:25], *poison, *good[25:])
        await books.until_settled()

    await books.assert_sums_agree(good)
    found = dict(await books.dead_letters())
    assert found.keys() == poison.keys()
    for data, reason in found.items():
        assert poison[data] in reason


async def test_text_that_postgres_does_not_take_is_cleaned(books, event):
    async with worker(books):
        await books.publish(
            event(end_user="a\x00b", metadata={"k\x00": ["\x00v", "\\u0000"]}, tags=["t\x00"])
        )
        await books.until_settled()

    assert await books.ask("SELECT end_user, metadata, tags FROM spend_logs") == [
        ("ab", {"k": ["v", "\\u0000"]}, ["t"])
    ]


async def test_all_that_an_event_says_is_kept(books, event):
    async with worker(books):
        await books.publish(
            event(
                status="failure",
                http_status=429,
                error_type="rate_limit_error",
                cost_usd="0.000000000001234567890",
                cost_parts={"input": "0.1"},
                metadata={"who": {"deep": [1, None]}},
                first_token_at=time.time(),
                client_ip="::1",
            )
        )
        await books.until_settled()

    found = await books.ask(
        "SELECT status, http_status, error_type, cost_usd::text, cost_parts, metadata, client_ip "
        "FROM spend_logs"
    )
    assert found == [
        (
            *("failure", 429, "rate_limit_error", "0.000000000001234567890"),
            *({"input": "0.1"}, {"who": {"deep": [1, None]}}, "::1"),
        )
    ]
    assert await books.ask(
        "SELECT successful_requests, failed_requests FROM spend_daily WHERE scope = 'total'"
    ) == [(0, 1)]


async def test_what_was_said_is_kept_beside_the_row_without_secrets(books, event):
    kept = Bodies('[{"role":"user","content":"my key is sk-abcdef123456"}]', '{"choices":[]}')
    async with worker(books):
        one = event(bodies=kept)
        await books.publish(one, one, event(), event(bodies=Bodies("a", "b", cut=True)))
        await books.until_settled()

    found = await books.ask(
        "SELECT asked, answered, cut FROM spend_bodies JOIN spend_logs USING (day, id) ORDER BY cut"
    )
    assert found == [
        ('[{"role":"user","content":"my key is sk-***"}]', '{"choices":[]}', False),
        ("a", "b", True),
    ]


async def test_a_partition_that_was_dropped_is_made_again(books, event):
    async with worker(books):
        await books.publish(event(1))
        await books.until_settled()
        partition = (await books.ask("SELECT tableoid::regclass::text FROM spend_logs"))[0][0]
        await books.db.execute(f"DROP TABLE {partition}")
        await books.publish(event(2))
        await books.until_rows(1)


async def test_the_worker_waits_for_postgres_and_for_its_schema(books, event, own_postgres: Postgres):
    books.database_url = own_postgres.start()
    own_postgres.stop()
    async with worker(books) as runtime:
        await books.publish(event(1))
        assert "postgres" in await runtime.faults()
        own_postgres.start()
        await asyncio.to_thread(migrate.up, books.database_url)
        await books.until_settled()
        assert await runtime.faults() == {}

    with psycopg.connect(books.database_url) as db:
        assert db.execute("SELECT count(*) FROM spend_logs").fetchone() == (1,)


async def test_events_wait_while_postgres_is_away(books, event, own_postgres: Postgres):
    books.database_url = own_postgres.start()
    await asyncio.to_thread(migrate.up, books.database_url)
    events = [event(number) for number in range(200)]
    async with worker(books):
        await books.publish(*events[:100])
        await books.until_settled()
        own_postgres.stop()
        await books.publish(*events[100:])
        own_postgres.start()
        await books.until_settled()

    async with await psycopg.AsyncConnection.connect(books.database_url) as db:
        books.db = db
        await books.assert_sums_agree(events)


async def test_the_worker_waits_for_nats_and_takes_up_again_after_its_restart(books, event, own_nats: Nats):
    await asyncio.to_thread(own_nats.stop)
    events = [event(number) for number in range(40)]
    async with worker(books) as runtime:
        assert "nats" in await runtime.faults()
        for half in (events[:20], events[20:]):
            await asyncio.to_thread(own_nats.start)
            assert await books.bus.wait_connected(30)
            await books.publish(*half)
            await books.until_rows((await books.rows())[0] + len(half))
            await asyncio.to_thread(own_nats.stop)

    await books.assert_sums_agree(events)


async def test_no_index_grows_when_a_sum_changes(books):
    query = """
        SELECT DISTINCT tables.relname, attname
        FROM pg_index
        JOIN pg_depend ON objid = indexrelid AND refobjid = indrelid AND refobjsubid > 0
        JOIN pg_attribute ON attrelid = indrelid AND attnum = refobjsubid
        JOIN pg_class AS tables ON tables.oid = indrelid
        WHERE tables.relname IN
            ('spend_totals', 'spend_daily', 'spend_days', 'spend_cells', 'spend_failures', 'spend_windows')
          AND attname IN ('spend_usd', 'requests', 'failed_requests', 'spent_nano', 'updated_at')
    """
    assert await books.ask(query) == []
