"""Users over HTTP: changes, deletion, lists."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def made(control: Any, **fields: Any) -> dict[str, Any]:
    answer = await control.post("/user/new", fields)
    assert answer.status == 200, answer.body
    return answer.json()


async def test_an_update_changes_what_it_names_by_id_or_email(control: Any) -> None:
    await made(control, user_id="u1", user_email="u1@example.org", models=["m"], max_budget=2)
    answer = await control.post("/user/update", {"user_id": "u1", "user_alias": "one", "max_budget": 3})
    assert answer.status == 200 and answer.json()["user_id"] == "u1"
    data = answer.json()["data"]
    assert (data["user_alias"], data["max_budget"], data["models"]) == ("one", 3.0, ["m"])
    by_email = await control.post("/user/update", {"user_email": "u1@example.org", "blocked": True})
    assert by_email.json()["data"]["blocked"] is True
    assert (await control.record("user", "u1"))["blocked"] is True
    assert (await control.post("/user/update", {"user_id": "nobody"})).status == 404
    assert (await control.post("/user/update", {"user_alias": "x"})).status == 422


async def test_a_role_goes_by_the_names_of_other_gateways(control: Any) -> None:
    assert (await made(control, user_role="superuser"))["user_role"] == "proxy_admin"


async def test_users_go_with_their_keys_all_or_none(control: Any) -> None:
    key = (await made(control, user_id="leaver"))["key"]
    assert (await control.post("/user/delete", {"user_ids": ["leaver", "nobody"]})).status == 404
    assert (await control.get("/user/info", key=key)).status == 200
    answer = await control.post("/user/delete", {"user_ids": ["leaver"]})
    assert (answer.status, answer.json()) == (200, 1)
    assert await control.record("user", "leaver") is None
    assert (await control.get("/user/info", key=key)).status == 401


async def test_many_users_at_once_and_who_could_not_be_changed(control: Any) -> None:
    await made(control, user_id="b1")
    await made(control, user_id="b2", user_email="b2@example.org")
    users = [
        {"user_id": "b1", "max_budget": 1},
        {"user_email": "b2@example.org", "max_budget": -1},
        {"user_id": "nobody"},
    ]
    answer = (await control.post("/user/bulk_update", {"users": users})).json()
    assert (answer["successful_updates"], answer["failed_updates"]) == (1, 2)
    assert (await control.record("user", "b1"))["limits"]["max_budget"] == "1"
    assert "limits" not in await control.record("user", "b2")


async def test_users_are_listed_by_pages_and_filters(control: Any) -> None:
    await control.post("/team/new", {"team_id": "listed-team"})
    for number in range(3):
        await made(
            control,
            user_id=f"listed-{number}",
            user_email=f"listed{number}@example.org",
            user_role="internal_user_viewer" if number else "internal_user",
            teams=["listed-team"] if number else [],
        )
    page = (await control.get("/user/list?search=listed-&page_size=2&sort_by=user_id")).json()
    assert [user["user_id"] for user in page["users"]] == ["listed-0", "listed-1"]
    assert (page["total"], page["page"], page["page_size"], page["total_pages"]) == (3, 1, 2, 2)
    assert page["users"][0]["key_count"] == 1
    for query, expected in (
        ("role=internal_user_viewer&search=listed-", {"listed-1", "listed-2"}),
        ("user_email=LISTED1@", {"listed-1"}),
        ("team=listed-team", {"listed-1", "listed-2"}),
        ("user_ids=listed-0,listed-2", {"listed-0", "listed-2"}),
    ):
        found = (await control.get(f"/user/list?{query}")).json()["users"]
        assert {user["user_id"] for user in found} == expected, query
    assert (await control.get("/user/list?page=0")).status == 422
    suggested = (await control.get("/user/filter/ui?search=listed1")).json()
    assert suggested == [{"user_id": "listed-1", "user_email": "listed1@example.org"}]


async def test_the_master_key_has_a_user(control: Any) -> None:
    info = await control.get("/user/info")
    assert info.status == 200
    assert info.json()["user_id"] == "default_user_id"
    assert info.json()["user_info"]["user_role"] == "proxy_admin"


async def test_roles_are_told_to_everybody(control: Any) -> None:
    key = await control.made_key()
    roles = (await control.get("/user/available_roles", key=key["key"])).json()
    assert set(roles) == {"proxy_admin", "proxy_admin_viewer", "internal_user", "internal_user_viewer"}


async def test_a_new_user_is_in_the_organizations_that_are_named(control: Any) -> None:
    await control.post("/org/create", {"name": "a", "slug": "home"})
    await made(control, user_id="resident", organizations=["home"])
    info = (await control.get("/organization/info?organization_id=home")).json()
    assert [one["user_id"] for one in info["members"]] == ["resident"]
    lost = await control.post("/user/new", {"user_id": "homeless", "organizations": ["nowhere"]})
    assert lost.status == 404 and (await control.get("/user/info?user_id=homeless")).status == 404


async def test_users_are_listed_in_any_order(control: Any) -> None:
    for name in ("one", "three", "two"):
        user = {"user_id": f"order-{name}", "user_alias": name, "user_email": f"{name}@order.example"}
        made = await control.post("/user/new", user | {"auto_create_key": False})
        assert made.status == 200

    async def names(order: str) -> list[str]:
        users = (await control.get(f"/user/list?user_email=@order.example&{order}")).json()["users"]
        return [user["user_alias"] for user in users]

    for column in ("user_id", "user_email", "user_alias", "created_at", "updated_at", "user_role", "spend"):
        assert await names(f"sort_by={column}&sort_order=asc") == ["one", "three", "two"], column
    for column in ("user_id", "user_email", "user_alias", "created_at"):
        assert await names(f"sort_by={column}&sort_order=desc") == ["two", "three", "one"], column
