"""Groups that grant models to teams and keys: what they add reaches the gateways, and goes with them."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = "/v1/access_group"


async def made(control, name: str, **fields):
    answer = await control.post(ROOT, {"access_group_name": name} | fields)
    assert answer.status == 201, answer.body
    return answer.json()


async def models_of(control, kind: str, id: str) -> list[str]:
    await control.published()
    return (await control.record(kind, id))["models"]


async def test_a_group_adds_its_models_to_teams_and_keys_that_belong_to_it(control) -> None:
    team = (await control.post("/team/new", {"models": ["own"]})).json()["team_id"]
    key = await control.made_key(models=["mine"])
    group = await made(
        control,
        "research",
        access_model_names=["gpt", "own"],
        assigned_team_ids=[team],
        assigned_key_ids=[key["key"]],
    )
    assert group["assigned_teams"] == [{"id": team, "name": None}]
    assert group["assigned_key_ids"] == [key["token"]]
    assert await models_of(control, "team", team) == ["own", "gpt"]
    assert await models_of(control, "key", key["token"]) == ["mine", "gpt", "own"]
    assert (await control.get(f"/key/info?key={key['token']}")).json()["info"]["models"] == ["mine"]
    explained = await control.post("/access/explain", {"key": key["token"], "model": "gpt"})
    assert explained.json()["rule"] == "unknown_model", "allowed, were there such a model"


async def test_changes_of_a_group_reach_those_who_stay_and_those_who_go(control) -> None:
    staying, going = [(await control.made_key(models=["mine"]))["token"] for _ in range(2)]
    group = await made(control, "shifting", access_model_names=["a"], assigned_key_ids=[staying, going])
    path = f"{ROOT}/{group['access_group_id']}"
    body = {"access_model_names": ["b"], "assigned_key_ids": [staying]}
    changed = await control.call("PUT", path, body)
    assert changed.status == 200 and changed.json()["assigned_key_ids"] == [staying]
    assert await models_of(control, "key", staying) == ["mine", "b"]
    assert await models_of(control, "key", going) == ["mine"]
    assert (await control.call("DELETE", path)).status == 204
    assert await models_of(control, "key", staying) == ["mine"]
    assert (await control.get(path)).status == 404


async def test_a_list_that_has_all_models_is_not_narrowed_by_a_group(control) -> None:
    key = (await control.made_key())["token"]
    await made(control, "narrow", access_model_names=["a"], assigned_key_ids=[key])
    assert "models" not in (await control.record("key", key)) or await models_of(control, "key", key) == []


async def test_a_key_may_name_its_groups_itself(control) -> None:
    group = await made(control, "named", access_model_names=["a"])
    key = await control.made_key(models=["mine"], access_group_ids=[group["access_group_id"]])
    assert await models_of(control, "key", key["token"]) == ["mine", "a"]
    shown = (await control.get(f"{ROOT}/{group['access_group_id']}")).json()
    assert shown["assigned_key_ids"] == [key["token"]]


async def test_names_are_unique_and_what_cannot_be_granted_is_refused(control) -> None:
    await made(control, "taken")
    assert (await control.post(ROOT, {"access_group_name": "taken"})).status == 409
    unknown = await control.post(ROOT, {"access_group_name": "x", "assigned_team_ids": ["nobody"]})
    assert unknown.status == 400 and "nobody" in unknown.error["message"]
    tools = await control.post(ROOT, {"access_group_name": "y", "access_mcp_server_ids": ["s"]})
    assert tools.status == 400 and "not there yet" in tools.error["message"]
    names = [group["access_group_name"] for group in (await control.get(ROOT)).json()]
    assert "taken" in names and "x" not in names and "y" not in names
