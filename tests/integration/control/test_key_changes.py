"""New values for keys, many keys at once, service accounts, lists."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from tianji.domain.keys import hash_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def spend(control: Any, key: dict[str, Any], amount: str) -> None:
    async with control.runtime.store.connection() as db:
        await db.execute(
            "INSERT INTO spend_totals (scope, scope_id, spend_usd) VALUES ('key', %s, %s)",
            [key["token"], amount],
        )


async def test_a_new_value_keeps_all_else_and_ends_the_old_one(control: Any) -> None:
    old = await control.made_key(key_alias="rotated", models=["m"], max_budget=9)
    await spend(control, old, "2.5")
    answer = await control.post(f"/key/{old['key']}/regenerate", {"rpm_limit": 4})
    new = answer.json()
    assert answer.status == 200 and new["key"] != old["key"] and new["token"] == hash_of(new["key"])
    assert (new["key_alias"], new["models"], new["max_budget"]) == ("rotated", ["m"], 9.0)
    assert (new["rpm_limit"], new["spend"]) == (4, 2.5)
    info = (await control.get("/key/info", key=new["key"])).json()["info"]
    assert info["spend"] == 2.5 and info["key_alias"] == "rotated"
    assert (await control.get("/key/info", key=old["key"])).status == 401
    assert await control.record("key", old["token"]) is None
    assert (await control.record("key", new["token"]))["spend"] == "2.5"


async def test_with_a_grace_time_the_old_value_serves_on_until_then(control: Any) -> None:
    old = await control.made_key(key_alias="graced")
    new = (await control.post("/key/regenerate", {"key": old["token"], "grace_period": "1h"})).json()
    info = (await control.get(f"/key/info?key={old['token']}")).json()["info"]
    left = datetime.datetime.fromisoformat(info["expires"]) - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(minutes=59) < left <= datetime.timedelta(hours=1)
    assert info["key_alias"] is None and new["key_alias"] == "graced" and new["expires"] is None
    await control.published()
    assert (await control.record("key", old["token"]))["successor"] == new["token"]
    again = await control.post("/key/regenerate", {"key": old["token"]})
    assert (again.status, again.error["param"]) == (400, "key")


async def test_within_its_grace_an_old_value_is_let_in_as_the_new_one_is(control: Any) -> None:
    old = await control.made_key(key_alias="followed")
    new = (await control.post("/key/regenerate", {"key": old["token"], "grace_period": "1h"})).json()
    newest = (await control.post("/key/regenerate", {"key": new["token"], "grace_period": "1h"})).json()
    assert (await control.get("/key/info", key=old["key"])).json()["info"]["key_alias"] == "followed"

    async def let_in(value: dict[str, Any]) -> tuple[bool, int]:
        asked = await control.post("/access/explain", {"key": value["key"], "route": "/v1/models"})
        assert asked.status == 200, asked.body
        return asked.json()["allowed"], (await control.get("/key/info", key=value["key"])).status

    assert [await let_in(value) for value in (old, new, newest)] == [(True, 200)] * 3
    await control.post("/key/block", {"key": new["token"]})
    assert [await let_in(value) for value in (old, new, newest)] == [(False, 401), (False, 401), (True, 200)]
    await control.post("/key/unblock", {"key": new["token"]})
    await control.post("/key/block", {"key": newest["token"]})
    assert [await let_in(value) for value in (old, new, newest)] == [(False, 401)] * 3


async def test_an_owner_gives_their_key_a_new_value_of_their_choice(control: Any) -> None:
    key = (await control.post("/user/new", {"user_id": "rotator"})).json()["key"]
    answer = await control.post("/key/regenerate", {"new_key": "sk-chosen-anew"}, key=key)
    assert (answer.status, answer.json()["key"]) == (200, "sk-chosen-anew")
    lifted = await control.post("/key/regenerate", {"max_budget": 1}, key="sk-chosen-anew")
    assert lifted.status == 403
    assert (await control.get("/key/info", key="sk-chosen-anew")).status == 200


async def test_a_value_belongs_to_one_key_for_as_long_as_that_is_there(control: Any) -> None:
    first = (await control.made_key(key="sk-value-1"))["key"]
    second = (await control.post(f"/key/{first}/regenerate", {"new_key": "sk-value-2"})).json()["key"]
    other = (await control.made_key())["key"]

    assert (await control.post("/key/generate", {"key": first})).error["param"] == "key"
    assert (await control.post(f"/key/{other}/regenerate", {"new_key": first})).status == 400
    assert (await control.post(f"/key/{second}/regenerate", {"new_key": first})).json()["key"] == first
    await control.post("/key/delete", {"keys": [first]})
    assert (await control.post("/key/generate", {"key": second})).status == 200
    assert (await control.post("/key/generate", {"key": first})).status == 400


async def test_keys_are_listed_by_what_all_their_values_have_spent(control: Any) -> None:
    team = (await control.post("/team/new", {})).json()["team_id"]
    keys = [await control.made_key(team_id=team) for _ in range(4)]
    for key, amount in zip(keys, ("1", "3", "2"), strict=False):
        await spend(control, key, amount)
    for at in (0, 3):
        keys[at] = (await control.post(f"/key/{keys[at]['token']}/regenerate", {})).json()
    await spend(control, keys[0], "1.5")
    expected = [keys[place]["token"] for place in (1, 0, 2, 3)]

    for order, tokens in (("desc", expected), ("asc", expected[::-1])):
        path = f"/key/list?team_id={team}&sort_by=spend&sort_order={order}"
        assert (await control.get(path)).json()["keys"] == tokens
    told = (await control.get("/spend/keys")).json()
    there = [one["token"] for one in told if one["token"] in expected]
    assert there == expected


async def test_what_cannot_be_given_a_new_value(control: Any) -> None:
    assert (await control.post("/key/sk-nothing/regenerate")).status == 404
    assert (await control.post("/key/regenerate", {})).status == 422
    assert (await control.post("/key/regenerate", {"new_master_key": "sk-x"})).status == 400


async def test_spend_is_set_back_within_what_was_spent(control: Any) -> None:
    key = await control.made_key(max_budget=5)
    await spend(control, key, "3")
    answer = (await control.post(f"/key/{key['token']}/reset_spend", {"reset_to": 1})).json()
    assert (answer["spend"], answer["previous_spend"], answer["max_budget"]) == (1.0, 3.0, 5.0)
    assert answer["key_hash"] == key["token"]
    info = (await control.get(f"/key/info?key={key['token']}")).json()["info"]
    assert (info["spend"], info["total_spend"]) == (1.0, 3.0)
    for value in (-1, 1.5):
        assert (await control.post(f"/key/{key['token']}/reset_spend", {"reset_to": value})).status == 400


async def test_a_service_account_belongs_to_a_team_and_to_nobody(control: Any) -> None:
    await control.post("/team/new", {"team_id": "machines"})
    made = (
        await control.post(
            "/key/service-account/generate", {"team_id": "machines", "key_alias": "robot", "user_id": "x"}
        )
    ).json()
    assert (made["user_id"], made["team_id"]) == (None, "machines")
    assert made["metadata"]["service_account_id"] == "robot"
    assert (await control.post("/key/service-account/generate", {})).error["param"] == "team_id"


async def test_many_keys_at_once_and_those_that_could_not_be_changed(control: Any) -> None:
    keys = [await control.made_key() for _ in range(2)]
    items = [{"key": key["key"], "max_budget": 4, "tags": ["t"]} for key in keys]
    answer = (await control.post("/key/bulk_update", {"keys": [*items, {"key": "sk-nothing"}]})).json()
    assert (answer["total_requested"], len(answer["successful_updates"])) == (3, 2)
    assert answer["failed_updates"][0]["failed_reason"]
    for key in keys:
        record = await control.record("key", key["token"])
        assert (record["limits"]["max_budget"], record["metadata"]) == ("4", {"tags": ["t"]})


async def test_lists_are_sorted_by_spend_and_cut_by_state(control: Any) -> None:
    await control.post("/team/new", {"team_id": "sorted"})
    keys = {}
    for name, amount in (("cheap", "1"), ("dear", "30"), ("free", "0")):
        keys[name] = await control.made_key(team_id="sorted", key_alias=f"sorted-{name}")
        await spend(control, keys[name], amount)
    await control.post("/key/block", {"key": keys["dear"]["key"]})
    await control.post("/key/update", {"key": keys["free"]["key"], "duration": "1s"})
    async with control.runtime.store.connection() as db:
        await db.execute(
            "UPDATE keys SET expires = now() - interval '1 s' WHERE hash = %s", [keys["free"]["token"]]
        )

    async def names(query: str) -> list[str]:
        found = await control.get(f"/key/list?team_id=sorted&return_full_object=true&{query}")
        assert found.status == 200, found.body
        return [key["key_alias"].removeprefix("sorted-") for key in found.json()["keys"]]

    assert await names("sort_by=spend&sort_order=desc") == ["dear", "cheap", "free"]
    assert await names("sort_by=spend&sort_order=asc") == ["free", "cheap", "dear"]
    assert await names("sort_by=key_alias&sort_order=asc") == ["cheap", "dear", "free"]
    assert await names("") == ["free", "dear", "cheap"]
    assert await names("status=blocked") == ["dear"]
    assert await names("status=expired") == ["free"]
    assert await names("status=active") == ["cheap"]
    assert await names("expires=2999-01-01") == ["free"]
    assert await names("key_alias=CHEA&substring_matching=true") == ["cheap"]
    for query in ("sort_by=colour", "status=lost", "expires=soon", "size=1000"):
        assert (await control.get(f"/key/list?{query}")).status == 422, query


async def test_aliases_are_listed_by_the_alphabet(control: Any) -> None:
    for name in ("alias-b", "alias-a", "alias-c"):
        await control.made_key(key_alias=name)
    answer = (await control.get("/key/aliases?search=alias-&size=2")).json()
    assert answer["aliases"] == ["alias-a", "alias-b"]
    assert (answer["total_count"], answer["total_pages"], answer["size"]) == (3, 2, 2)
