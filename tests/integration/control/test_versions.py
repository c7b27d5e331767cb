"""Two admins do not overwrite each other: ETag on what is shown, If-Match on what changes it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Case(Struct):
    """How one resource is made, shown and changed."""

    made: tuple[str, dict[str, Any]]
    shown: str
    """A path, or a path and a body behind a space."""
    changed: tuple[str, str, dict[str, Any]]
    changes: list[dict[str, Any]]


CASES = {
    "key": Case(
        ("/key/generate", {"key": "sk-versioned"}),
        "GET /key/info?key=sk-versioned",
        ("POST", "/key/update", {"key": "sk-versioned"}),
        [{"max_budget": 1}, {"max_budget": 2}],
    ),
    "team": Case(
        ("/team/new", {"team_id": "versioned"}),
        "GET /team/info?team_id=versioned",
        ("POST", "/team/update", {"team_id": "versioned"}),
        [{"max_budget": 1}, {"max_budget": 2}],
    ),
    "user": Case(
        ("/user/new", {"user_id": "versioned", "auto_create_key": False}),
        "GET /v2/user/info?user_id=versioned",
        ("POST", "/user/update", {"user_id": "versioned"}),
        [{"max_budget": 1}, {"max_budget": 2}],
    ),
    "organization": Case(
        ("/organization/new", {"organization_id": "versioned", "organization_alias": "v"}),
        "GET /organization/info?organization_id=versioned",
        ("PATCH", "/organization/update", {"organization_id": "versioned"}),
        [{"max_budget": 1}, {"max_budget": 2}],
    ),
    "organization's budget": Case(
        ("/organization/new", {"organization_id": "versioned-2", "organization_alias": "v"}),
        "GET /budget/org/versioned-2",
        ("POST", "/budget/org/versioned-2/set", {}),
        [{"max_budget": 1}, {"max_budget": 2}],
    ),
    "customer": Case(
        ("/customer/new", {"user_id": "versioned"}),
        "GET /customer/info?end_user_id=versioned",
        ("POST", "/customer/update", {"user_id": "versioned"}),
        [{"alias": "a"}, {"alias": "b"}],
    ),
    "tag": Case(
        ("/tag/new", {"name": "versioned"}),
        'POST /tag/info {"names":["versioned"]}',
        ("POST", "/tag/update", {"name": "versioned"}),
        [{"description": "a"}, {"description": "b"}],
    ),
    "budget": Case(
        ("/budget/new", {"budget_id": "versioned", "max_budget": 1}),
        "GET /budget/settings?budget_id=versioned",
        ("POST", "/budget/update", {"budget_id": "versioned"}),
        [{"max_budget": 2}, {"max_budget": 3}],
    ),
    "project": Case(
        ("/project/new", {"project_id": "versioned", "team_id": "of-projects"}),
        "GET /project/info?project_id=versioned",
        ("POST", "/project/update", {"project_id": "versioned"}),
        [{"project_alias": "a"}, {"project_alias": "b"}],
    ),
    "group": Case(
        ("/v1/access_group", {"access_group_name": "versioned"}),
        "GET /v1/access_group/{id}",
        ("PUT", "/v1/access_group/{id}", {}),
        [{"description": "a"}, {"description": "b"}],
    ),
    "model": Case(
        (
            "/model/new",
            {"model_name": "m", "litellm_params": {"model": "openai/m"}, "model_info": {"id": "v"}},
        ),
        "GET /model/info?litellm_model_id=v",
        ("PATCH", "/model/v/update", {}),
        [{"model_name": "a"}, {"model_name": "b"}],
    ),
}


def named(case: Case, id: str) -> Case:
    """Put the id of what was made into a case's paths."""
    method, path, body = case.changed
    return replace(
        case, shown=case.shown.replace("{id}", id), changed=(method, path.replace("{id}", id), body)
    )


async def etag_of(control: Any, case: Case) -> str:
    method, path, *body = case.shown.split(" ", 2)
    answer = await control.call(method, path, raw=body[0].encode() if body else None)
    assert answer.status == 200, answer.body
    etag = answer.headers["etag"]
    assert etag.startswith('"') and etag.endswith('"')
    return etag


async def change(control: Any, case: Case, which: int, **headers: str) -> Any:
    method, path, body = case.changed
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await control.call(method, path, body | case.changes[which], headers=given)


@pytest.mark.parametrize("name", CASES)
async def test_a_change_of_what_another_has_changed_is_refused(control: Any, name: str) -> None:
    case = CASES[name]
    await control.post("/team/new", {"team_id": "of-projects"})
    made = await control.post(*case.made)
    assert made.status in (200, 201), made.body
    case = named(case, made.json().get("access_group_id", ""))
    seen = await etag_of(control, case)
    assert await etag_of(control, case) == seen
    assert (await change(control, case, 0, if_match=seen)).status == 200
    now = await etag_of(control, case)
    assert now != seen

    stale = await change(control, case, 1, if_match=seen)
    assert stale.status == 412 and stale.error["type"] == "precondition_failed"
    assert await etag_of(control, case) == now
    assert (await change(control, case, 1, if_match=f'"other", {now}')).status == 200
    assert (await change(control, case, 0, if_match="*")).status == 200
    assert (await change(control, case, 1)).status == 200


async def test_a_weak_tag_names_no_version(control: Any) -> None:
    await control.post("/team/new", {"team_id": "weak"})
    etag = (await control.get("/team/info?team_id=weak")).headers["etag"]
    body = {"team_id": "weak", "team_alias": "x"}
    assert (await control.post("/team/update", body, headers={"if-match": f"W/{etag}"})).status == 412


async def test_a_delete_of_what_another_has_changed_is_refused(control: Any) -> None:
    await control.post("/team/new", {"team_id": "gone"})
    etag = (await control.get("/team/info?team_id=gone")).headers["etag"]
    await control.post("/team/block", {"team_id": "gone"})
    body = {"team_ids": ["gone"]}
    assert (await control.post("/team/delete", body, headers={"if-match": etag})).status == 412
    assert (await control.get("/team/info?team_id=gone")).status == 200
    assert (await control.post("/team/delete", body, headers={"if-match": "*"})).status == 200


async def test_a_condition_that_nothing_can_be_held_to_is_refused(control: Any) -> None:
    answer = await control.post("/team/new", {"team_id": "none"}, headers={"if-match": "*"})
    assert answer.status == 412 and "Leave If-Match out" in answer.error["message"]
    assert (await control.get("/team/info?team_id=none")).status == 404


@pytest.mark.parametrize("given", ["abc", '"abc', '"a" "b"', ""])
async def test_a_condition_that_is_no_etag_is_refused(control: Any, given: str) -> None:
    body = {"team_id": "none", "team_alias": "x"}
    answer = await control.post("/team/update", body, headers={"if-match": given})
    assert answer.status == 400 and "If-Match" in answer.error["message"]
