"""What gateways are told of limits of a day, of tokens by their way, and of limits that bend."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tianji.domain.limits import Limits, ModelLimits

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def limits_of(control: Any, kind: str, id: str) -> Limits:
    record = await control.record(kind, id)
    return msgspec.convert(record["limits"], Limits)


async def test_a_day_of_tokens_is_said_at_every_level(control: Any) -> None:
    budget = (await control.post("/budget/new", {"tpd_limit": 7})).json()["budget_id"]
    organization = (
        await control.post("/organization/new", {"organization_alias": "days", "tpd_limit": 9})
    ).json()["organization_id"]
    team = (await control.post("/team/new", {"tpd_limit": 8})).json()["team_id"]
    key = await control.made_key(team_id=team, tpd_limit=6, rpm_limit=1, rpm_limit_type="dynamic")
    held = await control.made_key(budget_id=budget)
    await control.post("/customer/new", {"user_id": "daily", "budget_id": budget})

    assert await limits_of(control, "organization", organization) == Limits(tpd=9)
    assert await limits_of(control, "team", team) == Limits(tpd=8)
    assert await limits_of(control, "key", key["token"]) == Limits(rpm=1, tpd=6, loose=("rpm",))
    assert await limits_of(control, "key", held["token"]) == Limits(tpd=7)
    assert await limits_of(control, "customer", "daily") == Limits(tpd=7)


async def test_a_project_tells_what_goes_in_and_out_of_models(control: Any) -> None:
    team = (await control.post("/team/new", {})).json()["team_id"]
    terms = {"model_itpm_limit": {"gpt": 10, "claude": 20}, "model_otpm_limit": {"gpt": 5}}
    made = await control.post("/project/new", {"team_id": team, **terms})
    limits = await limits_of(control, "project", made.json()["project_id"])
    assert limits.models == (ModelLimits(model="claude", itpm=20), ModelLimits(model="gpt", itpm=10, otpm=5))
