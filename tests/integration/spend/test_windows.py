"""What budgets' windows were charged, as the worker writes it."""

from __future__ import annotations

import random
from contextlib import AbstractAsyncContextManager
from decimal import Decimal

import msgspec

from tianji.bus.subjects import spend_closed_subject
from tianji.domain.events import Charge, ProcessClosed
from tianji_worker.runtime import Runtime, running
from tianji_worker.settings import WorkerSettings


def worker(books) -> AbstractAsyncContextManager[Runtime]:
    return running(WorkerSettings(database_url=books.database_url, nats_url=books.nats_url, drain_seconds=5))


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
        await books.until_settled()
        await close(books, "g2")
        await close(books, "g1")
        await books.publish(late, late)
        await books.until_settled()

    assert await windows(books) == {
        ("team:t", "all", ""): (2_100_000_000, 3),
        ("team:t", "all", "g3"): (1_000_000_000, 1),
    }
    assert await books.ask("SELECT told FROM spend_windows ORDER BY process") == [(False,), (True,)]
    assert await books.rows() == (4, Decimal("3.1"))


async def test_what_is_no_end_of_a_process_is_set_aside(books):
    async with worker(books):
        await books.bus.js.publish(spend_closed_subject("g1"), b'{"type":"closed","gateway_id":""}')
        await books.bus.js.publish(spend_closed_subject("g1"), b"over")
        await books.until_settled()

    assert [data for data, _ in await books.dead_letters()] == [b'{"type":"closed","gateway_id":""}', b"over"]
