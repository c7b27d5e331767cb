"""Events, clocks and operators that do the ledger harm: nothing is lost or doubled, or stops others."""

from __future__ import annotations

import asyncio
import random
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
import uuid_utils
from psycopg.types.json import Jsonb
from redis.asyncio import Redis as AsyncRedis

from tianji.bus.subjects import (
    DEAD_LETTER_ANEW,
    LEDGER_CONSUMER,
    SPEND_STREAM,
    spend_closed_subject,
    spend_subject,
)
from tianji.domain.events import Bodies, Charge, ProcessClosed
from tianji.errors import Unavailable
from tianji.limits import keys
from tianji.limits.ledger_side import LedgerSide
from tianji.limits.seeding import Counter
from tianji.store.pool import Store
from tianji.wire.neutral import Usage
from tianji_worker.ledger import consume
from tianji_worker.ledger.consume import Consumer
from tianji_worker.ledger.endings import Endings
from tianji_worker.ledger.write import Ledger
from tianji_worker.runtime import Runtime, running
from tianji_worker.settings import WorkerSettings


def worker(books) -> AbstractAsyncContextManager[Runtime]:
    return running(WorkerSettings(database_url=books.database_url, nats_url=books.nats_url, drain_seconds=5))


def noise(length: int, alphabet: str = "abcdefghijklmnopqrstuvwxyz0123456789") -> str:
    """Return a text that does not get shorter by compression."""
    return "".join(random.Random(length).choices(alphabet, k=length))


def id_of(age: timedelta) -> str:
    return str(uuid_utils.uuid7(nanoseconds=int((datetime.now(UTC) - age).timestamp() * 1e9)))


async def test_no_name_keeps_a_call_out_of_the_books(books, event):
    long, wide = noise(9000), noise(2000, "äöü漢字仮名🙂")
    names = {"model": long, "model_group": wide, "upstream_model": long, "api_base": long, "error_type": long}
    events = [
        event(1, **names, status="failure", cost_usd="1"),
        event(2, **(names | {"model": long[:-1]}), status="failure", cost_usd="1"),
        event(3, end_user=wide, session_id=long, response_id=long, tags=[long, wide, "a"], cost_usd="1"),
        event(6, team_id=long, user_id=wide, cost_usd="1"),
        event(5, metadata={"n": [10**200, 1e308], "deep": "x"}, cost_usd="1"),
    ]
    async with worker(books):
        await books.publish(*events, *events)
        await books.until_settled()

    assert await books.dead_letters() == []
    await books.assert_sums_agree(events)
    models = await books.ask("SELECT DISTINCT model FROM spend_logs WHERE status = 'failure'")
    assert len(models) == 2, "names that differ at their end stay two"
    assert await books.ask("SELECT count(DISTINCT scope_id) FROM spend_totals WHERE scope = 'tag'") == [(3,)]


async def test_no_figure_spoils_the_sums_of_others(books, event):
    most = 2**63 - 1
    wild = [
        event(1, usage=Usage(input_tokens=most)),
        event(1, usage=Usage(output_tokens=-1)),
        event(1, usage=Usage(cache_read_tokens=10**13)),
        event(1, attempts=2**31),
    ]
    good = [event(number) for number in range(10)]
    centuries = event(3, started_at=0.0)
    async with worker(books):
        await books.publish(*wild, *good, centuries)
        await books.until_settled()

    await books.assert_sums_agree([*good, centuries])
    assert {data for data, _ in await books.dead_letters()} == {msgspec.json.encode(one) for one in wild}
    ((longest,),) = await books.ask("SELECT max(duration_ms) FROM spend_daily WHERE scope = 'total'")
    assert longest < 2 * 86_400_000


async def test_a_window_that_holds_more_than_a_number_is_told_as_full(books, event):
    charges = [Charge("team:t", "all")]
    async with worker(books) as runtime:
        await books.publish(*(event(1, cost_usd="1e9", charges=charges) for _ in range(10)))
        await books.until_rows(10)
        (told,) = (await runtime.seeds.answer([Counter("team:t", "all")])).sums

    assert told.spent_nano == 4 * 10**18


async def test_a_batch_that_postgres_holds_up_is_not_given_to_others(books, event, monkeypatch):
    monkeypatch.setattr(consume, "HOLD_S", 0.2)
    patience_s = 1.0
    told = (await books.bus.js.consumer_info(SPEND_STREAM, LEDGER_CONSUMER)).config
    await books.bus.js.add_consumer(SPEND_STREAM, told.evolve(ack_wait=patience_s))
    events = [event(number) for number in range(40)]
    async with worker(books), worker(books):
        async with books.db.transaction():
            await books.db.execute("LOCK TABLE spend_totals")
            await books.publish(*events)
            await asyncio.sleep(3 * patience_s)
        await books.until_settled()
        state = await books.bus.js.consumer_info(SPEND_STREAM, LEDGER_CONSUMER)

    assert state.delivered.consumer_seq == len(events), "each came once"
    await books.assert_sums_agree(events)


async def test_a_partition_that_was_detached_is_taken_back_with_what_it_knows(books, event):
    events = [event(number) for number in range(20)]
    async with worker(books):
        await books.publish(*events[:10])
        await books.until_settled()
        day = f"{datetime.now(UTC):%Y%m%d}"
        await books.db.execute(f"ALTER TABLE spend_logs DETACH PARTITION spend_logs_{day}")  # type: ignore[arg-type]
        await books.publish(*events)
        await books.until_settled()

    await books.assert_sums_agree(events)


async def test_what_comes_again_after_its_day_was_dropped_is_not_counted_twice(books, event):
    old, new = timedelta(days=10), timedelta(days=11)
    known = event(1, id=id_of(old), cost_usd="1", bodies=Bodies("q", "a"))
    late = event(1, id=id_of(old), cost_usd="0.5")
    never_seen = event(1, id=id_of(new), cost_usd="0.25")
    general = Jsonb({"maximum_spend_logs_retention_period": "2d"})
    async with worker(books) as runtime:
        await books.publish(known)
        await books.until_settled()
        await books.db.execute("INSERT INTO settings (id, general) VALUES ('global', %s)", [general])
        await runtime.retention.look(datetime.now(UTC).date())
        assert (await books.rows())[0] == 0

        # In one message: what is late stops nothing beside it. A day that was never dropped is open.
        today = event(1, cost_usd="0.125")
        await books.publish(b"\n".join(map(msgspec.json.encode, [known, late, never_seen, today])))
        await books.until_settled()
        assert await books.rows() == (2, Decimal("0.375"))
        letters = await books.dead_letters()
        assert [msgspec.json.decode(data)["id"] for data, _ in letters] == [known.id, late.id]
        assert all("its day were dropped" in reason for _, reason in letters)

        for _ in range(2):
            await books.bus.js.publish(
                spend_subject("g1"), msgspec.json.encode(late), headers={DEAD_LETTER_ANEW: "1"}
            )
        await books.publish(known)
        await books.until_settled()

    sums = await books.ask("SELECT spend_usd, requests FROM spend_totals WHERE scope = 'total'")
    assert sums == [(Decimal("1.875"), 4)]


async def test_a_clock_that_is_wrong_drops_nothing(books, event):
    general = Jsonb({"maximum_spend_logs_retention_period": "2d"})
    async with worker(books) as runtime:
        await books.publish(event(1, id=id_of(timedelta(days=1))), event(2))
        await books.until_settled()
        await books.db.execute("INSERT INTO settings (id, general) VALUES ('global', %s)", [general])
        await books.db.execute(  # an operator's own: no name of ours
            "CREATE TABLE spend_logs_archive PARTITION OF spend_logs"
            " FOR VALUES FROM ('2001-01-01') TO ('2002-01-01')"
        )
        await runtime.retention.look(datetime.now(UTC).date() + timedelta(days=400))

    assert (await books.rows())[0] == 2
    assert await books.ask("SELECT to_regclass('spend_logs_archive') IS NOT NULL") == [(True,)]


async def test_poison_as_large_as_a_message_may_be_is_set_aside(books, event):
    huge = b"x" * (books.bus.nc.max_payload - 100)
    async with worker(books):
        await books.publish(huge, event(1))
        await books.until_rows(1)
        await books.until_settled()

    ((data, reason),) = await books.dead_letters()
    assert huge.startswith(data)
    assert len(data) > len(huge) - 2000
    assert "not a spend event" in reason


async def test_a_batch_that_takes_too_long_is_written_in_parts(books, event):
    await books.db.execute(
        "CREATE FUNCTION crawl() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(0.02); RETURN NEW; END $$;"
        "CREATE TRIGGER crawl BEFORE INSERT ON spend_totals FOR EACH ROW EXECUTE FUNCTION crawl()"
    )
    events = [event(number, key_hash=f"k{number}") for number in range(100)]
    store = Store(books.database_url, statement_timeout_s=1)
    await store.open()
    consuming = asyncio.create_task(Consumer(books.bus, Ledger(store)).run())
    await books.publish(b"\n".join(map(msgspec.json.encode, events)))
    await books.until_rows(100)
    await books.until_settled()
    consuming.cancel()
    await asyncio.wait([consuming])
    await store.close()

    await books.assert_sums_agree(events)


class Killed(LedgerSide):
    """A worker that dies when Redis has its word, and before Postgres has it."""

    async def fold(self, process, totals) -> None:  # type: ignore[no-untyped-def]
        await super().fold(process, totals)
        raise Unavailable("killed")


async def test_a_worker_killed_between_redis_and_its_commit_folds_once(books, event, redis_url):
    charges, key = [Charge("team:t", "all")], keys.budget("team:t", "all")
    processes = ("g1", "g2")
    store = Store(books.database_url)
    await store.open()
    async with AsyncRedis.from_url(redis_url, decode_responses=True) as redis:
        await redis.flushall()
        told = {"p:g1": 900, "s:g1": 300, "p:g2": 50, "s:g2": 50, "sum": 950, "settled": 350}
        await redis.hset(key, mapping=told)
        async with worker(books):  # one without Redis would fold by itself: no process has closed yet
            await books.publish(
                *(
                    event(1, gateway_id=process, cost_usd="0.0000006", charges=charges)
                    for process in processes
                )
            )
            await books.until_settled()
        for process in processes:
            await books.db.execute("INSERT INTO closed_processes (process) VALUES (%s)", [process])
        killed, next_one = Killed(redis_url), LedgerSide(redis_url)
        for _ in range(2):
            with pytest.raises(Unavailable, match="killed"):
                await Endings(store, killed).fold_all()
        assert await books.ask("SELECT count(*) FROM closed_processes WHERE folded_at IS NULL") == [(2,)]

        await asyncio.gather(*(Endings(store, next_one).fold_all() for _ in range(2)))

        assert await redis.hgetall(key) == {"p:": "1200", "s:": "1200", "sum": "1200", "settled": "1200"}
        found = await books.ask("SELECT process, spent_nano::bigint, requests FROM spend_windows")
        assert found == [("", 1200, 2)]
        await killed.close()
        await next_one.close()
    await store.close()


async def test_two_workers_that_get_everything_twice_fold_and_count_once(books, event):
    charges = [Charge("team:t", "all")]
    events = [event(n, gateway_id=f"g{n % 3}", cost_usd="0.000001", charges=charges) for n in range(600)]
    closings = [msgspec.json.encode(ProcessClosed(gateway_id=f"g{n}")) for n in range(3)]
    sent = events * 2
    random.Random(3).shuffle(sent)
    async with worker(books), worker(books):
        for start in range(0, len(sent), 300):
            await books.publish(*sent[start : start + 300])
            for number, closing in enumerate(closings):
                await books.bus.js.publish(spend_closed_subject(f"g{number}"), closing)
        await books.until_rows(600)
        await books.until_settled()
        async with asyncio.timeout(20):
            while await books.ask(  # noqa: ASYNC110  Postgres does not tell
                "SELECT FROM spend_windows WHERE process <> '' OR NOT told"
            ):
                await asyncio.sleep(0.05)

    await books.assert_sums_agree(events)
    assert await books.ask("SELECT spent_nano::bigint, requests FROM spend_windows") == [(600_000, 600)]
