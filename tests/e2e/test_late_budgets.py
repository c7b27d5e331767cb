"""A budget that is set late counts what its window has had, at every level."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

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

CALL = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 5}


class Place:
    """The gateway of a running system, as an admin and as callers use it."""

    def __init__(self, system: System, http: aiohttp.ClientSession, root: str) -> None:
        self.system, self.root = system, root
        self._http = http
        self._master = system.master_key

    async def ask(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {key or self._master}"}
        url = self.system.url + path
        async with self._http.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def chat(self, key: str, model: str = "gpt") -> tuple[int, Any]:
        """Make a call; a Redis that is just new is waited for."""
        async with asyncio.timeout(60):
            while True:
                status, answer = await self.ask("POST", "/v1/chat/completions", CALL | {"model": model}, key)
                if status != 503:
                    return status, answer
                await asyncio.sleep(0.5)

    async def good(self, path: str, body: Any, method: str = "POST") -> Any:
        status, answer = await self.ask(method, path, body)
        assert status == 200, answer
        return answer

    async def spent(self, model: str = "gpt", **whose: Any) -> str:
        """Spend 0.01 USD with a new key; return it when the ledger has that."""
        key = (await self.good("/key/generate", whose))["key"]
        for _ in range(2):
            status, answer = await self.chat(key, model)
            assert status == 200, answer
        async with asyncio.timeout(60):
            while True:
                if (await self.good(f"/key/info?key={key}", None, "GET"))["info"]["spend"] >= 0.0099:
                    break
                await asyncio.sleep(0.1)
        return str(key)

    async def refused(self, key: str, status: int, words: str, model: str = "gpt") -> None:
        found, answer = await self.chat(key, model)
        assert found == status and words in answer["error"]["message"], answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    folder: Path = tmp_path_factory.mktemp("system")
    async with FakeUpstream() as upstream, aiohttp.ClientSession() as http:
        upstream.usual = Reply(text="one two three four five")
        with System(folder, CONFIG.format(root=upstream.root)) as system:
            yield Place(system, http, upstream.root)


async def test_a_member_of_an_organization_spends_what_they_may_in_it_and_no_more(place: Place) -> None:
    await place.good("/organization/new", {"organization_id": "o", "organization_alias": "o"})
    await place.good("/user/new", {"user_id": "ann", "auto_create_key": False})
    member = {"organization_id": "o", "user_id": "ann", "role": "org_member"}
    key = await place.spent(organization_id="o", user_id="ann")
    elsewhere = await place.spent(user_id="ann")

    await place.good("/organization/member_add", member | {"max_budget_in_organization": 0.0101})
    await place.refused(key, 422, "User=ann in Organization=o Current cost: 0.01, Max budget: 0.0101")
    assert (await place.chat(elsewhere))[0] == 200
    change = {"organization_id": "o", "user_id": "ann", "max_budget_in_organization": 0.02}
    await place.good("/organization/member_update", change, "PATCH")
    calls = [place.chat(key) for _ in range(6)]
    assert sorted(status for status, _ in await asyncio.gather(*calls)) == [200, 200, 422, 422, 422, 422]
    async with asyncio.timeout(60):
        while True:
            info = await place.good("/organization/info?organization_id=o", None, "GET")
            [told] = [one for one in info["members"] if one["user_id"] == "ann"]
            if told["spend"] == 0.02:
                break
            await asyncio.sleep(0.1)
    assert told["litellm_budget_table"]["max_budget"] == 0.02


async def test_a_project_counts_what_was_spent_in_it_before(place: Place) -> None:
    await place.good("/team/new", {"team_id": "t"})
    await place.good("/project/new", {"project_id": "p", "team_id": "t"})
    key = await place.spent(team_id="t", project_id="p")

    await place.good("/project/update", {"project_id": "p", "max_budget": 0.0101, "budget_duration": "1d"})
    await place.refused(key, 422, "Project=p Current cost: 0.01")


async def test_a_deployment_counts_what_was_spent_on_it_before(place: Place) -> None:
    params = {
        "model": "openai/gpt-4o-mini", "api_base": f"{place.root}/v1", "api_key": "sk-x",
        "input_cost_per_token": 0, "output_cost_per_token": 0.001,
    }  # fmt: skip
    await place.good("/model/new", {"model_name": "own", "litellm_params": params, "model_info": {"id": "d"}})
    key = await place.spent("own")

    change = {"litellm_params": {"max_budget": 0.0101}, "model_info": {"id": "d"}}
    await place.good("/model/update", change)
    await place.refused(key, 429, "the deployment d of own is over its limit: Spent 0.01 of 0.0101", "own")


async def test_the_whole_proxy_and_its_providers_count_what_was_spent_before(place: Place) -> None:
    key = await place.spent()
    total = (await place.good("/global/spend", None, "GET"))["spend"]
    limit = round(total + 0.0001, 6)

    await place.good("/config/update", {"router_settings": {"provider_budget_config": {
        "openai": {"budget_limit": limit, "time_period": "1d"}
    }}})  # fmt: skip
    await place.refused(key, 429, f"the provider openai is over its limit: Spent {total}")
    wide = {"openai": {"budget_limit": 100, "time_period": "1d"}}
    config = {"router_settings": {"provider_budget_config": wide}, "litellm_settings": {"max_budget": limit}}
    await place.good("/config/update", config)
    await place.refused(key, 422, f"Current cost: {total}, Max budget: {limit}")
