"""Several admins at once on the same objects, and bulk deletes that cannot be done whole."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROUNDS = 12


async def said(control: Any, method: str, path: str, body: Any = None) -> Any:
    answer = await control.call(method, path, body)
    assert answer.status == 200, (path, answer.body)
    return answer.json()


@pytest.mark.parametrize(
    ("made", "make", "update", "field", "info"),
    [
        ("POST", "/team/new", "POST /team/update", "team_id", "/team/info?team_id=at-once"),
        (
            *("POST", "/organization/new", "PATCH /organization/update", "organization_id"),
            "/organization/info?organization_id=at-once",
        ),
        ("POST", "/user/new", "POST /user/update", "user_id", "/user/info?user_id=at-once"),
    ],
)
async def test_no_change_of_several_admins_is_lost(
    control: Any, made: str, make: str, update: str, field: str, info: str
) -> None:
    body = {field: "at-once", "auto_create_key": False} if field == "user_id" else {field: "at-once"}
    await said(control, made, make, body | ({"organization_alias": "x"} if "organization" in field else {}))
    method, path = update.split()
    changes = {"models": ["m"], "tpm_limit": 7, "rpm_limit": 8, "max_budget": 9.0, "metadata": {"a": 1}}

    await asyncio.gather(
        *(said(control, method, path, {field: "at-once", name: value}) for name, value in changes.items())
    )

    shown = await said(control, "GET", info)
    shown = shown.get("team_info") or shown.get("user_info") or shown
    shown |= shown.get("litellm_budget_table") or {}
    assert {name: shown[name] for name in changes} == changes


async def test_members_that_several_admins_add_are_all_there(control: Any) -> None:
    await said(control, "POST", "/team/new", {"team_id": "crowd"})

    answers = await asyncio.gather(
        *(
            control.post("/team/member_add", {"team_id": "crowd", "member": {"role": "user", "user_id": id}})
            for id in ("a", "b", "c", "a")
        )
    )

    team = await said(control, "GET", "/team/info?team_id=crowd")
    assert {member["user_id"] for member in team["team_info"]["members_with_roles"]} == {"a", "b", "c"}
    assert sorted(answer.status for answer in answers) == [200, 200, 200, 400]


@pytest.mark.parametrize(
    ("make", "made", "gone", "listed"),
    [
        ("/team/new", {"team_id": "{}"}, ("POST", "/team/delete", {"team_ids": ["{}"]}), "team_id"),
        (
            "/user/new",
            {"user_id": "{}", "auto_create_key": False},
            ("POST", "/user/delete", {"user_ids": ["{}"]}),
            "user_id",
        ),
        (
            "/organization/new",
            {"organization_id": "{}", "organization_alias": "{}"},
            ("DELETE", "/organization/delete", {"organization_ids": ["{}"]}),
            "organization_id",
        ),
    ],
)
async def test_no_key_outlives_what_is_deleted_while_it_is_made(
    control: Any, make: str, made: Any, gone: tuple[str, str, Any], listed: str
) -> None:
    for number in range(ROUNDS):
        id = f"short-lived-{listed}-{number}"
        await said(control, "POST", make, _filled(made, id))
        method, path, body = gone
        calls = [control.post("/key/generate", {listed: id}) for _ in range(4)]
        place = number % 5
        calls.insert(place, control.call(method, path, _filled(body, id)))

        statuses = [answer.status for answer in await asyncio.gather(*calls)]

        assert statuses[place] == 200
        assert set(statuses) <= {200, 400}, statuses
        if listed != "user_id":
            left = await said(control, "GET", f"/key/list?{listed}={id}")
            assert left["keys"] == []


@pytest.mark.parametrize(
    ("method", "path", "field", "info"),
    [
        ("POST", "/team/delete", "team_ids", "/team/info?team_id=stays"),
        ("POST", "/user/delete", "user_ids", "/user/info?user_id=stays"),
        ("DELETE", "/organization/delete", "organization_ids", "/organization/info?organization_id=stays"),
        ("POST", "/customer/delete", "user_ids", "/customer/info?end_user_id=stays"),
    ],
)
async def test_a_bulk_delete_that_cannot_be_done_whole_does_nothing(
    control: Any, method: str, path: str, field: str, info: str
) -> None:
    for make, body in (
        ("/organization/new", {"organization_id": "stays", "organization_alias": "stays"}),
        ("/team/new", {"team_id": "stays", "organization_id": "stays"}),
        ("/user/new", {"user_id": "stays", "auto_create_key": False}),
        ("/customer/new", {"user_id": "stays"}),
    ):
        await control.post(make, body)  # refused where it is there already
    key = (await said(control, "POST", "/key/generate", {"team_id": "stays", "user_id": "stays"}))["key"]

    refused = await control.call(method, path, {field: ["stays", "zz-is-not-there"]})

    assert refused.status == 404
    await said(control, "GET", info)
    await said(control, "GET", f"/key/info?key={key}")


def _filled(value: Any, id: str) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one, id) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, id) for one in value]
    return value.format(id) if isinstance(value, str) else value
