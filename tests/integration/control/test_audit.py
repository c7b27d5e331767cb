"""The audit log over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_change_is_told_with_who_from_where_before_and_after(control: Any) -> None:
    headers = {"x-forwarded-for": "198.51.100.1, 203.0.113.9", "litellm-changed-by": "ann"}
    team = (await control.post("/team/new", {"team_alias": "a"}, headers=headers)).json()["team_id"]
    await control.post("/team/update", {"team_id": team, "team_alias": "b"})

    found = (await control.get(f"/audit?object_id={team}&table_name=LiteLLM_TeamTable")).json()

    assert (found["total"], found["page"], found["total_pages"]) == (2, 1, 1)
    updated, created = found["audit_logs"]
    assert (created["action"], created["changed_by"], created["before_value"]) == ("created", "ann", None)
    assert (updated["action"], updated["changed_by"]) == ("updated", "default_user_id")
    assert (updated["before_value"]["alias"], updated["updated_values"]["alias"]) == ("a", "b")
    one = (await control.get(f"/audit/{created['id']}")).json()
    assert (one["ip"], one["route"], one["action"]) == ("203.0.113.9", "POST /team/new", "team:new")
    assert one["actor"] == "default_user_id" and one["acted_for"] == "ann"


async def test_filters_go_by_either_name(control: Any) -> None:
    made = await control.made_key(key_alias="watched")
    await control.post("/key/block", {"key": made["key"]})
    for query in (
        "action=blocked",
        "action=key:block",
        "object_key_hash=" + made["token"] + "&action=blocked",
    ):
        found = (await control.get(f"/audit?object_id={made['token']}&{query}")).json()
        assert [log["action"] for log in found["audit_logs"]] == ["blocked"], query
    none = (await control.get(f"/audit?object_id={made['token']}&start_date=2999-01-01")).json()
    assert none["total"] == 0
    assert (await control.get("/audit?page_size=1000")).status == 422


async def test_an_organizations_log_is_told_by_the_names_of_other_gateways(control: Any) -> None:
    await control.post("/org/create", {"name": "Acme", "slug": "acme"})
    await control.post("/team/create", {"name": "core", "slug": "acme-core", "org_id": "acme"})
    made = await control.made_key(team_id="acme-core")

    logs = (await control.get("/audit/logs?org_id=acme&days=1")).json()["logs"]

    assert [log["action"] for log in logs] == ["key:generate", "team:new", "org:create"]
    [log] = (await control.get("/audit/logs?org_id=acme&action=org:create")).json()["logs"]
    assert log["after"]["alias"] == "Acme" and log["actor_role"] == "proxy_admin"
    assert made["key"] not in str(logs)


async def test_a_log_that_is_not_there(control: Any) -> None:
    for id in ("999999", "nonsense", "9" * 40):
        assert (await control.get(f"/audit/{id}")).status == 404


async def test_a_change_that_fails_leaves_no_trace(control: Any) -> None:
    await control.made_key(key_alias="kept")
    before = (await control.get("/audit?action=key:generate")).json()["total"]
    assert (await control.post("/key/generate", {"key_alias": "kept"})).status == 400
    assert (await control.get("/audit?action=key:generate")).json()["total"] == before
