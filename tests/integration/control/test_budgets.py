"""Budgets, and the customers and tags that are held to them, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_budget_is_made_changed_shown_and_deleted(control: Any) -> None:
    made = (
        await control.post("/budget/new", {"budget_id": "b", "max_budget": 5, "budget_duration": "1d"})
    ).json()
    assert (made["budget_id"], made["max_budget"], made["budget_duration"]) == ("b", 5.0, "1d")
    assert made["budget_reset_at"] is not None and made["created_by"] == "default_user_id"
    changed = (await control.post("/budget/update", {"budget_id": "b", "rpm_limit": 3})).json()
    assert (changed["max_budget"], changed["rpm_limit"]) == (5.0, 3)
    assert [one["rpm_limit"] for one in (await control.post("/budget/info", {"budgets": ["b"]})).json()] == [
        3
    ]
    fields = {one["field_name"]: one for one in (await control.get("/budget/settings?budget_id=b")).json()}
    assert fields["rpm_limit"]["field_value"] == 3 and fields["rpm_limit"]["stored_in_db"] is True
    assert (await control.post("/budget/new", {"budget_id": "b"})).status == 400
    assert (await control.post("/budget/delete", {"id": "b"})).json()["budget_id"] == "b"
    assert (await control.get("/budget/list")).json() == []
    for path, body in (("/budget/update", {"budget_id": "b"}), ("/budget/delete", {"id": "b"})):
        assert (await control.post(path, body)).status == 400
    assert (await control.post("/budget/new", {"max_budget": -1})).error["param"] == "max_budget"


async def test_an_organizations_budget_by_the_paths_of_other_gateways(control: Any) -> None:
    await control.post("/org/create", {"name": "Acme", "slug": "acme", "max_budget": 10})
    async with control.runtime.store.connection() as db:
        await db.execute(
            "INSERT INTO spend_totals (scope, scope_id, spend_usd) VALUES ('organization', 'acme', 4)"
        )
        await db.execute(
            "INSERT INTO spend_daily (day, scope, scope_id, model, provider, spend_usd, requests)"
            " VALUES (now()::date, 'organization', 'acme', 'm', 'p', 4, 2)"
        )
    budget = (await control.get("/budget/org/acme")).json()
    assert (budget["max_budget"], budget["spend"], budget["remaining"]) == (10.0, 4.0, 6.0)
    answer = await control.post("/budget/org/acme/set", {"max_budget": 3})
    assert answer.status == 200 and (answer.json()["max_budget"], answer.json()["remaining"]) == (3.0, 0.0)
    assert (await control.record("organization", "acme"))["limits"]["max_budget"] == "3"
    [day] = (await control.get("/budget/logs?org_id=acme&days=7")).json()["logs"]
    assert (day["spend"], day["requests"]) == (4.0, 2)
    assert (await control.get("/budget/org/nowhere")).status == 404
    assert (await control.get("/budget/logs?org_id=acme&days=0")).status == 422


@pytest.mark.parametrize("name", ["customer", "end_user"])
async def test_a_customer_is_made_changed_blocked_and_deleted(control: Any, name: str) -> None:
    made = (
        await control.post(f"/{name}/new", {"user_id": name, "alias": "a", "max_budget": 2, "models": ["m"]})
    ).json()
    assert (made["user_id"], made["alias"], made["models"]) == (name, "a", ["m"])
    assert made["litellm_budget_table"]["max_budget"] == 2.0 and made["spend"] == 0.0
    changed = (await control.post(f"/{name}/update", {"user_id": name, "max_budget": 7})).json()
    assert (changed["budget_id"], changed["alias"]) == (made["budget_id"], "a")
    assert changed["litellm_budget_table"]["max_budget"] == 7.0
    blocked = (await control.post(f"/{name}/block", {"user_ids": [name, f"{name}-new"]})).json()
    assert {one["user_id"] for one in blocked["blocked_users"]} == {name, f"{name}-new"}
    record = await control.record("customer", name)
    assert record.pop("limits")["max_budget"] == "7"
    assert record == {"id": name, "models": ["m"], "blocked": True}
    assert (await control.get(f"/{name}/info?end_user_id={name}")).json()["blocked"] is True
    assert (await control.post(f"/{name}/unblock", {"user_ids": [name]})).json() == {"blocked_users": []}
    assert [one["user_id"] for one in (await control.get(f"/{name}/list?search={name}-n")).json()] == [
        f"{name}-new"
    ]
    again = await control.post(f"/{name}/new", {"user_id": name})
    assert (again.status, again.error["param"]) == (400, "user_id")
    gone = await control.post(f"/{name}/delete", {"user_ids": [name, f"{name}-new"]})
    assert gone.json()["deleted_customers"] == 2
    assert (await control.get(f"/{name}/info?end_user_id={name}")).status == 404
    assert (await control.post(f"/{name}/update", {"user_id": name})).status == 404


async def test_a_customer_is_held_to_a_budget_that_is_named(control: Any) -> None:
    await control.post("/budget/new", {"budget_id": "shared", "max_budget": 1})
    made = (await control.post("/customer/new", {"user_id": "c", "budget_id": "shared"})).json()
    assert made["litellm_budget_table"]["budget_id"] == "shared"
    both = await control.post("/customer/new", {"user_id": "d", "budget_id": "shared", "max_budget": 2})
    assert both.status == 400
    unknown = await control.post("/customer/new", {"user_id": "d", "budget_id": "nowhere"})
    assert unknown.status == 400
    await control.post("/budget/delete", {"id": "shared"})
    assert (await control.get("/customer/info?end_user_id=c")).json()["budget_id"] is None


async def test_a_tag_is_made_changed_listed_and_deleted(control: Any) -> None:
    made = (await control.post("/tag/new", {"name": "t", "models": ["m"], "max_budget": 3})).json()
    assert made["message"] and made["tag"]["litellm_budget_table"]["max_budget"] == 3.0
    changed = (await control.post("/tag/update", {"name": "t", "description": "d"})).json()["tag"]
    assert (changed["description"], changed["models"]) == ("d", ["m"])
    async with control.runtime.store.connection() as db:
        await db.execute("INSERT INTO spend_totals (scope, scope_id, spend_usd) VALUES ('tag', 'used', 1)")
        await db.execute("INSERT INTO spend_totals (scope, scope_id, spend_usd) VALUES ('tag', 't', 2)")
    assert [tag["name"] for tag in (await control.get("/tag/list")).json()] == ["t", "used"]
    assert (await control.post("/tag/info", {"names": ["t"]})).json()["t"]["spend"] == 2.0
    assert (await control.post("/tag/info", {"names": ["t", "lost"]})).status == 404
    assert (await control.post("/tag/new", {"name": "t"})).status == 400
    assert (await control.post("/tag/delete", {"name": "t"})).status == 200
    assert (await control.post("/tag/delete", {"name": "t"})).status == 404


async def test_a_change_of_a_budget_reaches_the_records_of_all_who_are_held_to_it(control: Any) -> None:
    await control.post("/budget/new", {"budget_id": "shared", "max_budget": 1, "rpm_limit": 5})
    key = (await control.post("/key/generate", {"budget_id": "shared", "max_budget": 9})).json()
    await control.post("/organization/new", {"organization_id": "o-shared", "organization_alias": "o"})
    await control.post("/organization/update", {"organization_id": "o-shared", "budget_id": "shared"})
    await control.post("/customer/new", {"user_id": "c-shared", "budget_id": "shared"})
    await control.post("/tag/new", {"name": "t-shared", "budget_id": "shared"})
    of_customers = (await control.post("/key/generate", {"end_user_budget_id": "shared"})).json()

    await control.post("/budget/update", {"budget_id": "shared", "max_budget": 2, "budget_duration": "1d"})

    own = (await control.record("key", key["token"]))["limits"]
    assert (own["max_budget"], own["rpm"], own["duration"]) == ("9", 5, "1d")
    for kind, id in (("organization", "o-shared"), ("customer", "c-shared"), ("tag", "t-shared")):
        limits = (await control.record(kind, id))["limits"]
        assert (limits["max_budget"], limits["rpm"], limits["duration"]) == ("2", 5, "1d"), kind
    assert (await control.record("key", of_customers["token"]))["customer_limits"]["max_budget"] == "2"

    await control.post("/budget/delete", {"id": "shared"})
    assert "limits" not in await control.record("customer", "c-shared")
    assert await control.record("tag", "t-shared") is None


async def test_limits_by_model_and_of_members_are_part_of_records(control: Any) -> None:
    await control.post("/team/new", {"team_id": "t-lim", "team_member_budget": 3, "budget_limits": [
        {"budget_duration": "1d", "max_budget": 1.5}]})  # fmt: skip
    await control.post(
        "/team/member_add", {"team_id": "t-lim", "member": {"role": "user", "user_id": "u-lim"}}
    )
    models = {"gpt": {"budget_limit": "0.5", "time_period": "1d"}, "other": 2}
    said = {"team_id": "t-lim", "user_id": "u-lim", "model_max_budget": models, "model_rpm_limit": {"gpt": 7}}
    key = (await control.post("/key/generate", said)).json()
    await control.post("/team/member_update", {"team_id": "t-lim", "user_id": "u-lim", "rpm_limit": 4})

    record = await control.record("key", key["token"])
    member = record["member"]
    assert (member["rpm"], member["carried"], set(member)) == (4, True, {"rpm", "carried", "made", "changed"})
    assert record["limits"]["models"] == [
        {"model": "gpt", "max_budget": "0.5", "duration": "1d", "rpm": 7},
        {"model": "other", "max_budget": "2"},
    ]
    team = await control.record("team", "t-lim")
    assert team["limits"]["windows"] == [{"max_budget": "1.5", "duration": "1d"}]
    assert team["member"]["max_budget"] == "3"


async def test_nobody_is_held_to_a_budget_that_is_not_there(control: Any) -> None:
    await control.post("/budget/new", {"budget_id": "there", "max_budget": 5})
    key = (await control.made_key(budget_id="there"))["key"]
    await control.post("/organization/new", {"organization_id": "o-held", "organization_alias": "o"})
    organization = {"organization_id": "o-held", "budget_id": "nowhere"}
    for method, path, body, name in (
        ("POST", "/key/generate", {"budget_id": "nowhere"}, "budget_id"),
        ("POST", "/key/generate", {"end_user_budget_id": "nowhere"}, "end_user_budget_id"),
        ("POST", "/key/update", {"key": key, "budget_id": "nowhere"}, "budget_id"),
        ("POST", "/organization/new", {"organization_alias": "p", "budget_id": "nowhere"}, "budget_id"),
        ("PATCH", "/organization/update", organization, "budget_id"),
    ):
        refused = await control.call(method, path, body)
        assert (refused.status, refused.error["param"]) == (400, name), path
    # One that was deleted since stands in no one's way.
    assert (await control.post("/budget/delete", {"id": "there"})).status == 200
    same = {"key": key, "budget_id": "there", "key_alias": "renamed"}
    assert (await control.post("/key/update", same)).status == 200
