"""What budgets' windows were charged, as the worker writes it."""

from __future__ import annotations

import asyncio
import random
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from nats.errors import NoRespondersError
from redis.asyncio import Redis as AsyncRedis

from tianji.bus.subjects import SEED_LIMITS, spend_closed_subject
from tianji.domain.events import Charge, ProcessClosed
from tianji.limits import keys
from tianji.limits.seeding import Counter, ProcessSum, SeedAnswer, SeedRequest
from tianji_worker.runtime import Runtime, running
from tianji_worker.settings import WorkerSettings


def worker(books, **more: str) -> AbstractAsyncContextManager[Runtime]:
    urls = {"database_url": books.database_url, "nats_url": books.nats_url} | more
    return running(WorkerSettings(drain_seconds=5, **urls))


async def until(books, query: str) -> None:
    async with asyncio.timeout(30):
        while not (await books.ask(query))[0][0]:  # noqa: ASYNC110  Postgres does not tell
            await asyncio.sleep(0.02)


async def until_folded(books, count: int) -> None:
    await until(books, f"SELECT count(folded_at) = {count} FROM closed_processes")  # noqa: S608


async def ask(books, request: SeedRequest) -> SeedAnswer:
    """Ask until the worker has subscribed."""
    async with asyncio.timeout(30):
        while True:
            try:
                answer = await books.bus.nc.request(SEED_LIMITS, msgspec.json.encode(request), timeout=5)
            except NoRespondersError:
                await asyncio.sleep(0.02)
            else:
                return msgspec.json.decode(answer.data, type=SeedAnswer)


async def close(books, process: str) -> None:
    told = msgspec.json.encode(ProcessClosed(gateway_id=process))
    await books.bus.js.publish(spend_closed_subject(process), told)


async def windows(books) -> dict[tuple[str, str, str], tuple[int, int]]:
    found = await books.ask("SELECT bound, window_id, process, spent_nano, requests FROM spend_windows")
    return {(bound, window, process): (int(spent), calls) for bound, window, process, spent, calls in found}


async def test_every_window_is_charged_what_its_new_calls_cost_rounded_up_call_by_call(books, event):
    team, day = Charge("team:t", "all"), Charge("key:k@1d", "1d:20617")
    events = [
        event(cost_usd="0.0000000011", charges=[team, day]),
        event(cost_usd="0.0000000011", charges=[team]),
        event(cost_usd="0.5", charges=[day], gateway_id="g2"),
        event(cost_usd="7"),
    ]
    sent = events * 3
    random.Random(5).shuffle(sent)
    async with worker(books), worker(books):
        await books.publish(*sent)
        await books.until_settled()

    assert await windows(books) == {
        ("team:t", "all", "g1"): (4, 2),
        ("key:k@1d", "1d:20617", "g1"): (2, 1),
        ("key:k@1d", "1d:20617", "g2"): (500_000_000, 1),
    }
    found = await books.ask("SELECT charged_bounds, charged_windows FROM spend_logs WHERE cost_usd = 0.5")
    assert found == [(["key:k@1d"], ["1d:20617"])]


async def test_an_interrupted_call_charges_its_estimate(books, event):
    charges = [Charge("user:u", "all")]
    async with worker(books):
        await books.publish(event(status="interrupted", cost_usd="0.25", charges=charges))
        await books.until_settled()

    assert await windows(books) == {("user:u", "all", "g1"): (250_000_000, 1)}


async def test_what_a_closed_process_was_charged_is_held_by_nobody(books, event):
    charges = [Charge("team:t", "all")]
    late = event(cost_usd="0.1", charges=charges)
    async with worker(books):
        for process in ("g1", "g2", "g3"):
            await books.publish(event(cost_usd="1", charges=charges, gateway_id=process))
        await close(books, "g1")
        await close(books, "g2")
        await until_folded(books, 2)
        await close(books, "g1")
        await books.publish(late, late)
        await books.until_settled()

    assert await windows(books) == {
        ("team:t", "all", ""): (2_100_000_000, 3),
        ("team:t", "all", "g3"): (1_000_000_000, 1),
    }
    assert await books.rows() == (4, Decimal("3.1"))


async def test_redis_has_what_the_ledger_has_when_a_process_has_ended(books, event, own_valkey):
    url = own_valkey.start()
    charges, key = [Charge("team:t", "all")], keys.budget("team:t", "all")
    async with AsyncRedis.from_url(url, decode_responses=True) as redis, worker(books, redis_url=url):
        # What gateways have told: one took more than it spent and died, one lives.
        told = {"p:g1": 900, "s:g1": 300, "p:g2": 50, "s:g2": 50, "sum": 950, "settled": 350}
        await redis.hset(key, mapping=told)
        await books.publish(event(cost_usd="0.0000006", charges=charges))
        await close(books, "g1")
        await until_folded(books, 1)
        assert await redis.hgetall(key) == {
            "p:g2": "50", "s:g2": "50", "p:": "600", "s:": "600", "sum": "650", "settled": "650"
        }  # fmt: skip

        await asyncio.to_thread(own_valkey.stop)
        await books.publish(event(cost_usd="0.0000001", charges=charges))
        await books.until_settled()
        await asyncio.to_thread(own_valkey.start)
        async with AsyncRedis.from_url(url, decode_responses=True) as again:
            await again.hset(key, mapping={"p:": 600, "s:": 600, "sum": 600, "settled": 600})
            await until(books, "SELECT bool_and(told) FROM spend_windows")
            assert (await again.hgetall(key))["sum"] == "700"


async def test_a_gateway_that_asks_for_a_counter_gets_the_ledgers_sums(books, event, redis_url):
    asked = SeedRequest([Counter("team:t", "all"), Counter("key:k", "1d:x", ends=4e9)])
    async with AsyncRedis.from_url(redis_url, decode_responses=True) as redis:
        await redis.flushall()
        async with worker(books, redis_url=redis_url):
            await books.publish(
                event(cost_usd="0.0000006", charges=[Charge("team:t", "all"), Charge("other", "all")]),
                event(cost_usd="0.0000002", charges=[Charge("team:t", "all")], gateway_id="g2"),
            )
            await books.until_settled()
            early = await ask(books, asked)
            await redis.set(keys.EPOCH, "1:a:b")
            answer = await ask(books, asked)

        assert (early.written, answer.written) == (False, True)
        assert sorted(answer.sums, key=lambda one: one.process) == [
            ProcessSum("team:t", "all", "g1", 600),
            ProcessSum("team:t", "all", "g2", 200),
        ]
        counted = await redis.hgetall(keys.budget("team:t", "all"))
        assert (counted["p:g1"], counted["s:g2"], counted["sum"]) == ("600", "200", "800")
        assert (await redis.hgetall(keys.budget("key:k", "1d:x")))["sum"] == "0"


async def test_without_redis_a_worker_only_tells(books, event):
    async with worker(books):
        await books.publish(event(cost_usd="0.0000006", charges=[Charge("team:t", "all")]))
        await books.until_settled()
        answer = await ask(books, SeedRequest([Counter("team:t", "all")]))

    assert answer == SeedAnswer([ProcessSum("team:t", "all", "g1", 600)])


async def test_what_is_no_end_of_a_process_is_set_aside(books):
    async with worker(books):
        await books.bus.js.publish(spend_closed_subject("g1"), b'{"type":"closed","gateway_id":""}')
        await books.bus.js.publish(spend_closed_subject("g1"), b"over")
        await books.until_settled()

    assert [data for data, _ in await books.dead_letters()] == [b'{"type":"closed","gateway_id":""}', b"over"]


async def test_a_customer_is_known_to_have_spent_before_there_was_a_budget(books, event):
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day = f"1d:{today:%Y%m%dT%H%M%SZ}"
    async with worker(books):
        await books.publish(
            event(cost_usd="0.5", end_user="c:1", charges=[Charge("customer:c:1", "all")]),
            event(cost_usd="0.25", end_user="c:1"),
            event(cost_usd="0.125", end_user="another"),
        )
        await books.until_settled()
        asked = [Counter("customer:c:1", window) for window in ("all", day, "1:all")]
        first = await ask(books, SeedRequest(asked))
        again = await ask(books, SeedRequest(asked))

    sums: dict[str, int] = {}
    for one in again.sums:
        sums[one.window] = sums.get(one.window, 0) + one.spent_nano
    assert sums == {"all": 750_000_000, day: 750_000_000}
    assert {(one.window, one.process, one.spent_nano) for one in first.sums} == {
        (one.window, one.process, one.spent_nano) for one in again.sums
    }
