"""Who spent how much and on what, over HTTP, out of the roll-ups of real events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import uuid_utils

from tianji.domain.events import SpendEvent
from tianji.wire.neutral import Usage
from tianji_worker.ledger.rows import row_of
from tianji_worker.ledger.write import Ledger

pytestmark = pytest.mark.asyncio(loop_scope="module")

TODAY = datetime.now(UTC).date()
YESTERDAY = TODAY - timedelta(days=1)
LONG_AGO = TODAY - timedelta(days=60)
SPAN = f"start_date={YESTERDAY}&end_date={TODAY}"


def event(day: Any, **changes: Any) -> SpendEvent:
    began = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() + 60
    values: dict[str, Any] = {
        "id": str(uuid_utils.uuid7(nanoseconds=int(began * 1e9))),
        "started_at": began,
        "ended_at": began + 2,
        "call_type": "acompletion",
        "model": "gpt",
        "model_group": "gpt",
        "upstream_model": "gpt-4o",
        "provider": "openai",
        "usage": Usage(input_tokens=10, output_tokens=5),
    }
    return SpendEvent(**(values | changes))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(control: Any) -> dict[str, str]:
    """Return two keys, of a team and a user each, whose calls are in the ledger."""
    await control.post("/organization/new", {"organization_id": "org", "organization_alias": "Org"})
    team = {"team_id": "t-a", "team_alias": "Team a", "organization_id": "org"}
    await control.post("/team/new", team)
    await control.post("/user/new", {"user_id": "ann", "user_role": "internal_user", "user_email": "a@b.c"})
    mine = await control.made_key(user_id="ann", team_id="t-a", key_alias="anns")
    own = await control.made_key(user_id="ann")
    other = await control.made_key(key_alias="other")
    ann = {"key_hash": mine["token"], "user_id": "ann", "team_id": "t-a", "organization_id": "org"}
    claude = {
        "model": "claude",
        "model_group": "claude",
        "upstream_model": "claude-5",
        "provider": "anthropic",
    }
    events = [
        event(TODAY, **ann, cost_usd="1", tags=["x", "y"], end_user="cust"),
        event(YESTERDAY, **ann, **claude, cost_usd="2", tags=["x"]),
        event(TODAY, key_hash=other["token"], cost_usd="4", end_user="cust"),
        event(TODAY, key_hash=other["token"], cost_usd="8", tags=["z"], end_user="whole%sale"),
        event(LONG_AGO, **ann, cost_usd="16", tags=["old"], end_user="gone"),
    ]
    await Ledger(control.runtime.store).write([row_of(msgspec.json.encode(one), TODAY) for one in events])
    return {"ann": mine["token"], "other": other["token"], "own": own["key"], "other_key": other["key"]}


async def test_all_that_was_spent_is_one_sum(control: Any, world: dict[str, str]) -> None:
    assert (await control.get("/global/spend")).json()["spend"] == 31.0
    assert (await control.get(f"/global/spend?{SPAN}")).json()["spend"] == 15.0


async def test_the_last_month_is_told_by_day(control: Any, world: dict[str, str]) -> None:
    assert (await control.get("/global/spend/logs")).json() == [
        {"date": str(YESTERDAY), "spend": 2.0},
        {"date": str(TODAY), "spend": 13.0},
    ]
    of_key = (await control.get(f"/global/spend/logs?api_key={world['other']}")).json()
    assert of_key == [{"date": str(TODAY), "spend": 12.0, "api_key": world["other"]}]
    anns = (await control.get("/global/spend/logs", key=world["own"])).json()
    assert [(row["spend"], row["user"], row["api_key"]) for row in anns] == [
        (2.0, "ann", world["ann"]),
        (1.0, "ann", world["ann"]),
    ]


async def test_the_dearest_keys_models_and_providers_come_first(control: Any, world: dict[str, str]) -> None:
    keys = (await control.get("/global/spend/keys")).json()
    assert [(row["key_alias"], row["total_spend"]) for row in keys] == [("other", 12.0), ("anns", 3.0)]
    assert keys[0]["key_name"].startswith("sk-...") and keys[0]["api_key"] == world["other"]
    assert len((await control.get("/global/spend/keys?limit=1")).json()) == 1
    assert (await control.get("/global/spend/keys?limit=0")).status == 422
    models = (await control.get("/global/spend/models")).json()
    assert models[0] == {"model": "gpt-4o", "total_spend": 13.0, "total_tokens": 45}
    assert (await control.get(f"/global/spend/provider?{SPAN}")).json() == [
        {"provider": "openai", "spend": 13.0},
        {"provider": "anthropic", "spend": 2.0},
    ]
    for path in ("/global/spend/keys", "/global/spend/models", f"/global/spend/provider?{SPAN}"):
        own = (await control.get(path, key=world["own"])).json()
        assert sum(row.get("total_spend", row.get("spend")) for row in own) == 3.0, path


async def test_teams_are_told_by_day_and_what_is_of_none(control: Any, world: dict[str, str]) -> None:
    assert (await control.get("/global/spend/teams")).json() == {
        "daily_spend": [
            {"date": str(YESTERDAY), "Team a": 2.0},
            {"date": str(TODAY), "Team a": 1.0, "Unassigned": 12.0},
        ],
        "teams": ["Team a", "Unassigned"],
        "total_spend_per_team": [
            {"team_id": "Unassigned", "total_spend": 12.0},
            {"team_id": "Team a", "total_spend": 3.0},
        ],
    }


async def test_tags_are_told_with_how_often_they_came(control: Any, world: dict[str, str]) -> None:
    def row(name: str, count: int, spend: float) -> dict[str, Any]:
        return {"individual_request_tag": name, "log_count": count, "total_spend": spend}

    ever = (await control.get("/spend/tags")).json()
    assert ever == [row("old", 1, 16.0), row("z", 1, 8.0), row("x", 2, 3.0), row("y", 1, 1.0)]
    recent = (await control.get(f"/spend/tags?{SPAN}")).json()
    assert recent == ever[1:]
    assert (await control.get(f"/spend/tags?{SPAN}", key=world["own"])).json() == ever[2:]
    found = (await control.get(f"/global/spend/tags?{SPAN}&tags=x,y")).json()
    assert found["spend_per_tag"] == [
        {"name": "x", "spend": 3.0, "log_count": 2},
        {"name": "y", "spend": 1.0, "log_count": 1},
    ]
    assert len((await control.get(f"/global/spend/tags?{SPAN}&tags=all-tags")).json()["spend_per_tag"]) == 3
    names = (await control.get("/global/spend/all_tag_names")).json()["tag_names"]
    assert sorted(names) == ["old", "x", "y", "z"]


async def test_tags_are_summed_with_whose_keys_they_came_from(control: Any, world: dict[str, str]) -> None:
    def row(tag: str, calls: int, spend: float, users: int) -> dict[str, Any]:
        return {
            "tag": tag,
            "unique_users": users,
            "total_requests": calls,
            "successful_requests": calls,
            "failed_requests": 0,
            "total_tokens": 15 * calls,
            "total_spend": spend,
        }

    x, y, z = row("x", 2, 3.0, 1), row("y", 1, 1.0, 1), row("z", 1, 8.0, 0)
    for query, expected in (
        ("", [x, y, z]),
        ("&tag_filter=Y", [y]),
        ("&tag_filter=%25", []),
        ("&tag_filters=x&tag_filters=z&tag_filter=y", [x, z]),
    ):
        assert (await control.get(f"/tag/summary?{SPAN}{query}")).json() == {"results": expected}
    assert (await control.get("/tag/summary?start_date=2026-01-01")).status == 422
    assert (await control.get("/tag/summary?start_date=2026-01-02&end_date=2026-01-01")).status == 400
    assert (await control.get(f"/tag/summary?{SPAN}", key=world["own"])).status == 403


async def test_customers_are_told_with_any_key_or_with_one(control: Any, world: dict[str, str]) -> None:
    everybody = (await control.post("/global/spend/end_users")).json()
    assert everybody == [
        {"end_user": "whole%sale", "total_count": 1, "total_spend": 8.0},
        {"end_user": "cust", "total_count": 2, "total_spend": 5.0},
    ]
    of_key = (await control.post("/global/spend/end_users", {"api_key": world["ann"]})).json()
    assert of_key == [{"end_user": "cust", "total_count": 1, "total_spend": 1.0}]
    span = {"startTime": f"{LONG_AGO}T00:00:00Z", "endTime": f"{LONG_AGO}T12:00:00Z"}
    old = (await control.post("/global/spend/end_users", span)).json()
    assert [row["end_user"] for row in old] == ["gone"]
    assert (await control.get(f"/global/spend/end_users?{SPAN}")).json() == everybody
    names = (await control.get("/global/all_end_users")).json()["end_users"]
    assert sorted(names) == ["cust", "gone", "whole%sale"]


async def test_a_report_is_by_key_and_model(control: Any, world: dict[str, str]) -> None:
    anns = {
        "api_key": world["ann"],
        "total_cost": 3.0,
        "total_input_tokens": 20,
        "total_output_tokens": 10,
        "model_details": [
            {
                "model": "claude-5",
                "total_cost": 2.0,
                "total_input_tokens": 10,
                "total_output_tokens": 5,
            },
            {
                "model": "gpt-4o",
                "total_cost": 1.0,
                "total_input_tokens": 10,
                "total_output_tokens": 5,
            },
        ],
    }
    for path in (
        f"/global/spend/report?{SPAN}&api_key={world['ann']}",
        f"/global/spend/report?{SPAN}&internal_user_id=ann",
        f"/key/spend/report?{SPAN}&api_key={world['ann']}",
        f"/user/spend/report?{SPAN}&internal_user_id=ann",
        f"/team/spend/report?{SPAN}&team_id=t-a",
    ):
        assert (await control.get(path)).json() == [anns], path
    assert (await control.get(f"/user/spend/report?{SPAN}", key=world["own"])).json() == [anns]
    (of_organization,) = (await control.get(f"/organization/spend/report?{SPAN}&organization_id=org")).json()
    assert [detail["team_id"] for detail in of_organization["model_details"]] == ["t-a", "t-a"]
    everybody = (await control.get(f"/global/spend/report?{SPAN}&group_by=api_key")).json()
    assert [row["total_cost"] for row in everybody] == [12.0, 3.0]
    assert (await control.get(f"/key/spend/report?{SPAN}", key=world["own"])).json() == []
    others = f"/key/spend/report?{SPAN}&api_key={world['other']}"
    assert (await control.get(others, key=world["own"])).status == 403
    assert (await control.get(f"/organization/spend/report?{SPAN}")).status == 400


async def test_a_report_is_by_day_and_team_or_customer(control: Any, world: dict[str, str]) -> None:
    first, second = (await control.get(f"/global/spend/report?{SPAN}")).json()
    assert first == {
        "group_by_day": str(YESTERDAY),
        "teams": [
            {
                "team_name": "Team a",
                "total_spend": 2.0,
                "metadata": [
                    {"model": "claude-5", "api_key": world["ann"], "spend": 2.0, "total_tokens": 15}
                ],
            }
        ],
    }
    assert [(one["team_name"], one["total_spend"]) for one in second["teams"]] == [
        ("Team a", 1.0),
        ("Unassigned Team", 12.0),
    ]
    (day,) = (await control.get(f"/global/spend/report?{SPAN}&group_by=customer")).json()
    assert [(one["customer"], one["total_spend"]) for one in day["customers"]] == [
        ("cust", 5.0),
        ("whole%sale", 8.0),
    ]
    both = f"/global/spend/report?{SPAN}&team_id=t-a&customer_id=cust"
    (day,) = (await control.get(both)).json()
    assert day["teams_customers"][0]["total_spend"] == 1.0
    models = (await control.get(f"/global/spend/report?{SPAN}&group_by=model")).json()
    assert models[0] == {"model": "gpt", "total_cost": 13.0, "total_requests": 3, "total_tokens": 45}
    assert (await control.get(f"/global/spend/report?{SPAN}&group_by=weather")).status == 400


async def test_keys_and_users_are_listed_with_what_they_spent(control: Any, world: dict[str, str]) -> None:
    keys = (await control.get("/spend/keys")).json()
    assert [(row["key_alias"], row["spend"]) for row in keys[:2]] == [("anns", 19.0), ("other", 12.0)]
    own = (await control.get("/spend/keys", key=world["own"])).json()
    assert {row["user_id"] for row in own} == {"ann"} and own[0]["spend"] == 19.0
    assert (await control.get("/spend/keys", key=world["other_key"])).json() == []
    users = (await control.get("/spend/users")).json()
    assert (users[0]["user_id"], users[0]["spend"]) == ("ann", 19.0)
    assert [row["user_id"] for row in (await control.get("/spend/users?user_id=ann")).json()] == ["ann"]
    assert (await control.get("/spend/users?user_id=bob", key=world["own"])).status == 403


async def test_users_of_a_team_are_told_with_what_they_spent(control: Any, world: dict[str, str]) -> None:
    found = (await control.get(f"/team/spend/by_user?{SPAN}&team_ids=t-a")).json()

    (row,) = found["results"]
    assert (row["team_alias"], row["user_email"], row["spend"]) == ("Team a", "a@b.c", 3.0)
    assert (row["api_requests"], row["total_tokens"]) == (2, 30)
    assert (await control.get(f"/team/spend/by_user?{SPAN}")).status == 400


async def test_filters_offer_the_names_that_the_ledger_has(control: Any, world: dict[str, str]) -> None:
    span = f"filter[startTime][gte]={YESTERDAY}T00:00:00Z&filter[startTime][lte]={TODAY}T23:59:59Z"
    path = f"/management/v1/spend_logs/end_users?{span}"
    page = (await control.get(f"{path}&page_size=1")).json()
    assert page["data"] == ["cust"]
    assert page["meta"] == {"page": 1, "page_size": 1, "has_more": True}
    assert "page=2" in page["links"]["next"] and page["links"]["prev"] is None
    assert (await control.get(f"{path}&q=E%25S")).json()["data"] == ["whole%sale"]
    assert (await control.get(path, key=world["own"])).json()["data"] == ["cust"]
    users = (await control.get(f"/management/v1/spend_logs/users?{span}")).json()
    assert users["data"] == ["ann"]


async def test_sums_are_never_old_so_a_refresh_has_nothing_to_do(control: Any) -> None:
    assert (await control.post("/global/spend/refresh")).json()["status"] == "success"


async def test_teams_of_one_name_and_pennies_are_not_lost_from_sums(
    control: Any, world: dict[str, str]
) -> None:
    for name in ("twin-1", "twin-2"):
        await control.post("/team/new", {"team_id": name, "team_alias": "Twins"})
    spent = [("twin-1", TODAY, "0.004"), ("twin-2", TODAY, "0.004"), ("twin-2", YESTERDAY, "0.004")]
    events = [event(day, key_hash="twin", team_id=team, cost_usd=cost) for team, day, cost in spent]
    await Ledger(control.runtime.store).write([row_of(msgspec.json.encode(one), TODAY) for one in events])

    found = (await control.get("/global/spend/teams")).json()
    assert [day.get("Twins") for day in found["daily_spend"]] == [0.0, 0.01]
    assert {"team_id": "Twins", "total_spend": 0.01} in found["total_spend_per_team"]
