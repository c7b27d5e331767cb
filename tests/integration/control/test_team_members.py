"""Members of teams many at once, their own view, their models, and the callbacks of a team."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def a_team(control: Any, *members: str, **fields: Any) -> str:
    roles = [{"user_id": name, "role": "user"} for name in members]
    answer = await control.post("/team/new", {"members_with_roles": roles, **fields})
    assert answer.status == 200, answer.body
    return answer.json()["team_id"]


async def test_many_members_get_limits_and_leave_each_told_of_alone(control: Any) -> None:
    team = await a_team(control, "many-1", "many-2")
    room = f"/management/v1/teams/{team}/members"
    changed = await control.post(
        f"{room}/bulk_update",
        {"members": [{"user_id": "many-1", "max_budget_in_team": 4, "rpm_limit": 2}, {"user_id": "nobody"}]},
    )
    first, second = changed.json()["data"]
    assert (first["success"], first["max_budget"], first["rpm_limit"]) == (True, 4.0, 2)
    assert (second["success"], "nobody" in second["error"]) == (False, True)
    key = await control.made_key(team_id=team, user_id="many-1")
    gone = await control.post(
        f"{room}/bulk_delete", {"members": [{"user_id": "many-1"}, {"user_id": "many-1"}]}
    )
    assert [one["success"] for one in gone.json()["data"]] == [True, False]
    assert await control.record("key", key["token"]) is None
    assert (await control.post(f"{room}/bulk_delete", {"members": []})).status == 422


async def test_limits_of_a_member_are_taken_back(control: Any) -> None:
    team = await a_team(control, "limited")
    body = {"team_id": team, "user_id": "limited"}
    await control.post("/team/member_update", body | {"max_budget_in_team": 4, "tpm_limit": 9})
    answer = await control.post(f"/team/{team}/member/limited/reset_budget")
    assert answer.json().items() >= {"team_id": team, "user_id": "limited", "budget_source": "none"}.items()
    [membership] = (await control.get(f"/team/info?team_id={team}")).json()["team_memberships"]
    budget = membership["litellm_budget_table"]
    assert (budget["max_budget"], budget["tpm_limit"]) == (None, None)
    assert (await control.post(f"/team/{team}/member/nobody/reset_budget")).status == 404


async def test_members_see_themselves(control: Any) -> None:
    key = (await control.post("/user/new", {"user_id": "myself", "user_email": "me@example.org"})).json()[
        "key"
    ]
    team, other = await a_team(control, "myself", team_alias="mine"), await a_team(control)
    me = (await control.get(f"/team/{team}/members/me", key=key)).json()
    assert (me["user_id"], me["role"], me["team_alias"]) == ("myself", "user", "mine")
    assert me["user_email"] == "me@example.org"
    assert (await control.get(f"/team/{other}/members/me", key=key)).status == 404
    unowned = (await control.made_key(team_id=team))["key"]
    assert (await control.get(f"/team/{team}/members/me", key=unowned)).status == 400


async def test_new_members_get_the_teams_share_of_models_and_no_more(control: Any) -> None:
    team = await a_team(control, models=["gpt", "claude"], default_team_member_models=["gpt"])
    for name, more in (("plain", {}), ("chosen", {"allowed_models": ["claude"]})):
        member = {"team_id": team, "member": {"user_id": name, "role": "user"}}
        assert (await control.post("/team/member_add", member | more)).status == 200
    assert (await control.record("team", team))["member_models"] == {"plain": ["gpt"], "chosen": ["claude"]}
    body = {"team_id": team, "user_id": "plain"}
    beyond = await control.post("/team/member_update", body | {"allowed_models": ["other"]})
    assert (beyond.status, beyond.error["param"]) == (400, "allowed_models")
    assert (await control.post("/team/member_update", body | {"allowed_models": None})).status == 200
    assert (await control.record("team", team))["member_models"] == {"chosen": ["claude"]}


async def test_a_teams_callbacks_are_kept_without_their_credentials(control: Any) -> None:
    team = await a_team(control)
    path = f"/team/{team}/callback"
    named = {"langfuse_public_key": "pk-visible", "langfuse_secret_key": "very-hidden", "langfuse_host": "h"}
    body = {"callback_name": "langfuse", "callback_type": "success", "callback_vars": named}
    added = await control.post(path, body)
    assert (added.status, added.json()["status"]) == (200, "success")
    again = await control.post(path, body)
    assert (again.status, again.error["param"]) == (400, "callback_name")
    await control.post(path, {"callback_name": "s3", "callback_vars": {}})
    shown = await control.get(path)
    assert shown.json()["data"]["success_callbacks"] == ["langfuse", "s3"]
    assert shown.json()["data"]["failure_callbacks"] == ["s3"]
    assert shown.json()["data"]["callback_vars"]["langfuse_host"] == "h"
    info, log = await control.get(f"/team/info?team_id={team}"), await control.get(f"/audit?object_id={team}")
    for answer in (added, shown, info, log):
        assert b"very-hidden" not in answer.body
    reference = {"callback_name": "x", "callback_vars": {"langfuse_secret_key": "os.environ/DATABASE_URL"}}
    assert (await control.post(path, reference)).status == 400


async def test_callbacks_are_taken_away_one_by_one_or_all(control: Any) -> None:
    team = await a_team(control)
    path = f"/team/{team}/callback"
    for name in ("one", "two", "three"):
        await control.post(path, {"callback_name": name, "callback_vars": {}})
    gone = await control.call("DELETE", f"{path}/two")
    assert gone.json()["data"]["success_callbacks"] == ["one", "three"]
    assert (await control.call("DELETE", f"{path}/two")).status == 404
    disabled = await control.post(f"/team/{team}/disable_logging")
    assert disabled.json()["data"].items() >= {"success_callbacks": [], "failure_callbacks": []}.items()
    assert (await control.get(path)).json()["data"]["success_callbacks"] == []
    assert (await control.get("/team/none/callback")).status == 404


async def test_one_change_reaches_many_keys_of_a_team_and_of_no_other(control: Any) -> None:
    team, other = await a_team(control), await a_team(control)
    keys = [(await control.made_key(team_id=team))["token"] for _ in range(2)]
    stranger = (await control.made_key(team_id=other))["token"]
    fields = {"rpm_limit": 3, "tags": ["x"]}
    path = "/team/key/bulk_update"
    answer = await control.post(
        path, {"team_id": team, "key_ids": [*keys, stranger], "update_fields": fields}
    )
    assert {one["key"] for one in answer.json()["successful_updates"]} == set(keys)
    assert [one["key"] for one in answer.json()["failed_updates"]] == [stranger]
    every = await control.post(
        path, {"team_id": team, "all_keys_in_team": True, "update_fields": {"rpm_limit": 4}}
    )
    assert every.json()["total_requested"] == 2
    assert (await control.get(f"/key/info?key={keys[0]}")).json()["info"]["rpm_limit"] == 4
    for wrong in ({"key_ids": []}, {"all_keys_in_team": True, "key_ids": keys}, {"key_ids": keys}):
        empty = {} if wrong.get("key_ids") == keys and len(wrong) == 1 else {"rpm_limit": 1}
        assert (await control.post(path, {"team_id": team, "update_fields": empty} | wrong)).status == 422
    owner = {"team_id": team, "key_ids": keys, "update_fields": {"user_id": "somebody"}}
    assert (await control.post(path, owner)).status == 422


async def test_teams_are_found_by_a_part_of_their_name(control: Any) -> None:
    team = await a_team(control, team_id="needle-in-hay", team_alias="Haystack")
    for query in ("team_id=NEEDLE", "team_alias=stack"):
        found = (await control.get(f"/team/filter/ui?{query}")).json()
        assert [one["team_id"] for one in found] == [team], query


async def test_a_key_that_is_bound_to_addresses_or_a_blocked_project_administers_nothing(
    control: Any,
) -> None:
    near = (await control.made_key(allowed_ips=["10.0.0.0/8"]))["key"]
    for address, status in (("10.1.1.1", 200), ("6.6.6.6, 10.1.1.1", 200), ("10.1.1.1, 6.6.6.6", 403)):
        answer = await control.get("/key/info", key=near, headers={"x-forwarded-for": address})
        assert answer.status == status, address
    wrong = await control.post("/key/generate", {"allowed_ips": ["nowhere"]})
    assert (wrong.status, wrong.error["param"]) == (400, "allowed_ips")
    team = await a_team(control)
    project = (await control.post("/project/new", {"team_id": team, "blocked": True})).json()["project_id"]
    barred = (await control.made_key(team_id=team, project_id=project))["key"]
    assert (await control.get("/key/info", key=barred)).status == 401


async def test_nobody_brings_strangers_into_an_organization_with_their_team(control: Any) -> None:
    for id in ("from-here", "to-there"):
        await control.post("/organization/new", {"organization_id": id, "organization_alias": id})
    key = (await control.post("/user/new", {"user_id": "mover"})).json()["key"]
    for id in ("from-here", "to-there"):
        await control.post(f"/org/{id}/member/add", {"user_id": "mover", "role": "org_admin"})
    team = await a_team(control, "hanger-on", organization_id="from-here")
    move = {"team_id": team, "organization_id": "to-there"}
    refused = await control.post("/team/update", move, key=key)
    assert (refused.status, "hanger-on" in refused.error["message"]) == (403, True)
    await control.post("/org/to-there/member/add", {"user_id": "hanger-on", "role": "org_member"})
    assert (await control.post("/team/update", move, key=key)).status == 200


async def test_budgets_in_a_row_say_how_much_and_for_how_long(control: Any) -> None:
    for wrong in ({"max_budget": 1}, {"budget_duration": "1d"}, {"max_budget": -1, "budget_duration": "1d"}):
        answer = await control.post("/key/generate", {"budget_limits": [wrong]})
        assert (answer.status, answer.error["param"]) == (400, "budget_limits")
    windows = [{"budget_duration": "1d", "max_budget": 1}, {"budget_duration": "1mo", "max_budget": 10}]
    assert (await control.made_key(budget_limits=windows))["budget_limits"] == windows


async def test_the_type_of_a_key_decides_its_routes(control: Any) -> None:
    for type, routes in (
        ("llm_api", ["llm_api_routes"]),
        ("read_only", ["info_routes"]),
        ("default", ["/x"]),
    ):
        assert (await control.made_key(key_type=type, allowed_routes=["/x"]))["allowed_routes"] == routes


async def test_what_a_member_makes_for_the_team_is_held_to_what_the_member_may_spend(control: Any) -> None:
    key = (await control.post("/user/new", {"user_id": "maker"})).json()["key"]
    granted = ["/key/generate", "/key/update"]
    team = await a_team(control, "maker", team_member_permissions=granted)
    await control.post("/team/member_update", {"team_id": team, "user_id": "maker", "max_budget_in_team": 1})
    for owner in ({}, {"user_id": None}):
        made = (await control.post("/key/generate", {"team_id": team, **owner}, key=key)).json()
        assert (made["user_id"], made["team_id"]) == ("maker", team)
        assert (await control.record("key", made["token"]))["member"]["max_budget"] == "1"
        released = await control.post("/key/update", {"key": made["token"], "user_id": None}, key=key)
        assert (released.status, released.error["type"]) == (403, "auth_error")
    robot = {"team_id": team}
    assert (await control.post("/key/service-account/generate", robot, key=key)).status == 403
    granted.append("/key/service-account/generate")
    await control.post("/team/permissions_update", {"team_id": team, "team_member_permissions": granted})
    assert (await control.post("/key/service-account/generate", robot, key=key)).json()["user_id"] is None
