"""What was done day by day, over HTTP, out of the roll-ups of real events."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
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

SPAN = "start_date=2026-02-01&end_date=2026-02-03"
ENTITIES = ("team", "user", "organization", "tag", "agent", "customer", "end_user")


def event(day: str, **changes: Any) -> SpendEvent:
    began = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC).timestamp()
    values: dict[str, Any] = {
        "id": str(uuid_utils.uuid7(nanoseconds=int(began * 1e9))),
        "gateway_id": "g1",
        "started_at": began,
        "ended_at": began + 2,
        "call_type": "acompletion",
        "model": "gpt",
        "model_group": "gpt",
        "upstream_model": "gpt-4o",
        "provider": "openai",
        "api_base": "https://one",
        "deployment_id": "d1",
        "usage": Usage(input_tokens=10, output_tokens=5, cache_read_tokens=3),
        "cost_usd": "1",
    }
    return SpendEvent(**(values | changes))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(control: Any) -> dict[str, str]:
    """Return hashes of two keys, of a team each, whose calls are in the ledger."""
    for name in ("a", "b"):
        await control.post(
            "/organization/new", {"organization_id": f"o-{name}", "organization_alias": f"Org {name}"}
        )
        team = {"team_id": f"t-{name}", "team_alias": f"Team {name}", "organization_id": f"o-{name}"}
        await control.post("/team/new", team)
        user = {"user_id": f"u-{name}", "user_email": f"{name}@example.com", "auto_create_key": False}
        await control.post("/user/new", user | {"user_role": "internal_user"})
    made = {
        name: await control.made_key(user_id=f"u-{name}", team_id=f"t-{name}", key_alias=f"key-{name}")
        for name in ("a", "b")
    }
    own = await control.made_key(user_id="u-a")
    whose = {
        name: {
            "key_hash": made[name]["token"],
            "user_id": f"u-{name}",
            "team_id": f"t-{name}",
            "organization_id": f"o-{name}",
            "end_user": f"c-{name}",
            "agent_id": f"agent-{name}",
            "tags": [f"tag-{name}", "both"],
        }
        for name in ("a", "b")
    }
    claude = {
        "model": "claude",
        "model_group": "claude",
        "upstream_model": "claude-5",
        "provider": "anthropic",
        "call_type": "anthropic_messages",
    }
    failed = {"status": "failure", "cost_usd": "0", "http_status": 429, "error_type": "rate_limit_error"}
    events = [
        event("2026-02-01", **whose["a"]),
        event("2026-02-01", **whose["b"], **claude, cost_usd="2"),
        event("2026-02-02", **whose["a"], cost_usd="4"),
        event("2026-02-02", **whose["a"], **failed),
        event("2026-02-02", **whose["b"], **(failed | {"http_status": 500, "error_type": "api_error"})),
        event("2026-02-02", key_hash="of-nobody", cost_usd="0.5"),
        event("2026-02-09", **whose["a"], cost_usd="8"),
    ]
    ledger, today = Ledger(control.runtime.store), date(2026, 2, 9)
    await ledger.write([row_of(msgspec.json.encode(one), today) for one in events])
    return {name: key["token"] for name, key in made.items()} | {"own": own["key"], "a_key": made["a"]["key"]}


@pytest.mark.parametrize("name", ENTITIES)
async def test_days_are_told_with_sums_and_what_they_are_made_of(
    control: Any, world: dict[str, str], name: str
) -> None:
    doubled = 2 if name == "tag" else 1  # each call has two tags
    nobody = 0.5 if name == "user" else 0.0  # all users are told with what is nobody's
    found = (await control.get(f"/{name}/daily/activity?{SPAN}")).json()

    assert [day["date"] for day in found["results"]] == ["2026-02-02", "2026-02-01"]
    second, first = found["results"]
    assert first["metrics"]["spend"] == 3.0 * doubled
    assert second["metrics"]["spend"] == 4.0 * doubled + nobody
    assert second["metrics"]["failed_requests"] == 2 * doubled
    parts = first["breakdown"]
    assert parts["models"]["claude-5"]["metrics"]["spend"] == 2.0 * doubled
    assert parts["model_groups"]["claude"]["metrics"]["spend"] == 2.0 * doubled
    assert parts["providers"]["openai"]["metrics"]["total_tokens"] == 15 * doubled
    assert parts["endpoints"]["/v1/messages"]["metrics"]["api_requests"] == doubled
    assert parts["api_keys"][world["b"]]["metrics"]["spend"] == 2.0 * doubled
    assert parts["api_keys"][world["b"]]["metadata"] == {
        "key_alias": "key-b",
        "team_id": "t-b",
        "user_id": "u-b",
        "user_email": "b@example.com",
        "key_exists": True,
    }
    assert set(parts["models"]["claude-5"]["api_key_breakdown"]) == {world["b"]}
    assert found["metadata"]["total_spend"] == 7.0 * doubled + nobody
    assert found["metadata"]["total_tokens"] == 15 * (5 * doubled + (1 if nobody else 0))


async def test_entities_are_told_by_their_names(control: Any, world: dict[str, str]) -> None:
    ids = {
        "team": ("t-a", {"team_alias": "Team a"}),
        "organization": ("o-a", {"organization_alias": "Org a"}),
        "user": ("u-a", {"user_email": "a@example.com", "user_alias": None}),
        "customer": ("c-a", {"alias": None}),
        "tag": ("tag-a", {}),
        "agent": ("agent-a", {}),
    }
    for name, (id, metadata) in ids.items():
        found = (await control.get(f"/{name}/daily/activity?{SPAN}")).json()
        entity = found["results"][1]["breakdown"]["entities"][id]
        assert entity["metadata"] == metadata, name
        assert entity["metrics"]["spend"] == 1.0
        assert set(entity["api_key_breakdown"]) == {world["a"]}


async def test_days_come_in_pages_whose_totals_are_of_all(control: Any, world: dict[str, str]) -> None:
    page = (await control.get(f"/team/daily/activity?{SPAN}&page=2&page_size=1")).json()

    assert [day["date"] for day in page["results"]] == ["2026-02-01"]
    meta = page["metadata"]
    assert (meta["total_pages"], meta["has_more"], meta["total_spend"]) == (2, False, 7.0)


async def test_activity_is_cut_to_what_is_named(control: Any, world: dict[str, str]) -> None:
    for query, spend in (
        ("team_ids=t-b,t-c", 2.0),
        ("exclude_team_ids=t-a", 2.0),
        ("model=gpt", 5.0),
        ("model=gpt-4o", 5.0),
        (f"api_key={world['a']}", 5.0),
        (f"api_key={world['a']}&model=claude", 0.0),
        (f"api_key={world['a']}&exclude_team_ids=t-a", 0.0),
    ):
        for more in ("", "/aggregated"):
            found = (await control.get(f"/team/daily/activity{more}?{SPAN}&{query}")).json()
            assert found["metadata"]["total_spend"] == spend, (query, more)
            told = [day["metrics"]["spend"] for day in found["results"]]
            assert sum(told) == spend
            within = [
                one["metrics"]["spend"]
                for day in found["results"]
                for one in day["breakdown"]["api_keys"].values()
            ]
            assert sum(within) == spend
    tagged = (await control.get(f"/tag/daily/activity?{SPAN}&tags=both&api_key={world['b']}")).json()
    assert tagged["metadata"]["total_spend"] == 2.0


async def test_only_the_dearest_keys_are_listed_and_sums_are_of_all(
    control: Any, world: dict[str, str]
) -> None:
    found = (await control.get(f"/team/daily/activity/aggregated?{SPAN}&api_key_limit=1")).json()

    listed = {key for day in found["results"] for key in day["breakdown"]["api_keys"]}
    assert listed == {world["a"]}
    assert found["metadata"]["total_spend"] == 7.0
    assert found["metadata"]["total_api_keys"] == 2


async def test_keys_are_told_one_by_one(control: Any, world: dict[str, str]) -> None:
    path = "/daily/activity/aggregated"
    for name in ENTITIES:
        double = 2 if name == "tag" else 1
        page = (await control.get(f"/{name}{path}/keys?{SPAN}&limit=1&offset=1")).json()
        assert page["total_api_keys"] == (3 if name == "user" else 2), name
        assert page["api_keys"][0]["api_key"] == world["b"]
        assert page["api_keys"][0]["metrics"]["spend"] == 2.0 * double
        found = (await control.get(f"/{name}{path}/search?{SPAN}&search=KEY-b")).json()["api_keys"]
        assert [row["metadata"]["key_alias"] for row in found] == ["key-b"]
        top = (await control.get(f"/{name}{path}/model_top_keys?{SPAN}&model_group=gpt")).json()
        assert top["api_keys"][0]["api_key"] == world["a"]
        of = f"{SPAN}&model_group=claude-5&by_model_group=false"
        top = (await control.get(f"/{name}{path}/model_top_keys?{of}")).json()
        assert [row["api_key"] for row in top["api_keys"]] == [world["b"]]
    none = (await control.get(f"/team{path}/search?{SPAN}&search=nothing-like-it")).json()
    assert none == {"api_keys": []}
    users = (await control.get(f"/user{path}/users?{SPAN}")).json()
    assert [(row["user_id"], row["spend"]) for row in users["users"]] == [
        ("u-a", 5.0),
        ("u-b", 2.0),
        (None, 0.5),
    ]
    assert users["users"][0]["user_email"] == "a@example.com"


async def test_an_export_is_a_file_whose_sums_are_those_of_the_ledger(
    control: Any, world: dict[str, str]
) -> None:
    for name in ENTITIES:
        expected = Decimal(14 if name == "tag" else "7.5" if name == "user" else 7)
        for kind in ("daily", "daily_with_keys", "daily_with_models", "daily_with_users"):
            path = f"/{name}/daily/activity/export?{SPAN}&export_type={kind}"
            answer = await control.get(path)
            assert answer.headers["content-type"].startswith("text/csv")
            assert f"{name}-usage-2026-02-01-2026-02-03-{kind}.csv" in answer.headers["content-disposition"]
            rows = list(csv.DictReader(answer.body.decode().splitlines()))
            assert sum(Decimal(row["spend"]) for row in rows) == expected, (name, kind)
            found = (await control.get(f"{path}&format=json")).json()
            assert sum(Decimal(str(row["spend"])) for row in found) == expected
            assert bool(rows[0]["api_key"]) == ("keys" in kind or "models" in kind)
    assert (await control.get(f"/team/daily/activity/export?{SPAN}&format=xml")).status == 400


async def test_a_caller_is_told_of_what_is_theirs(control: Any, world: dict[str, str]) -> None:
    mine = (await control.get(f"/user/daily/activity?{SPAN}", key=world["own"])).json()
    assert mine["metadata"]["total_spend"] == 5.0
    others = (await control.get(f"/user/daily/activity?{SPAN}&user_id=u-b", key=world["own"])).json()
    assert others["metadata"]["total_spend"] == 0.0
    found = (await control.get(f"/global/activity?{SPAN}", key=world["own"])).json()
    assert found["sum_api_requests"] == 3
    hits = (await control.get(f"/global/activity/cache_hits?{SPAN}", key=world["own"])).json()
    assert hits["totals"]["failed_requests"] == 1
    assert hits["filter_options"]["key_aliases"] == ["key-a"]
    for path in ("/global/activity/exceptions?model_group=gpt&", "/gateway/errors/activity?"):
        assert (await control.get(f"{path}{SPAN}", key=world["own"])).status == 403


async def test_calls_are_counted_by_day_and_by_model(control: Any, world: dict[str, str]) -> None:
    assert (await control.get(f"/global/activity?{SPAN}")).json() == {
        "daily_data": [
            {"date": "Feb 01", "api_requests": 2, "total_tokens": 30},
            {"date": "Feb 02", "api_requests": 4, "total_tokens": 60},
        ],
        "sum_api_requests": 6,
        "sum_total_tokens": 90,
    }
    models = (await control.get(f"/global/activity/model?{SPAN}")).json()
    assert [(one["model"], one["sum_api_requests"]) for one in models] == [("gpt", 5), ("claude", 1)]


async def test_failures_are_told_by_place_status_and_owner(control: Any, world: dict[str, str]) -> None:
    one_day = {"date": "Feb 02", "num_rate_limit_exceptions": 1}
    refused = (await control.get(f"/global/activity/exceptions?{SPAN}&model_group=gpt")).json()
    assert refused == {"daily_data": [one_day], "sum_num_rate_limit_exceptions": 1}
    placed = (await control.get(f"/global/activity/exceptions/deployment?{SPAN}&model_group=gpt")).json()
    assert placed == [
        {"api_base": "https://one", "daily_data": [one_day], "sum_num_rate_limit_exceptions": 1}
    ]
    errors = (await control.get(f"/gateway/errors/activity?{SPAN}")).json()
    assert (errors["total_successful_requests"], errors["total_failed_requests"]) == (4, 2)
    assert errors["by_date"][1]["client_errors"] == 1 and errors["by_date"][1]["server_errors"] == 1
    assert [(one["id"], one["label"], one["top_status_code"]) for one in errors["by_team"]] == [
        ("t-a", "Team a", 429),
        ("t-b", "Team b", 500),
    ]
    assert {one["label"] for one in errors["by_key"]} == {"key-a", "key-b"}
    assert {one["label"] for one in errors["by_user"]} == {"a@example.com", "b@example.com"}
    assert [one["id"] for one in errors["by_model"]] == ["gpt"]
    daily = (await control.get(f"/gateway/daily/activity?{SPAN}")).json()
    assert daily["by_status_code"] == [
        {"status_code": 429, "failed_requests": 1},
        {"status_code": 500, "failed_requests": 1},
    ]
    assert daily["by_route"][0] == {
        "category": "acompletion",
        "route": "/chat/completions",
        "successful_requests": 3,
        "failed_requests": 2,
    }


async def test_calls_are_told_by_kind_with_how_they_failed(control: Any, world: dict[str, str]) -> None:
    found = (await control.get(f"/global/activity/cache_hits?{SPAN}")).json()

    assert [group["call_type"] for group in found["groups"]] == ["acompletion", "anthropic_messages"]
    assert found["totals"]["api_requests"] == 4
    assert found["filter_options"]["models"] == ["claude", "gpt"]
    assert {(one["error_code"], one["error_class"]) for one in found["error_breakdown"]} == {
        ("429", "rate_limit_error"),
        ("500", "api_error"),
    }
    cut = f"/global/activity/cache_hits?{SPAN}&key_aliases=key-a&key_aliases=none&models=gpt"
    assert (await control.get(cut)).json()["totals"]["api_requests"] == 2


async def test_a_span_must_be_named_and_may_not_be_endless(control: Any) -> None:
    for query, status in (
        ("", 400),
        ("start_date=2026-02-01", 400),
        ("start_date=1000-01-01&end_date=2026-01-01", 400),
        ("start_date=2026-02-03&end_date=2026-02-01", 400),
        ("start_date=soon&end_date=2026-01-01", 422),
        (f"{SPAN}&page=0", 422),
    ):
        assert (await control.get(f"/team/daily/activity?{query}")).status == status, query


async def test_today_in_the_callers_zone_takes_the_running_day_of_utc_in(control: Any) -> None:
    ledger, now = Ledger(control.runtime.store), datetime.now(UTC)
    today = str(now.date())
    one = event(today, key_hash="k-today", team_id="t-today", cost_usd="3", id=str(uuid_utils.uuid7()))
    await ledger.write([row_of(msgspec.json.encode(one), now.date())])
    behind = 12 * 60 + now.hour * 60 + now.minute  # where it is still yesterday
    local = datetime.fromtimestamp(now.timestamp() - behind * 60, UTC).date()
    span = f"start_date={local}&end_date={local}&team_ids=t-today&timezone={behind}"

    without = (await control.get(f"/team/daily/activity?{span}")).json()
    assert without["metadata"]["total_spend"] == 0.0
    with_it = (await control.get(f"/team/daily/activity?{span}&include_current_utc_day=true")).json()
    assert with_it["metadata"]["total_spend"] == 3.0
