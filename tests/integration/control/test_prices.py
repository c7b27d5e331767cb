"""The price table: shipped, loaded anew from where the operator says, published to gateways."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from tianji.pricing.catalog import shipped
from tianji.pricing.lookup import price_of
from tianji.pricing.packed import unpack
from tianji_control.resources.prices import store

pytestmark = pytest.mark.asyncio(loop_scope="module")

MAP: dict[str, Any] = {
    "sample_spec": {"mode": "chat"},
    "gpt-4o": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 7e-06},
}


class Source:
    """A web server with a price JSON."""

    url = ""
    body: Any = MAP
    status = 200

    async def answer(self, _: web.Request) -> web.Response:
        return web.json_response(self.body, status=self.status)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def source() -> AsyncIterator[Source]:
    source = Source()
    app = web.Application()
    app.router.add_get("/prices.json", source.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    source.url = f"http://user:hidden@127.0.0.1:{port}/prices.json?token=hidden"
    yield source
    await runner.cleanup()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def priced(control_settings: Any, running: Any, source: Source) -> AsyncIterator[Any]:
    async with running(control_settings(model_cost_map_url=source.url)) as control:
        await control.published()
        yield control


async def test_at_first_the_shipped_table_holds(priced) -> None:
    told = (await priced.get("/model/cost_map/source")).json()
    assert told["source"] == "local" and told["source_revision"] == shipped().version
    cost_map = (await priced.get("/public/litellm_model_cost_map", key=None)).json()
    assert len(cost_map) == told["model_count"]
    assert cost_map["gpt-4o"]["litellm_provider"] == "openai"


async def test_a_table_that_is_loaded_reaches_the_gateways(priced) -> None:
    answer = await priced.post("/reload/model_cost_map")
    assert answer.status == 200, answer.body
    assert answer.json()["models_count"] == 1
    assert b"hidden" not in answer.body
    await priced.published()
    record = await priced.record("prices", "global")
    catalog = unpack(b64decode(record["packed"]))
    assert catalog.version == record["version"] == answer.json()["version"]
    price = price_of("openai", "gpt-4o", catalog=catalog)
    assert price.rates(1)["input"] * 1_000_000 == 7
    cost_map = (await priced.get("/get/litellm_model_cost_map")).json()
    assert cost_map["gpt-4o"]["input_cost_per_token"] == 7e-06 and len(cost_map) == 1
    told = (await priced.get("/model/cost_map/source")).json()
    assert told["source"] == "remote" and told["model_count"] == 1


@pytest.mark.parametrize(("status", "body"), [(500, MAP), (200, []), (200, {"m": {"mode": "chat"}})])
async def test_a_source_that_gives_no_prices_leaves_those_that_hold(priced, source, status, body) -> None:
    before = (await priced.get("/model/cost_map/source")).json()
    source.status, source.body = status, body
    try:
        answer = await priced.post("/reload/model_cost_map")
    finally:
        source.status, source.body = 200, MAP
    assert answer.status == 502 and "stay as they are" in answer.error["message"]
    assert b"hidden" not in answer.body
    assert (await priced.get("/model/cost_map/source")).json() == before


async def test_loading_is_scheduled_shown_and_cancelled(priced) -> None:
    assert (await priced.post("/schedule/model_cost_map_reload?hours=0")).status == 422
    made = await priced.post("/schedule/model_cost_map_reload?hours=6")
    assert made.json()["interval_hours"] == 6
    status = (await priced.get("/schedule/model_cost_map_reload/status")).json()
    assert (status["scheduled"], status["interval_hours"], status["last_run"]) == (True, 6, None)
    assert (await priced.call("DELETE", "/schedule/model_cost_map_reload")).status == 200
    status = (await priced.get("/schedule/model_cost_map_reload/status")).json()
    assert (status["scheduled"], status["interval_hours"]) == (False, None)


async def test_a_load_that_is_due_is_one_processs_turn(priced, source) -> None:
    await priced.post("/schedule/model_cost_map_reload?hours=6")
    turns = []
    for _ in range(2):
        async with priced.runtime.store.transaction() as db:
            turns.append(await store.take_turn(db))
    assert turns == [True, False]
    status = (await priced.get("/schedule/model_cost_map_reload/status")).json()
    assert status["next_run"] > status["last_run"]


async def test_without_an_address_the_answer_says_what_to_set(priced) -> None:
    settings = priced.runtime.settings
    priced.runtime.settings = type(settings)(database_url="", nats_url="")
    try:
        for path in ("/reload/model_cost_map", "/schedule/model_cost_map_reload?hours=1"):
            answer = await priced.post(path)
            assert answer.status == 400 and "TIANJI_MODEL_COST_MAP_URL" in answer.error["message"]
    finally:
        priced.runtime.settings = settings
