"""Access groups, and why something is allowed or not, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def a_model(control: Any, name: str, id: str) -> None:
    body = {"model_name": name, "litellm_params": {"model": f"openai/{name}"}, "model_info": {"id": id}}
    assert (await control.post("/model/new", body)).status == 200


async def explained(control: Any, **question: Any) -> tuple[bool, str, str | None]:
    answer = await control.post("/access/explain", question)
    assert answer.status == 200, answer.body
    verdict = answer.json()
    assert verdict["message"]
    return verdict["allowed"], verdict["rule"], verdict["level"]


async def test_models_are_granted_together_under_a_name(control: Any) -> None:
    for name, id in (("red", "r1"), ("red", "r2"), ("blue", "b1")):
        await a_model(control, name, id)
    made = await control.post("/access_group/new", {"access_group": "colours", "model_names": ["red"]})
    assert made.json() == {
        "access_group": "colours",
        "model_names": ["red"],
        "model_ids": None,
        "models_updated": 2,
    }
    assert (await control.deployments())["r1"]["info"]["access_groups"] == ["colours"]
    again = await control.post("/access_group/new", {"access_group": "colours", "model_names": ["blue"]})
    assert again.status == 409
    changed = await control.call("PUT", "/access_group/colours/update", {"model_ids": ["b1", "r1"]})
    assert changed.json()["models_updated"] == 2
    info = (await control.get("/access_group/colours/info")).json()
    assert (set(info["model_names"]), info["deployment_count"]) == ({"red", "blue"}, 2)
    assert (await control.deployments())["r2"]["info"]["access_groups"] == []
    listed = (await control.get("/access_group/list")).json()["access_groups"]
    assert [group["access_group"] for group in listed] == ["colours"]
    gone = await control.call("DELETE", "/access_group/colours/delete")
    assert gone.json()["models_updated"] == 2
    assert (await control.get("/access_group/colours/info")).status == 404
    for body in ({}, {"model_names": ["green"]}, {"model_ids": ["none"]}):
        refused = await control.post("/access_group/new", {"access_group": "x", **body})
        assert refused.status == 400, body


async def test_why_a_key_may_use_a_model_or_not(control: Any) -> None:
    await a_model(control, "wide", "w1")
    await a_model(control, "narrow", "n1")
    await control.post(
        "/organization/new", {"organization_id": "o", "organization_alias": "o", "models": ["wide"]}
    )
    await control.post("/team/new", {"team_id": "t", "organization_id": "o", "model_aliases": {"w": "wide"}})
    key = (await control.made_key(team_id="t"))["key"]
    assert await explained(control, key=key, model="wide") == (True, "nothing_against_it", None)
    assert await explained(control, key=key, model="w") == (True, "nothing_against_it", None)
    assert await explained(control, key=key, model="narrow") == (False, "models", "organization")
    await control.post("/key/update", {"key": key, "models": ["narrow"]})
    assert await explained(control, key=key, model="wide") == (False, "models", "key")
    free = (await control.made_key())["key"]
    assert await explained(control, key=free, model="none") == (False, "unknown_model", None)
    await control.post("/team/block", {"team_id": "t"})
    assert await explained(control, key=key, model="narrow") == (False, "blocked", "team")


async def test_a_group_in_a_list_grants_its_models(control: Any) -> None:
    await a_model(control, "granted", "g1")
    await control.post("/access_group/new", {"access_group": "grant", "model_names": ["granted"]})
    key = (await control.made_key(models=["grant"]))["key"]
    assert await explained(control, key=key, model="granted") == (True, "nothing_against_it", None)


async def test_why_a_path_may_be_called_or_not(control: Any) -> None:
    user = (await control.post("/user/new", {"user_id": "asked"})).json()["key"]
    assert await explained(control, key=user, route="/team/new") == (False, "permission", "role")
    assert await explained(control, key=user, route="/key/generate") == (True, "permission", "role")
    assert await explained(control, user_id="asked", route="/team/new") == (False, "permission", "role")
    assert await explained(control, role="superuser", route="/team/new") == (True, "permission", "role")
    assert await explained(control, role="team_admin", route="/team/update") == (True, "permission", "role")
    narrow = (await control.made_key(allowed_routes=["/v1/messages"]))["key"]
    assert await explained(control, key=narrow, route="/v1/messages") == (True, "nothing_against_it", None)
    assert await explained(control, key=narrow, route="/v1/responses") == (False, "route", "key")
    assert await explained(control, key=narrow, route="/key/generate") == (False, "route", "key")


async def test_questions_that_have_no_answer(control: Any) -> None:
    for question, status in (
        ({"key": "sk-nothing", "model": "m"}, 404),
        ({"user_id": "nobody", "route": "/x"}, 404),
        ({"role": "emperor", "route": "/x"}, 400),
        ({"role": "customer", "model": "m"}, 400),
        ({"role": "customer"}, 400),
    ):
        assert (await control.post("/access/explain", question)).status == status, question
    key = (await control.made_key())["key"]
    asked = await control.post("/access/explain", {"role": "customer", "route": "/x"}, key=key)
    assert asked.status == 403
