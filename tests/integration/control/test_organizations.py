"""Organizations over HTTP: their members, their bounds, and what is in them."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def made(control: Any, **fields: Any) -> dict[str, Any]:
    answer = await control.post("/organization/new", {"organization_alias": "an organization"} | fields)
    assert answer.status == 200, answer.body
    return answer.json()


async def test_an_organization_is_made_changed_shown_and_published(control: Any) -> None:
    organization = await made(
        control, organization_alias="Acme", models=["gpt-4o"], max_budget=100, metadata={"a": 1}, rpm_limit=5
    )
    id = organization["organization_id"]
    assert organization["organization_alias"] == "Acme" and organization["models"] == ["gpt-4o"]
    assert organization["litellm_budget_table"]["max_budget"] == 100.0
    assert organization["budget_id"] and organization["created_by"] == "default_user_id"
    record = await control.record("organization", id)
    del record["limits"]["made"]
    assert record == {
        "id": id,
        "alias": "Acme",
        "models": ["gpt-4o"],
        "limits": {"max_budget": "100", "rpm": 5},
        "metadata": {"a": 1},
    }
    change = {"organization_id": id, "blocked": True, "max_budget": None}
    changed = await control.call("PATCH", "/organization/update", change)
    assert changed.status == 200 and changed.json()["blocked"] is True
    info = (await control.get(f"/organization/info?organization_id={id}")).json()
    assert info["litellm_budget_table"]["max_budget"] is None and info["organization_alias"] == "Acme"
    assert (await control.record("organization", id))["blocked"] is True


async def test_an_organization_needs_a_name_and_an_id_of_its_own(control: Any) -> None:
    assert (await control.post("/organization/new", {})).error["param"] == "organization_alias"
    await made(control, organization_id="only")
    again = await control.post("/organization/new", {"organization_id": "only", "organization_alias": "b"})
    assert again.status == 400 and again.error["param"] == "organization_id"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/organization/info?organization_id=nowhere", None),
        ("PATCH", "/organization/update", {"organization_id": "nowhere"}),
        ("DELETE", "/organization/delete", {"organization_ids": ["nowhere"]}),
        ("POST", "/organization/member_add", {"organization_id": "nowhere", "user_id": "u"}),
    ],
)
async def test_an_organization_that_is_not_there(control: Any, method: str, path: str, body: Any) -> None:
    answer = await control.call(method, path, body)
    assert answer.status == 404 and answer.error["param"] == "organization_id"


async def test_members_come_with_a_role_and_go(control: Any) -> None:
    await made(control, organization_id="crowd")
    both = [
        {"role": "org_admin", "user_id": "boss"},
        {"role": "internal_user", "user_email": "ann@example.org"},
    ]
    added = await control.post("/organization/member_add", {"organization_id": "crowd", "member": both})
    assert added.status == 200
    memberships = added.json()["updated_organization_memberships"]
    assert [one["user_role"] for one in memberships] == ["org_admin", "internal_user"]
    ann = memberships[1]["user_id"]
    changed = await control.call(
        "PATCH",
        "/organization/member_update",
        {"organization_id": "crowd", "user_email": "ann@example.org", "role": "viewer"},
    )
    assert changed.json()["user_role"] == "org_viewer"
    info = (await control.get("/organization/info?organization_id=crowd")).json()
    assert {one["user_id"] for one in info["members"]} == {"boss", ann}
    gone = {"organization_id": "crowd", "user_id": ann}
    assert (await control.call("DELETE", "/organization/member_delete", gone)).status == 200
    assert (await control.call("DELETE", "/organization/member_delete", gone)).status == 404
    wrong = {"organization_id": "crowd", "user_id": "x", "role": "emperor"}
    assert (await control.post("/organization/member_add", wrong)).error["param"] == "role"


async def test_only_an_owner_makes_owners(control: Any) -> None:
    await made(control, organization_id="owned")
    keys = {}
    for role in ("owner", "admin"):
        keys[role] = (await control.post("/user/new", {"user_id": f"the-{role}"})).json()["key"]
        await control.post("/org/owned/member/add", {"user_id": f"the-{role}", "role": role})
    more = {"user_id": "another", "role": "owner"}
    assert (await control.post("/org/owned/member/add", more, key=keys["admin"])).status == 403
    assert (await control.post("/org/owned/member/add", more, key=keys["owner"])).status == 200
    demoted = {"user_id": "the-owner", "role": "member"}
    assert (await control.post("/org/owned/member/add", demoted, key=keys["admin"])).status == 403
    lost = {"organization_id": "owned", "user_id": "the-owner"}
    assert (
        await control.call("DELETE", "/organization/member_delete", lost, key=keys["admin"])
    ).status == 403


async def test_a_team_gets_no_more_than_its_organization_has(control: Any) -> None:
    await made(control, organization_id="bound", models=["gpt-*", "beta"], max_budget=10, rpm_limit=3)
    within = {"organization_id": "bound", "models": ["gpt-4o", "beta"], "max_budget": 10}
    team = (await control.post("/team/new", within)).json()["team_id"]
    for field, value in (("models", ["claude"]), ("max_budget", 11), ("rpm_limit", 4)):
        beyond = await control.post("/team/new", {"organization_id": "bound", field: value})
        assert (beyond.status, beyond.error["param"]) == (400, field)
        changed = await control.post("/team/update", {"team_id": team, field: value})
        assert (changed.status, changed.error["param"]) == (400, field)
    added = await control.post("/team/model/add", {"team_id": team, "models": ["claude"]})
    assert added.status == 400


async def test_an_organization_goes_with_all_that_is_in_it(control: Any) -> None:
    await made(control, organization_id="doomed")
    await control.post("/team/new", {"team_id": "doomed-team", "organization_id": "doomed"})
    in_team = await control.made_key(team_id="doomed-team")
    direct = await control.made_key(organization_id="doomed")

    answer = await control.call("DELETE", "/organization/delete", {"organization_ids": ["doomed"]})

    assert answer.status == 200
    assert [one["organization_id"] for one in answer.json()] == ["doomed"]
    assert await control.record("organization", "doomed") is None
    assert await control.record("team", "doomed-team") is None
    for key in (in_team, direct):
        assert await control.record("key", key["token"]) is None
        assert (await control.get("/key/info", key=key["key"])).status == 401
    assert (await control.get("/team/info?team_id=doomed-team")).status == 404
    gone = (await control.get("/key/list?status=deleted&return_full_object=true&size=100")).json()["keys"]
    assert {key["token"] for key in gone} >= {in_team["token"], direct["token"]}


async def test_a_blocked_organization_bars_its_keys(control: Any) -> None:
    await made(control, organization_id="barred")
    await control.post("/team/new", {"team_id": "barred-team", "organization_id": "barred"})
    keys = [await control.made_key(team_id="barred-team"), await control.made_key(organization_id="barred")]
    await control.call("PATCH", "/organization/update", {"organization_id": "barred", "blocked": True})
    for key in keys:
        assert (await control.get("/key/info", key=key["key"])).status == 401


async def test_an_admin_of_an_organization_does_not_reach_beyond_it(control: Any) -> None:
    await made(control, organization_id="mine")
    await made(control, organization_id="theirs")
    admin = (await control.post("/user/new", {"user_id": "local"})).json()["key"]
    await control.post("/org/mine/member/add", {"user_id": "local", "role": "org_admin"})
    team = await control.post("/team/new", {"organization_id": "mine", "team_id": "my-team"}, key=admin)
    assert team.status == 200
    elsewhere = {"team_id": "my-team", "organization_id": "theirs"}
    for path, body in (
        ("/team/new", {"organization_id": "theirs"}),
        ("/team/new", {}),
        ("/team/update", elsewhere),
        ("/key/generate", {"organization_id": "theirs"}),
        ("/key/generate", {"team_id": "my-team", "organization_id": "theirs"}),
        ("/user/new", {"organizations": ["mine", "theirs"]}),
        ("/user/new", {"organizations": ["mine"], "user_role": "proxy_admin"}),
        ("/user/new", {}),
        ("/organization/update", {"organization_id": "mine", "max_budget": 1000}),
        ("/organization/update", {"organization_id": "mine", "models": ["x"]}),
    ):
        answer = await control.post(path, body, key=admin)
        assert answer.status in (400, 403), (path, body, answer.body)
    named = await control.post("/user/new", {"user_id": "local-user", "organizations": ["mine"]}, key=admin)
    assert named.status == 200
    raised = {"user_id": "local-user", "user_role": "proxy_admin"}
    assert (await control.post("/user/update", raised, key=admin)).status == 403


async def test_an_admin_does_not_take_on_the_powers_of_somebody_mightier(control: Any) -> None:
    for id in ("one", "two"):
        await made(control, organization_id=f"powers-{id}")
    lead = (await control.post("/user/new", {"user_id": "lead-one"})).json()["key"]
    await control.post("/org/powers-one/member/add", {"user_id": "lead-one", "role": "admin"})
    await control.post("/user/new", {"user_id": "lead-two"})
    await control.post("/org/powers-one/member/add", {"user_id": "lead-two", "role": "member"})
    await control.post("/org/powers-two/member/add", {"user_id": "lead-two", "role": "admin"})
    await control.post("/org/powers-one/member/add", {"user_id": "plain", "role": "member"})
    for user, status in (("lead-two", 403), ("plain", 200), ("lead-one", 200)):
        body = {"organization_id": "powers-one", "user_id": user}
        answer = await control.post("/key/generate", body, key=lead)
        assert answer.status == status, (user, answer.body)


async def test_a_key_fits_the_organization_of_its_team(control: Any) -> None:
    await made(control, organization_id="left")
    await made(control, organization_id="right")
    await control.post("/team/new", {"team_id": "left-team", "organization_id": "left"})
    answer = await control.post("/key/generate", {"team_id": "left-team", "organization_id": "right"})
    assert answer.status == 400 and answer.error["param"] == "organization_id"
