"""Calls that go to another model when their own is paid out, and requests that lack what they must say."""

from __future__ import annotations

from typing import Any

import pytest

from tianji.domain.limits import Limits, ModelLimits
from tianji.domain.snapshot import Settings
from tianji.domain.tenants import TeamRecord
from tianji_testkit.upstream import Reply

KEY = "sk-limited-0123456789"
PRICED = {"params": {"input_cost_per_token": 0, "output_cost_per_token": 0.001}}
"""An answer of five words costs 0.005 USD."""


@pytest.fixture
def models(gateway: Any, upstream: Any) -> Any:
    """A gateway with three priced models."""
    for name in ("large", "medium", "small"):
        gateway.serve(name, PRICED)
    upstream.usual = Reply(text="one two three four five")
    return gateway


def hold(gateway: Any, *budgets: tuple[str, str], fallbacks: Any, **fields: Any) -> None:
    limits = Limits(models=tuple(ModelLimits(model=model, max_budget=most) for model, most in budgets))
    gateway.people.add(KEY, limits=limits, budget_fallbacks=fallbacks, **fields)


async def groups(gateway: Any, times: int, **fields: Any) -> list[str | int]:
    """Ask for the large model again and again; return which group answered, or the status of a refusal."""
    found: list[str | int] = []
    for _ in range(times):
        async with gateway.chat(KEY, model="large", max_tokens=5, **fields) as answer:
            told = answer.headers.get("x-litellm-model-group", "")
            found.append(told if answer.status == 200 else answer.status)
    return found


async def test_a_call_goes_to_the_first_model_whose_budget_pays_for_it(models: Any) -> None:
    budgets = ("large", "0.01"), ("medium", "0.005")
    hold(models, *budgets, fallbacks={"large": ["medium", "small"]})
    assert await groups(models, 5) == ["large", "large", "medium", "small", "small"]
    ends = models.books.ends[-5:]
    assert [end.model_group for end in ends] == ["large", "large", "medium", "small", "small"]
    assert [str(end.cost_usd) for end in ends] == ["0.005"] * 5
    assert not any(end.refused for end in ends)
    assert [request.json["model"] for request in models.upstream.requests[-3:]] == [
        "medium",
        "small",
        "small",
    ]


async def test_a_stream_in_another_format_falls_back_too(models: Any) -> None:
    hold(models, ("large", "0"), fallbacks={"large": ["small"]})
    async with models.messages(KEY, model="large", max_tokens=5, stream=True) as answer:
        assert answer.status == 200 and '"model":"small"' in (await answer.text()).replace(" ", "")


async def test_without_a_model_that_can_pay_the_first_budget_is_told(models: Any) -> None:
    hold(models, ("large", "0"), ("small", "0"), fallbacks={"large": ["small", "unknown"]})
    async with models.chat(KEY, model="large") as refused:
        assert refused.status == 422
        assert "exceeded budget for model=large" in (await refused.json())["error"]["message"]
    assert models.books.ends[-1].refused.bound.endswith(":large")
    assert models.books.ends[-1].model_group == "large"


async def test_a_model_that_the_key_may_not_use_is_passed_over(models: Any) -> None:
    models.people.teams["t"] = TeamRecord(id="t", models=["large", "small"])
    hold(models, ("large", "0"), fallbacks={"large": ["medium", "small"]}, team_id="t")
    assert await groups(models, 1) == ["small"]


async def test_another_limit_than_the_models_budget_leads_nowhere_else(models: Any) -> None:
    limits = Limits(max_budget="0", models=(ModelLimits(model="large", max_budget="1"),))
    models.people.add(KEY, limits=limits, budget_fallbacks={"large": ["small"]})
    assert await groups(models, 1) == [422]
    limits = Limits(models=(ModelLimits(model="large", max_budget="0"), ModelLimits(model="small", rpm=0)))
    models.people.add(KEY, limits=limits, budget_fallbacks={"large": ["small", "medium"]})
    assert await groups(models, 1) == [429]


async def test_an_answer_that_the_client_says_asks_no_other_model(models: Any) -> None:
    hold(models, ("large", "0"), fallbacks={"large": ["small"]})
    before = len(models.upstream.requests)
    assert await groups(models, 1, mock_response="as said") == [422]
    assert len(models.upstream.requests) == before


@pytest.mark.parametrize(
    ("general", "metadata", "lacks"),
    [
        ({"enforced_params": ["user"]}, {}, "user"),
        ({}, {"enforced_params": ["user", "metadata.team"]}, "metadata.team"),
        ({"service_account_settings": {"enforced_params": ["user"]}}, {"service_account_id": "s"}, "user"),
    ],
)
async def test_a_request_that_lacks_what_it_must_say_is_refused_and_costs_nothing(
    models: Any, general: Any, metadata: Any, lacks: str
) -> None:
    models.serve("small", PRICED, settings=Settings(general=general))
    models.people.add(KEY, metadata=metadata)
    said = {"user": "u"} if lacks != "user" else {}
    async with models.chat(KEY, model="small", metadata={"other": "x"}, **said) as refused:
        assert refused.status == 400
        error = (await refused.json())["error"]
        assert error["param"] == lacks and lacks in error["message"]
    assert models.upstream.requests == []
    async with models.chat(KEY, model="small", user="u", metadata={"team": "x"}) as served:
        assert served.status == 200


async def test_what_services_must_say_is_not_asked_of_people(models: Any) -> None:
    settings = Settings(general={"service_account_settings": {"enforced_params": ["user"]}})
    models.serve("small", PRICED, settings=settings)
    models.people.add(KEY)
    async with models.chat(KEY, model="small") as served:
        assert served.status == 200
