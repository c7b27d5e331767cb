"""Limits of a day, of input and output, and models that priorities or keys divide among themselves."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tianji.domain.limits import Limits, ModelLimits
from tianji.domain.snapshot import Settings
from tianji.domain.tenants import ProjectRecord, TeamRecord
from tianji.limits.rates import REFUSED_S
from tianji_testkit.upstream import Reply

KEY = "sk-limited-0123456789"
PROD, DEV, NOBODY = "sk-prod-0123456789ab", "sk-dev-0123456789abc", "sk-none-0123456789ab"
ENFORCED = {"optional_pre_call_checks": ["enforce_model_rate_limits"]}
RESERVED = {"prod": 0.6, "dev": 0.1}
BY_PRIORITY = {"callbacks": ["dynamic_rate_limiter_v3"], "priority_reservation": RESERVED}


def answer(words: int, **fields: Any) -> Reply:
    return Reply(text=" ".join(["word"] * words), **fields)


async def statuses(gateway: Any, key: str, calls: int, **fields: Any) -> list[int]:
    said = []
    for _ in range(calls):
        async with gateway.chat(key, **fields) as answered:
            await answered.read()
            said.append(answered.status)
    return said


async def test_tokens_of_a_day_are_counted_and_told(gateway: Any, upstream: Any) -> None:
    upstream.usual = answer(600)
    gateway.people.add(KEY, limits=Limits(tpd=500))
    assert await statuses(gateway, KEY, 3) == [200, 200, 200]  # by itself it counts batches, as for LiteLLM

    gateway.serve("gpt-4o-mini", {}, settings=Settings(general={"tpd_limit_counts": "calls"}))
    async with gateway.chat(KEY) as served:
        assert served.status == 200
        assert served.headers["x-ratelimit-limit-tokens-per-day"] == "500"
        assert int(served.headers["x-ratelimit-api_key-remaining-tokens-per-day"]) < 500
        assert "x-ratelimit-limit-tokens" not in served.headers
    async with gateway.chat(KEY) as refused:
        assert refused.status == 429
        assert 86_000 < int(refused.headers["retry-after"]) < 88_000
        assert refused.headers["rate_limit_type"] == "tokens_per_day"
        assert "Current limit: 500, Remaining: 0" in (await refused.json())["error"]["message"]


async def test_days_of_a_deployment_begin_at_an_hour_of_their_own(gateway: Any) -> None:
    params = {"rpd": 2, "daily_reset_time": "08:30"}
    gateway.serve("gpt-4o-mini", {"params": params}, settings=Settings(router=ENFORCED))
    gateway.people.add(KEY)
    assert await statuses(gateway, KEY, 2) == [200, 200]
    async with gateway.chat(KEY) as refused:
        assert refused.status == 429
        waits_s = int(refused.headers["retry-after"])
        assert "Limit type: requests_per_day" in (await refused.json())["error"]["message"]
    begins = time.time() + waits_s
    assert abs((begins - 8.5 * 3600 + 60) % 86_400 - 60) < 5


async def test_a_deployment_is_held_to_its_output_apart_from_its_input(gateway: Any, upstream: Any) -> None:
    upstream.usual = answer(5)
    gateway.serve("gpt-4o-mini", {"params": {"otpm": 100}}, settings=Settings(router=ENFORCED))
    gateway.people.add(KEY)
    slow = answer(5, hold_head=True)
    upstream.will(slow)
    first = asyncio.create_task(statuses(gateway, KEY, 1, max_tokens=60))
    await upstream.request()
    async with gateway.chat(KEY, max_tokens=60) as refused:
        assert refused.status == 429
        assert "Limit type: output_tokens" in (await refused.json())["error"]["message"]
    assert await statuses(gateway, KEY, 1, max_tokens=20) == [200]
    slow.release.set()
    assert await first == [200]
    await asyncio.sleep(REFUSED_S)  # for so long the store is not asked again
    assert await statuses(gateway, KEY, 3, max_tokens=60) == [200, 200, 200]  # what was not used came back


async def test_a_project_is_held_to_the_input_of_a_model(gateway: Any) -> None:
    limits = Limits(models=(ModelLimits(model="gpt-4o-mini", itpm=200, otpm=10_000),))
    gateway.people.projects["p"] = ProjectRecord(id="p", limits=limits)
    gateway.people.add(KEY, project_id="p")
    async with gateway.chat(KEY, max_tokens=5) as served:
        assert served.status == 200
        assert served.headers["x-ratelimit-limit-input-tokens"] == "200"
        assert served.headers["x-ratelimit-model_per_project-limit-output-tokens"] == "10000"
    long = [{"role": "user", "content": "a fairly ordinary sentence of English words " * 60}]
    async with gateway.chat(KEY, messages=long, max_tokens=5) as refused:
        assert refused.status == 429
        assert refused.headers["rate_limit_type"] == "input_tokens"


def divide(gateway: Any, calls: dict[str, Any], **params: Any) -> None:
    gateway.serve("gpt-4o-mini", {"params": params}, settings=Settings(calls=calls))
    gateway.people.add(PROD, metadata={"priority": "prod"})
    gateway.people.add(DEV, metadata={"priority": "dev"})
    gateway.people.add(NOBODY)


async def test_a_priority_borrows_until_the_model_is_half_used_and_leaves_others_theirs(gateway: Any) -> None:
    divide(gateway, BY_PRIORITY, rpm=20)
    assert await statuses(gateway, DEV, 11) == [200] * 10 + [429]
    async with gateway.chat(DEV) as refused:
        message = (await refused.json())["error"]["message"]
        assert message.startswith(
            "Priority-based rate limit exceeded. Model: gpt-4o-mini, Priority: dev. Limit type: requests. "
            "Model limit: 20, reserved for this priority: 2, Model remaining: 10"
        )
        assert refused.headers["x-litellm-priority"] == "dev"
        assert refused.headers["x-litellm-saturation"] == "50.00%"
        assert 1 <= int(refused.headers["retry-after"]) <= 72
    async with gateway.chat(PROD) as served:
        assert served.status == 200
        assert served.headers["x-litellm-priority"] == "prod"
        assert served.headers["x-litellm-rate-limiter-version"] == "v3"
        assert served.headers["x-ratelimit-model_saturation_check-remaining-requests"] == "9"
        assert served.headers["x-ratelimit-priority_model-limit-requests"] == "12"
    assert await statuses(gateway, NOBODY, 6) == [200] * 5 + [429]  # the pool: a quarter
    assert await statuses(gateway, PROD, 5) == [200] * 4 + [429]
    async with gateway.chat(PROD) as full:
        assert (await full.json())["error"]["message"].startswith("Model capacity reached for gpt-4o-mini")


async def test_a_teams_priority_goes_before_its_keys(gateway: Any) -> None:
    divide(gateway, BY_PRIORITY, rpm=20)
    gateway.people.teams["t"] = TeamRecord(id="t", metadata={"priority": "dev"})
    gateway.people.add(PROD, metadata={"priority": "prod"}, team_id="t")
    async with gateway.chat(PROD) as served:
        assert served.headers["x-litellm-priority"] == "dev"


@pytest.mark.parametrize(
    ("terms", "prod"),
    [
        ({"prod": {"type": "rpm", "value": 15}, "dev": 0.1}, 15),
        ({"prod": {"type": "tpm", "value": 500}, "dev": {"type": "percent", "value": 0.1}}, 10),
        ({"prod": 1.5, "dev": 0.5}, 15),
    ],
)
async def test_what_is_reserved_is_a_share_or_a_number(gateway: Any, terms: Any, prod: int) -> None:
    calls = BY_PRIORITY | {
        "priority_reservation": terms,
        "priority_reservation_settings": {"saturation_threshold": 0},
    }
    divide(gateway, calls, rpm=20, tpm=1000)
    async with gateway.chat(PROD) as served:
        assert served.headers["x-ratelimit-priority_model-limit-requests"] == str(prod)


async def test_keys_that_call_a_model_share_it_evenly(gateway: Any) -> None:
    divide(gateway, {"callbacks": "dynamic_rate_limiter"}, rpm=12)
    assert await statuses(gateway, PROD, 1) == [200]
    assert await statuses(gateway, DEV, 7) == [200] * 6 + [429]
    async with gateway.chat(DEV) as refused:
        assert (await refused.json())["error"]["message"].startswith(
            "Key over its even part of what the model gpt-4o-mini can do. Limit type: requests"
        )
    served = 0
    ends = time.monotonic() + 20
    while served < 4 and time.monotonic() < ends:  # what the others hold and do not use comes back
        served += (await statuses(gateway, NOBODY, 1)).count(200)
    assert served == 4
    assert await statuses(gateway, NOBODY, 2) == [429, 429]
    async with gateway.chat(PROD) as served:
        assert served.status == 200
        assert served.headers["x-ratelimit-remaining-model-requests"] == "0"
        assert "x-ratelimit-remaining-litellm-project-requests" in served.headers


async def test_without_a_callback_nothing_is_divided(gateway: Any) -> None:
    divide(gateway, {"priority_reservation": RESERVED}, rpm=2)
    assert await statuses(gateway, DEV, 3) == [200] * 3


async def test_a_dynamic_limit_holds_only_while_the_model_fails(gateway: Any, upstream: Any) -> None:
    gateway.people.add(KEY, limits=Limits(rpm=1, tpm=100_000, loose=("rpm",)))
    assert await statuses(gateway, KEY, 3) == [200] * 3
    for _ in range(2):
        upstream.will(Reply(status=500))
        assert await statuses(gateway, KEY, 1, num_retries=0) != [429]
    assert await statuses(gateway, KEY, 3) == [200, 429, 429]
