"""A key keeps what it has used, of money and of its minute, whatever value it has: on two gateways."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import redis.asyncio

from tianji.domain.keys import hash_of
from tianji_testkit.priced import PRICED_MODEL
from tianji_testkit.system import System
from tianji_testkit.upstream import FakeUpstream, Reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIG = (
    """
litellm_settings:
  num_retries: 0
"""
    + PRICED_MODEL
)
CALL = {"model": "gpt", "messages": [{"role": "user", "content": "x"}], "max_tokens": 5}
MOVES_S = 1.2
"""What one gateway holds and does not use can be had by the other after this time."""


class Place:
    """Two gateways, one after the other for each call, and the admin in front of them."""

    def __init__(self, system: System, http: aiohttp.ClientSession) -> None:
        self.system = system
        self._http = http
        self._urls = cycle(system.gateway_urls)
        self._master = system.master_key

    async def ask(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {key or self._master}"}
        url = next(self._urls) + path
        async with self._http.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def good(self, path: str, body: Any = None) -> Any:
        status, answer = await self.ask("GET" if body is None else "POST", path, body)
        assert status == 200, answer
        return answer

    async def new_key(self, **terms: Any) -> str:
        return str((await self.good("/key/generate", terms))["key"])

    async def rotated(self, key: str, **terms: Any) -> str:
        return str((await self.good("/key/regenerate", {"key": key} | terms))["key"])

    async def chat(self, key: str) -> tuple[int, Any]:
        """Make a call; a Redis that is just new is waited for."""
        async with asyncio.timeout(60):
            while True:
                status, answer = await self.ask("POST", "/v1/chat/completions", CALL, key)
                if status != 503:
                    return status, answer
                await asyncio.sleep(0.5)

    async def served(self, *keys: str) -> int:
        """Call with these keys in turn until none is let through any more; return how often one was."""
        count = missed = 0
        for key in cycle(keys):
            if missed > 2 * len(keys):
                return count
            status, answer = await self.chat(key)
            assert status in (200, 422, 429), answer
            count += status == 200
            missed = 0 if status == 200 else missed + 1
            if missed == 2:
                await asyncio.sleep(MOVES_S)
        return count

    async def shows(self, key: str, spend: float) -> None:
        """Wait until the key's figure is this one."""
        async with asyncio.timeout(30):
            while True:
                info = (await self.good(f"/key/info?key={hash_of(key)}"))["info"]
                if info["spend"] == pytest.approx(spend):
                    return
                await asyncio.sleep(0.1)

    @contextmanager
    def ledger_asleep(self) -> Iterator[None]:
        """Keep the worker from writing down what is spent."""
        [worker] = self.system.pids["worker"]
        os.kill(worker, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(worker, signal.SIGCONT)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    folder: Path = tmp_path_factory.mktemp("system")
    async with FakeUpstream() as upstream, aiohttp.ClientSession() as http:
        upstream.usual = Reply(text="one two three four five")
        with System(folder, CONFIG.format(root=upstream.root), gateways=2) as system:
            place = Place(system, http)
            assert (await place.chat(await place.new_key(max_budget=1)))[0] == 200
            yield place


@pytest.mark.parametrize("terms", [{}, {"grace_period": "1h"}])
async def test_a_minute_goes_on_where_a_key_gets_a_new_value(place: Place, terms: dict[str, str]) -> None:
    key = await place.new_key(rpm_limit=6)
    assert [(await place.chat(key))[0] for _ in range(2)] == [200, 200]
    new = await place.rotated(key, **terms)
    assert await place.served(*([key, new] if terms else [new])) == 4
    assert (await place.chat(key))[0] == (429 if terms else 401)


@pytest.mark.parametrize("terms", [{}, {"grace_period": "1h"}])
async def test_a_budget_holds_over_new_values_of_which_the_ledger_knows_nothing_yet(
    place: Place, terms: dict[str, str]
) -> None:
    with place.ledger_asleep():
        key = await place.new_key(max_budget=0.03, budget_duration="30d")
        assert [(await place.chat(key))[0] for _ in range(2)] == [200, 200]
        new = await place.rotated(key, **terms)
        assert (await place.chat(new))[0] == 200
        newest = await place.rotated(new, **terms)
        assert await place.served(*([key, new, newest] if terms else [newest])) == 3
        status, answer = await place.chat(newest)
        assert (status, answer["error"]["facts"]["id"]) == (422, hash_of(newest))
    await place.shows(newest, 0.03)
    if terms:
        await place.shows(key, 0.03)
    calls = [await place.good(f"/spend/logs?api_key={hash_of(one)}") for one in (key, new, newest)]
    paid = [sum(row["spend"] > 0 for row in rows) for rows in calls]
    assert paid == [2, 1, 3]


async def test_counters_that_redis_lost_are_told_anew_for_all_values(place: Place) -> None:
    key = await place.new_key(max_budget=0.02)
    assert (await place.chat(key))[0] == 200
    new = await place.rotated(key)
    assert (await place.chat(new))[0] == 200
    await place.shows(new, 0.01)
    async with redis.asyncio.Redis.from_url(place.system.env["REDIS_URL"]) as store:
        await store.flushall()
    assert await place.served(new) == 2
    await place.shows(new, 0.02)


async def test_a_new_key_of_the_same_name_begins_with_nothing(place: Place) -> None:
    terms = {"key_alias": "again", "max_budget": 0.01, "rpm_limit": 3}
    key = await place.rotated(await place.new_key(**terms))
    assert await place.served(key) == 2
    await place.shows(key, 0.01)
    await place.good("/key/delete", {"keys": [key]})
    assert (await place.chat(key))[0] == 401

    another = await place.new_key(**terms)
    assert (await place.good(f"/key/info?key={another}"))["info"]["spend"] == 0
    assert await place.served(another) == 2


async def test_a_reset_by_hand_is_for_all_values(place: Place) -> None:
    key = await place.new_key(max_budget=0.01)
    new = await place.rotated(key, grace_period="1h")
    assert await place.served(key, new) == 2
    await place.shows(new, 0.01)
    await place.good(f"/key/{new}/reset_spend", {"reset_to": 0})
    assert await place.served(key, new) == 2
    await place.shows(new, 0.01)
    assert (await place.ask("POST", f"/key/{key}/reset_spend", {"reset_to": 0}))[0] == 400
