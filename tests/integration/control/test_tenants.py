"""Teams and users over HTTP, and what their keys may do."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")
RAISE = {"temp_budget_increase": 9, "temp_budget_expiry": "2099-01-01T00:00:00Z"}


async def test_a_team_is_made_shown_and_published(control) -> None:
    answer = await control.post(
        "/team/new",
        {
            "team_alias": "core",
            "models": ["gpt-4o"],
            "max_budget": 20,
            "model_aliases": {"fast": "gpt-4o"},
            "tags": ["a"],
            "members_with_roles": [{"role": "admin", "user_id": "boss"}, {"role": "user", "user_id": "ann"}],
        },
    )
    team = answer.json()
    assert answer.status == 200
    assert team["team_alias"] == "core" and team["max_budget"] == 20.0 and team["blocked"] is False
    assert team["members_with_roles"][0] == {"user_id": "boss", "user_email": None, "role": "admin"}
    record = await control.record("team", team["team_id"])
    assert record["alias"] == "core" and record["aliases"] == {"fast": "gpt-4o"}
    assert record["metadata"] == {"tags": ["a"]}
    assert (await control.record("user", "ann"))["role"] == "internal_user"
    made = await control.made_key(team_id=team["team_id"])
    info = (await control.get(f"/team/info?team_id={team['team_id']}")).json()
    assert info["team_id"] == team["team_id"]
    assert [key["token"] for key in info["keys"]] == [made["token"]]
    assert {member["user_id"] for member in info["team_memberships"]} == {"boss", "ann"}


async def test_a_teams_id_is_unique(control) -> None:
    assert (await control.post("/team/new", {"team_id": "only"})).status == 200
    again = await control.post("/team/new", {"team_id": "only"})
    assert again.status == 400 and again.error["param"] == "team_id"


async def test_a_team_of_an_unknown_organization_is_refused(control) -> None:
    answer = await control.post("/team/new", {"organization_id": "nowhere"})
    assert answer.status == 400 and answer.error["param"] == "organization_id"


async def test_a_team_that_is_not_there(control) -> None:
    assert (await control.get("/team/info?team_id=nothing")).status == 404
    missing = await control.get("/team/info")
    assert missing.status == 422
    assert missing.json()["detail"][0]["loc"] == ["query", "team_id"]


async def test_a_user_comes_with_a_key(control) -> None:
    made = (
        await control.post("/user/new", {"user_email": "eve@example.org", "max_budget": 3, "models": ["m"]})
    ).json()
    assert made["key"].startswith("sk-") and made["user_role"] == "internal_user"
    assert made["user_email"] == "eve@example.org" and made["max_budget"] == 3.0
    record = await control.record("user", made["user_id"])
    assert record["email"] == "eve@example.org" and record["limits"]["max_budget"] == "3"
    own = (await control.get("/user/info", key=made["key"])).json()
    assert own["user_id"] == made["user_id"] and len(own["keys"]) == 1
    assert own["user_info"]["user_role"] == "internal_user"


async def test_a_user_without_a_key(control) -> None:
    made = (await control.post("/user/new", {"user_id": "keyless", "auto_create_key": False})).json()
    assert made["key"] == ""
    info = (await control.get("/user/info?user_id=keyless")).json()
    assert info["keys"] == [] and info["teams"] == []


async def test_users_are_unique_by_id_and_email(control) -> None:
    assert (
        await control.post("/user/new", {"user_id": "one", "user_email": "One@example.org"})
    ).status == 200
    by_id = await control.post("/user/new", {"user_id": "one"})
    by_email = await control.post("/user/new", {"user_email": "one@EXAMPLE.org"})
    assert (by_id.status, by_id.error["param"]) == (409, "user_id")
    assert (by_email.status, by_email.error["param"]) == (409, "user_email")


async def test_a_role_that_cannot_be_given_is_refused(control) -> None:
    answer = await control.post("/user/new", {"user_role": "emperor"})
    assert answer.status == 400 and "proxy_admin" in answer.error["message"]


async def test_a_user_joins_teams(control) -> None:
    await control.post("/team/new", {"team_id": "joined"})
    await control.post("/user/new", {"user_id": "joiner", "teams": ["joined"]})
    info = (await control.get("/user/info?user_id=joiner")).json()
    assert info["user_info"]["teams"] == ["joined"]
    assert info["teams"][0]["members"] == ["joiner"]
    assert (await control.post("/user/new", {"user_id": "lost", "teams": ["nowhere"]})).status == 404
    assert (await control.get("/user/info?user_id=lost")).status == 404


@pytest.fixture(scope="module")
def key_of():
    """Return a function that makes a user and gives their key, once each."""
    keys: dict[str, str] = {}

    async def make(control, user_id: str, role: str = "internal_user") -> str:
        if user_id not in keys:
            made = await control.post("/user/new", {"user_id": user_id, "user_role": role})
            keys[user_id] = made.json()["key"]
        return keys[user_id]

    return make


async def test_an_internal_user_makes_keys_of_their_own_only(control, key_of) -> None:
    key = await key_of(control, "worker")
    made = await control.post("/key/generate", {}, key=key)
    assert made.status == 200 and made.json()["user_id"] == "worker" and made.json()["created_by"] == "worker"
    for body in ({"user_id": "somebody"}, {"team_id": "any"}):
        refused = await control.post("/key/generate", body, key=key)
        assert refused.status == 403, body
    stolen = await control.post("/key/update", {"key": made.json()["key"], "user_id": "somebody"}, key=key)
    assert stolen.status == 403
    foreign = await control.made_key(user_id="somebody")
    assert (await control.get(f"/key/info?key={foreign['token']}", key=key)).status == 403
    assert (await control.post("/key/delete", {"keys": [foreign["token"]]}, key=key)).status == 403
    assert (await control.post("/key/delete", {"keys": [made.json()["key"]]}, key=key)).status == 200


async def test_an_internal_user_sees_their_own_keys_in_lists(control, key_of) -> None:
    key = await key_of(control, "watcher")
    await control.made_key(user_id="somebody")
    listed = (await control.get("/key/list?size=100", key=key)).json()
    assert listed["total_count"] == 1
    assert (await control.get("/key/list?user_id=somebody", key=key)).json()["total_count"] == 0


async def test_an_internal_user_manages_nothing_else(control, key_of) -> None:
    key = await key_of(control, "worker")
    for path, body in (
        ("/team/new", {}),
        ("/user/new", {}),
        ("/model/new", {"model_name": "m", "litellm_params": {"model": "openai/m"}}),
        ("/config/reload", {}),
    ):
        answer = await control.post(path, body, key=key)
        assert answer.status == 403, path
        assert answer.error["code"] == "403"
    assert (await control.get("/fleet", key=key)).status == 403
    assert (await control.get("/user/info?user_id=one", key=key)).status == 403


async def test_a_viewer_reads_everything_and_writes_nothing(control, key_of) -> None:
    key = await key_of(control, "viewer", "proxy_admin_viewer")
    made = await control.made_key()
    assert (await control.get(f"/key/info?key={made['token']}", key=key)).status == 200
    assert (await control.get("/fleet", key=key)).status == 200
    assert (await control.post("/key/generate", {}, key=key)).status == 403
    assert (await control.post("/key/block", {"key": made["token"]}, key=key)).status == 403


async def test_a_proxy_admin_does_everything(control, key_of) -> None:
    key = await key_of(control, "admin", "proxy_admin")
    assert (await control.post("/team/new", {}, key=key)).status == 200
    assert (await control.post("/key/generate", {"user_id": "somebody"}, key=key)).status == 200


async def test_a_team_admin_manages_the_teams_keys(control, key_of) -> None:
    lead, member = await key_of(control, "lead"), await key_of(control, "member")
    roles = [{"role": "admin", "user_id": "lead"}, {"role": "user", "user_id": "member"}]
    await control.post("/team/new", {"team_id": "ours", "members_with_roles": roles})
    made = await control.post("/key/generate", {"team_id": "ours"}, key=lead)
    assert made.status == 200 and made.json()["team_id"] == "ours"
    assert (await control.post("/key/block", {"key": made.json()["key"]}, key=lead)).status == 200
    assert (await control.post("/key/generate", {"team_id": "ours"}, key=member)).status == 403
    assert (await control.post("/key/unblock", {"key": made.json()["key"]}, key=member)).status == 403
    assert (await control.get("/team/info?team_id=ours", key=member)).status == 200
    stranger = await key_of(control, "stranger")
    assert (await control.get("/team/info?team_id=ours", key=stranger)).status == 403
    moved = await control.post("/key/update", {"key": made.json()["key"], "team_id": "other"}, key=lead)
    assert moved.status == 403


async def test_a_key_without_a_user_sees_itself_only(control) -> None:
    made = await control.made_key()
    assert (await control.get("/key/info", key=made["key"])).status == 200
    assert (await control.post("/key/generate", {}, key=made["key"])).status == 403
    assert (
        await control.post("/key/update", {"key": made["key"], "max_budget": 1}, key=made["key"])
    ).status == 403


async def test_an_owner_neither_frees_a_blocked_key_nor_lifts_its_limits(control, key_of) -> None:
    key = await key_of(control, "spender")
    made = (await control.post("/key/generate", {"max_budget": 1}, key=key)).json()
    await control.post("/key/block", {"key": made["key"]})
    assert (await control.post("/key/unblock", {"key": made["key"]}, key=key)).status == 403
    for field, value in (
        ("blocked", False),
        ("max_budget", None),
        ("budget_duration", "1s"),
        ("budget_limits", None),
        ("model_max_budget", {}),
        ("spend", 0),
        ("temp_budget_increase", 9),
        ("metadata", RAISE),
    ):
        refused = await control.post("/key/update", {"key": made["key"], field: value}, key=key)
        assert refused.status == 403, field
    info = (await control.get(f"/key/info?key={made['key']}", key=key)).json()["info"]
    assert info["blocked"] is True and info["max_budget"] == 1.0
    renamed = await control.post("/key/update", {"key": made["key"], "key_alias": "mine"}, key=key)
    assert renamed.status == 200


async def test_who_runs_a_team_or_an_organization_raises_its_budget_by_no_detour(control, key_of) -> None:
    key = await key_of(control, "runner")
    await control.post("/organization/new", {"organization_id": "run", "organization_alias": "run"})
    member = {"role": "org_admin", "user_id": "runner"}
    assert (
        await control.post("/organization/member_add", {"organization_id": "run", "member": member})
    ).status == 200
    heads = [{"user_id": "runner", "role": "admin"}]
    await control.post("/team/new", {"team_id": "running", "max_budget": 1, "members_with_roles": heads})
    for path, named in (("/team/update", "team_id"), ("/organization/update", "organization_id")):
        body = {named: "running" if named == "team_id" else "run"}
        assert (await control.post(path, body | {"metadata": {"note": "x"}}, key=key)).status == 200
        assert (await control.post(path, body | {"metadata": RAISE}, key=key)).status == 403
        assert (await control.post(path, body | {"metadata": RAISE})).status == 200
        assert (await control.post(path, body | {"metadata": {**RAISE, "n": 1}}, key=key)).status == 200


async def test_what_has_a_field_of_its_own_is_no_limit_in_the_metadata(control) -> None:
    words = {
        "max_budget": 0,
        "rpm_limit": 0,
        "generation": 7,
        "made": 5,
        "budget_limits": [{"max_budget": 0}],
    }
    free = await control.made_key(metadata=words)
    assert "limits" not in await control.record("key", free["token"])
    held = await control.made_key(max_budget=1, metadata=words | {"model_rpm_limit": {"small": 2}})
    limits = (await control.record("key", held["token"]))["limits"]
    assert (limits["max_budget"], limits["models"]) == ("1", [{"model": "small", "rpm": 2}])
    assert {"rpm", "generation", "windows"}.isdisjoint(limits) and limits["made"] > 5


async def test_a_member_cannot_change_the_key_that_the_team_gave_them(control, key_of) -> None:
    key = await key_of(control, "guest")
    await control.post("/team/new", {"team_id": "givers", "members": ["guest"], "models": ["small"]})
    made = await control.made_key(user_id="guest", team_id="givers", models=["small"])
    for change in ({"models": []}, {"team_id": None}):
        assert (await control.post("/key/update", {"key": made["key"], **change}, key=key)).status == 403
    assert (await control.post("/key/delete", {"keys": [made["key"]]}, key=key)).status == 403
    assert (await control.get(f"/key/info?key={made['key']}", key=key)).status == 200


async def test_a_key_of_a_blocked_team_manages_nothing(control, key_of) -> None:
    await control.post("/team/new", {"team_id": "closed", "blocked": True})
    made = await control.made_key(team_id="closed")
    assert (await control.get("/key/info", key=made["key"])).status == 401


async def test_the_routes_of_a_key_hold_for_admin_paths_too(control, key_of) -> None:
    await key_of(control, "limited-admin", "proxy_admin")
    paths = ("/key/info", "/key/list", "/team/new", "/config/reload", "/spend/logs")
    for fields, open_paths in (
        ({"key_type": "llm_api"}, ()),
        ({"key_type": "read_only"}, ("/key/info", "/key/list")),
        ({"key_type": "management"}, ("/key/info", "/key/list", "/team/new")),
        ({"allowed_routes": ["/spend/*", "/key/info"]}, ("/key/info", "/spend/logs")),
        ({}, paths),
    ):
        made = await control.made_key(user_id="limited-admin", **fields)
        for path in paths:
            method = "POST" if path in ("/team/new", "/config/reload") else "GET"
            answer = await control.call(method, path, {}, key=made["key"])
            assert (answer.status == 200) is (path in open_paths), (fields, path, answer.body)
            assert answer.status in (200, 403)


async def test_a_team_admin_cannot_make_a_key_that_acts_for_somebody_mightier(control, key_of) -> None:
    captain = await key_of(control, "captain")
    await key_of(control, "sailor")
    await key_of(control, "owner", "proxy_admin")
    await key_of(control, "outsider")
    roles = [{"role": "admin", "user_id": "captain"}] + [
        {"role": "user", "user_id": user} for user in ("sailor", "owner")
    ]
    await control.post("/team/new", {"team_id": "crew", "members_with_roles": roles})
    for user, status in (
        ("owner", 403),
        ("outsider", 403),
        ("nobody", 403),
        ("sailor", 200),
        ("captain", 200),
    ):
        made = await control.post("/key/generate", {"team_id": "crew", "user_id": user}, key=captain)
        assert made.status == status, (user, made.body)
    ours = (await control.post("/key/generate", {"team_id": "crew"}, key=captain)).json()["key"]
    for user, status in (("owner", 403), ("outsider", 403), ("sailor", 200)):
        given = await control.post("/key/update", {"key": ours, "user_id": user}, key=captain)
        assert given.status == status, (user, given.body)
