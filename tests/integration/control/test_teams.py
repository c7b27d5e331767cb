"""Teams over HTTP: changes, members, models, permissions, lists."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def made(control: Any, **fields: Any) -> str:
    answer = await control.post("/team/new", fields)
    assert answer.status == 200, answer.body
    return answer.json()["team_id"]


async def test_an_update_changes_what_it_names_and_nothing_else(control: Any) -> None:
    team = await made(control, team_alias="a", models=["m"], max_budget=5, tags=["x"], metadata={"k": 1})
    answer = await control.post(
        "/team/update", {"team_id": team, "team_alias": "b", "max_budget": None, "guardrails": ["g"]}
    )
    assert answer.status == 200 and answer.json()["team_id"] == team
    data = answer.json()["data"]
    assert (data["team_alias"], data["max_budget"], data["models"]) == ("b", None, ["m"])
    assert data["metadata"] == {"k": 1, "tags": ["x"], "guardrails": ["g"]}
    assert (await control.record("team", team))["alias"] == "b"
    patched = await control.call("PATCH", f"/team/{team}", {"models": []})
    assert patched.json()["models"] == [] and patched.json()["team_alias"] == "b"


async def test_a_blocked_team_is_published_and_let_in_again(control: Any) -> None:
    team = await made(control)
    key = await control.made_key(team_id=team)
    assert (await control.post("/team/block", {"team_id": team})).json()["blocked"] is True
    assert (await control.record("team", team))["blocked"] is True
    assert (await control.get("/key/info", key=key["key"])).status == 401
    assert (await control.post("/team/unblock", {"team_id": team})).json()["blocked"] is False
    assert (await control.get("/key/info", key=key["key"])).status == 200


async def test_teams_go_with_their_keys_all_or_none(control: Any) -> None:
    team = await made(control)
    key = await control.made_key(team_id=team)
    assert (await control.post("/team/delete", {"team_ids": [team, "nowhere"]})).status == 404
    assert (await control.get(f"/team/info?team_id={team}")).status == 200
    answer = await control.post("/team/delete", {"team_ids": [team]})
    assert (answer.status, answer.json()) == (200, {"deleted_teams": [team]})
    assert await control.record("team", team) is None
    assert await control.record("key", key["token"]) is None


async def test_members_come_change_and_go_with_their_keys(control: Any) -> None:
    team = await made(control)
    member = {"role": "user", "user_email": "new@example.org"}
    added = await control.post(
        "/team/member_add", {"team_id": team, "member": member, "max_budget_in_team": 7}
    )
    assert added.status == 200
    user_id = added.json()["updated_users"][0]["user_id"]
    [membership] = added.json()["updated_team_memberships"]
    assert membership["litellm_budget_table"]["max_budget"] == 7.0
    again = await control.post("/team/member_add", {"team_id": team, "member": [member]})
    assert (again.status, again.error["type"]) == (400, "team_member_already_in_team")
    changed = await control.post(
        "/team/member_update", {"team_id": team, "user_id": user_id, "role": "admin", "rpm_limit": 3}
    )
    assert (changed.json()["role"], changed.json()["rpm_limit"]) == ("admin", 3)
    assert changed.json()["max_budget_in_team"] == 7.0
    key = await control.made_key(team_id=team, user_id=user_id)
    gone = await control.post("/team/member_delete", {"team_id": team, "user_email": "new@example.org"})
    assert gone.status == 200 and gone.json()["members"] == []
    assert await control.record("key", key["token"]) is None
    assert (await control.post("/team/member_delete", {"team_id": team, "user_id": user_id})).status == 404
    assert (await control.post("/team/member_delete", {"team_id": team})).status == 400


async def test_many_members_at_once_and_who_could_not_be_added(control: Any) -> None:
    team = await made(control, members=["there"])
    members = [{"role": "user", "user_id": name} for name in ("there", "new-1", "new-2")]
    answer = (await control.post("/team/bulk_member_add", {"team_id": team, "members": members})).json()
    assert (answer["successful_additions"], answer["failed_additions"]) == (2, 1)
    assert [result["success"] for result in answer["results"]] == [False, True, True]
    assert set(answer["updated_team"]["members"]) == {"there", "new-1", "new-2"}


async def test_models_are_added_and_taken_away(control: Any) -> None:
    team = await made(control, models=["a"])
    added = await control.post("/team/model/add", {"team_id": team, "models": ["b", "a"]})
    assert added.json()["models"] == ["a", "b"]
    taken = await control.post("/team/model/delete", {"team_id": team, "models": ["a"]})
    assert taken.json()["models"] == ["b"]
    last = await control.post("/team/model/delete", {"team_id": team, "models": ["b"]})
    assert last.status == 400 and (await control.record("team", team))["models"] == ["b"]


async def test_members_may_what_their_team_lets_them(control: Any) -> None:
    key = (await control.post("/user/new", {"user_id": "helper"})).json()["key"]
    team = await made(control, members=["helper"])
    assert (await control.post("/key/generate", {"team_id": team}, key=key)).status == 403
    permissions = ["/key/generate", "/key/delete"]
    granted = await control.post(
        "/team/permissions_update", {"team_id": team, "team_member_permissions": permissions}
    )
    assert granted.json()["team_member_permissions"] == permissions
    listed = (await control.get(f"/team/permissions_list?team_id={team}")).json()
    assert listed["team_member_permissions"] == permissions
    assert "/key/update" in listed["all_available_permissions"]
    ours = await control.post("/key/generate", {"team_id": team}, key=key)
    assert ours.status == 200
    token = ours.json()["token"]
    assert (await control.post("/key/update", {"key": token, "models": ["m"]}, key=key)).status == 403
    assert (await control.post("/key/delete", {"keys": [token]}, key=key)).status == 200
    foreign = await control.made_key(team_id=team, user_id="somebody")
    assert (await control.post("/key/delete", {"keys": [foreign["token"]]}, key=key)).status == 403
    wrong = {"team_id": team, "team_member_permissions": ["/team/delete"]}
    assert (await control.post("/team/permissions_update", wrong)).status == 422


async def test_a_team_admin_sets_no_limits(control: Any) -> None:
    key = (await control.post("/user/new", {"user_id": "chief"})).json()["key"]
    team = await made(control, admins=["chief"], max_budget=5)
    assert (await control.post("/team/update", {"team_id": team, "team_alias": "x"}, key=key)).status == 200
    same = {"team_id": team, "max_budget": 5, "team_alias": "y"}
    assert (await control.post("/team/update", same, key=key)).status == 200
    for field, value in (("max_budget", 50), ("rpm_limit", 9), ("blocked", True)):
        answer = await control.post("/team/update", {"team_id": team, field: value}, key=key)
        assert answer.status == 403, field


async def test_teams_are_listed_by_pages_and_filters(control: Any) -> None:
    for number in range(3):
        await made(control, team_alias=f"list-{number}", members=["lister"] if number else [])
    page = (await control.get("/v2/team/list?search=list-&page_size=2")).json()
    assert [team["team_alias"] for team in page["teams"]] == ["list-0", "list-1"]
    assert (page["total"], page["total_pages"], page["page"], page["page_size"]) == (3, 2, 1, 2)
    last = (await control.get("/v2/team/list?search=list-&page_size=2&page=2&sort_order=desc")).json()
    assert [team["team_alias"] for team in last["teams"]] == ["list-0"]
    mine = (await control.get("/team/list?user_id=lister")).json()
    assert [team["team_alias"] for team in mine] == ["list-1", "list-2"]
    assert mine[0]["keys"] == [] and mine[0]["members_count"] == 1
    assert (await control.get("/v2/team/list?sort_by=colour")).status == 422
    assert (await control.get("/team/available")).json() == []


async def test_a_bad_change_leaves_the_team_as_it_was(control: Any) -> None:
    team = await made(control, team_alias="same")
    for body in ({"max_budget": -1}, {"organization_id": "nowhere"}, {"budget_duration": "soon"}):
        answer = await control.post("/team/update", {"team_id": team, "team_alias": "other", **body})
        assert answer.status == 400, body
    assert (await control.record("team", team))["alias"] == "same"
    assert (await control.post("/team/update", {"team_id": "nowhere"})).status == 404


async def test_teams_are_listed_in_any_order(control: Any) -> None:
    wanted = {"first": 2, "second": 3, "third": 1}
    for name, most in wanted.items():
        team = {"team_id": f"order-{name}", "team_alias": f"In order {name}", "max_budget": most}
        assert (await control.post("/team/new", team)).status == 200

    async def names(order: str) -> list[str]:
        teams = (await control.get(f"/v2/team/list?search=In order&{order}")).json()["teams"]
        return [team["team_alias"].removeprefix("In order ") for team in teams]

    assert await names("sort_by=max_budget") == ["third", "first", "second"]
    assert await names("sort_by=max_budget&sort_order=desc") == ["second", "first", "third"]
    assert await names("sort_by=created_at&sort_order=desc") == ["third", "second", "first"]
    for column in ("team_alias", "updated_at", "organization_id", "spend"):
        assert await names(f"sort_by={column}&sort_order=asc") == ["first", "second", "third"], column
