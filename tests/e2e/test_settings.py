"""A setting made by a call holds on the next request, on every gateway, and no longer than it is set."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

ELSEWHERE = "127.0.0.2"
"""Another address of this machine."""


@pytest.fixture(scope="module")
def gateways() -> int:
    return 2


async def said(door: Any, method: str, path: str, body: dict[str, Any]) -> Any:
    status, answer = await door.call(method, path, body)
    assert status == 200, answer
    return answer


async def tried(door: Any, model: str) -> list[int]:
    return [await door.chat(model, key=door.master_key, base=base) for base in door.system.gateway_urls]


async def cost(door: Any, base: str) -> float:
    """Return what a gateway says that a call costs."""
    body = {"model": "gpt", "messages": [{"role": "user", "content": "x"}]}
    headers = {"authorization": f"Bearer {door.master_key}"}
    async with door.http.post(base + "/v1/chat/completions", json=body, headers=headers) as answer:
        assert answer.status == 200
        return float(answer.headers["x-litellm-response-cost"])


async def test_another_name_of_a_model_is_known_at_once_and_gone_at_once(door: Any) -> None:
    assert await tried(door, "other-name") == [400, 400]
    field = {"field_name": "model_group_alias", "config_type": "router_settings"}
    await said(door, "POST", "/config/field/update", field | {"field_value": {"other-name": "gpt"}})
    assert await tried(door, "other-name") == [200, 200]
    await said(door, "POST", "/config/field/delete", field)
    assert await tried(door, "other-name") == [400, 400]


async def test_what_the_file_sets_stays(door: Any) -> None:
    status, answer = await door.call("POST", "/config/update", {"litellm_settings": {"num_retries": 3}})
    assert status == 400 and "set in the config file" in answer["error"]["message"]


async def test_only_addresses_that_are_named_may_call(door: Any) -> None:
    await said(door, "POST", "/add/allowed_ip", {"ip": "127.0.0.1"})
    try:
        assert await tried(door, "gpt") == [200, 200]
        assert await _from_elsewhere(door) == [403, 403, 403, 403, 403, 403]
    finally:
        await said(door, "POST", "/delete/allowed_ip", {"ip": "127.0.0.1"})
    assert await _from_elsewhere(door) == [200, 200, 200, 200, 200, 200]


async def test_discounts_and_margins_are_in_the_cost_of_the_next_call(door: Any) -> None:
    first, second = door.system.gateway_urls
    whole = await cost(door, first)
    assert whole > 0
    await said(door, "PATCH", "/config/cost_discount_config", {"openai": 0.5})
    assert await cost(door, second) == pytest.approx(whole / 2)
    await said(door, "PATCH", "/config/cost_margin_config", {"global": {"fixed_amount": 1}})
    assert await cost(door, first) == pytest.approx(whole / 2 + 1)
    for name in ("cost_discount_config", "cost_margin_config"):
        field = {"field_name": name, "config_type": "litellm_settings"}
        await said(door, "POST", "/config/field/delete", field)
    assert await cost(door, second) == pytest.approx(whole)


async def test_models_without_a_price_are_refused_where_that_is_asked_for(door: Any) -> None:
    await said(
        door,
        "POST",
        "/model/new",
        {"model_name": "free", "litellm_params": {"model": "openai/no-such-model", "mock_response": "hi"}},
    )
    assert await tried(door, "free") == [200, 200]
    switch = "/config/block_requests_for_models_without_pricing"
    await said(door, "PATCH", switch, {"enabled": True})
    assert await tried(door, "free") == [403, 403] and await tried(door, "gpt") == [200, 200]
    await said(door, "PATCH", switch, {"enabled": False})
    assert await tried(door, "free") == [200, 200]


async def _from_elsewhere(door: Any) -> list[int]:
    """Call each gateway from another address: a model, the list of models, an admin path."""
    found = []
    connector = aiohttp.TCPConnector(local_addr=(ELSEWHERE, 0))
    headers = {"authorization": f"Bearer {door.master_key}"}
    body = {"model": "gpt", "messages": [{"role": "user", "content": "x"}]}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as http:
        for base in door.system.gateway_urls:
            async with http.post(base + "/v1/chat/completions", json=body) as answer:
                found.append(answer.status)
            for path in ("/v1/models", "/key/list"):
                async with http.get(base + path) as answer:
                    found.append(answer.status)
    return found
