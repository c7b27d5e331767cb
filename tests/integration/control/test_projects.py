"""Projects over HTTP: between a team and its keys."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def made(control: Any, path: str, **fields: Any) -> Any:
    answer = await control.post(path, fields)
    assert answer.status == 200, answer.body
    return answer.json()


async def a_team(control: Any, **fields: Any) -> str:
    return (await made(control, "/team/new", **fields))["team_id"]


async def test_a_project_is_made_changed_shown_and_published(control: Any) -> None:
    team = await a_team(control, models=["gpt-*"], max_budget=100)
    project = await made(
        control, "/project/new", team_id=team, project_alias="p", models=["gpt-4o"], max_budget=5, tags=["x"]
    )
    id = project["project_id"]
    assert project["litellm_budget_table"]["max_budget"] == 5.0
    assert (project["project_alias"], project["spend"], project["metadata"]) == ("p", 0.0, {"tags": ["x"]})
    record = await control.record("project", id)
    assert (record["team_id"], record["models"]) == (team, ["gpt-4o"])
    await made(control, "/project/update", project_id=id, blocked=True)
    assert (await control.record("project", id))["blocked"] is True
    shown = (await control.get(f"/project/info?project_id={id}")).json()
    assert shown["blocked"] is True and shown["models"] == ["gpt-4o"]
    assert id in {one["project_id"] for one in (await control.get("/project/list")).json()}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"models": ["claude"]}, "not in team's allowed models"),
        ({"max_budget": 101}, "exceeds team's max_budget"),
        ({"rpm_limit": 11}, "exceeds team's rpm_limit"),
        ({"max_budget": 5, "soft_budget": 5}, "strictly lower"),
        ({"max_budget": -1}, "negative"),
    ],
)
async def test_a_project_stays_within_its_team(control: Any, fields: dict[str, Any], words: str) -> None:
    team = await a_team(control, models=["gpt-*"], max_budget=100, rpm_limit=10)
    answer = await control.post("/project/new", {"team_id": team, **fields})
    assert (answer.status, words in answer.error["message"]) == (400, True), answer.body
    assert not [
        one for one in (await control.get("/project/list")).json() if one["team_id"] == team
    ]  # and leaves nothing behind


async def test_a_key_of_a_project_stays_in_its_team_and_bounds(control: Any) -> None:
    team, other = await a_team(control), await a_team(control)
    project = (await made(control, "/project/new", team_id=team, models=["gpt-4o"], max_budget=5))[
        "project_id"
    ]
    for fields, status in (
        ({}, 400),
        ({"team_id": other}, 400),
        ({"team_id": team, "models": ["claude"]}, 400),
        ({"team_id": team, "max_budget": 6}, 400),
        ({"team_id": team, "models": ["all-team-models"], "max_budget": 5}, 200),
    ):
        answer = await control.post("/key/generate", {"project_id": project, **fields})
        assert answer.status == status, (fields, answer.body)
    key = answer.json()["key"]
    assert (await control.post("/key/generate", {"project_id": "none", "team_id": team})).status == 404
    assert (await control.post("/key/update", {"key": key, "team_id": other})).status == 400
    assert (await control.post("/key/update", {"key": key, "max_budget": 7})).status == 400
    second = (await made(control, "/project/new", team_id=team))["project_id"]
    moved = await control.post("/key/update", {"key": key, "project_id": second})
    assert (moved.status, "reassignment" in moved.error["message"]) == (400, True)
    assert (
        await control.post("/key/update", {"key": key, "project_id": None, "team_id": other})
    ).status == 200


async def test_a_project_with_keys_is_not_deleted_but_goes_with_its_team(control: Any) -> None:
    team = await a_team(control)
    projects = [(await made(control, "/project/new", team_id=team))["project_id"] for _ in range(2)]
    await control.made_key(team_id=team, project_id=projects[0])
    answer = await control.call("DELETE", "/project/delete", {"project_ids": projects})
    assert (answer.status, "1 key(s)" in answer.error["message"]) == (400, True)
    gone = await control.call("DELETE", "/project/delete", {"project_ids": projects[1:]})
    assert [one["project_id"] for one in gone.json()] == projects[1:]
    await control.published()
    assert await control.record("project", projects[1]) is None
    assert (await control.post("/team/delete", {"team_ids": [team]})).status == 200
    await control.published()
    assert await control.record("project", projects[0]) is None


async def test_what_a_project_is_cannot_be_told_by_strangers(control: Any) -> None:
    team = await a_team(control)
    project = (await made(control, "/project/new", team_id=team))["project_id"]
    member, stranger = [
        (await made(control, "/user/new", **fields))["key"] for fields in ({"teams": [team]}, {})
    ]
    assert (await control.get(f"/project/info?project_id={project}", key=member)).status == 200
    assert (await control.get(f"/project/info?project_id={project}", key=stranger)).status == 403
    assert (await control.get("/project/list", key=stranger)).status in (200, 403)
    assert (await control.post("/project/update", {"project_id": project}, key=member)).status == 403


async def test_a_project_has_spent_what_was_spent_in_it(control: Any) -> None:
    project = (await made(control, "/project/new", team_id=await a_team(control)))["project_id"]
    assert (await control.get(f"/project/info?project_id={project}")).json()["spend"] == 0.0
    async with control.runtime.store.transaction() as db:
        await db.execute(
            "INSERT INTO spend_totals (scope, scope_id, spend_usd) VALUES ('project', %s, 3)", [project]
        )
    assert (await control.get(f"/project/info?project_id={project}")).json()["spend"] == 3.0
