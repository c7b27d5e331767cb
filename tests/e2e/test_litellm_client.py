"""What LiteLLM's own Python client and its command line send, as they send it."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def good(door: Any, method: str, path: str, body: Any = None) -> Any:
    status, answer = await door.call(method, path, body)
    assert status == 200, (method, path, answer)
    return answer


async def test_models_are_listed_made_changed_and_deleted(door: Any) -> None:
    assert "gpt" in [one["id"] for one in (await good(door, "GET", "/models"))["data"]]
    params = {"model": "openai/gpt-4o", "api_key": "sk-x"}
    body = {"model_name": "m2", "litellm_params": params, "model_info": {"description": "d"}}
    id = (await good(door, "POST", "/model/new", body))["model_id"]
    change = {"id": id, "litellm_params": {"model": "openai/gpt-4o-mini"}, "model_info": {"description": "e"}}
    await good(door, "POST", "/model/update", change)
    found = [one for one in (await good(door, "GET", "/v1/model/info"))["data"] if one["model_name"] == "m2"]
    assert [one["model_info"]["id"] for one in found] == [id]
    assert found[0]["litellm_params"]["model"] == "openai/gpt-4o-mini"
    assert found[0]["model_info"]["description"] == "e"
    assert (await good(door, "GET", "/model_group/info"))["data"]
    await good(door, "POST", "/model/delete", {"id": id})


async def test_keys_are_made_listed_used_and_deleted_by_alias(door: Any) -> None:
    body = {
        "models": ["gpt"],
        "aliases": {},
        "spend": 0,
        "duration": "24h",
        "key_alias": "al",
        "user_id": "u1",
    }
    key = (await good(door, "POST", "/key/generate", body | {"config": {}}))["key"]
    assert (await good(door, "GET", f"/key/info?key={key}"))["info"]["key_alias"] == "al"
    query = "page=1&size=5&user_id=u1&return_full_object=true&include_team_keys=true"
    assert [one["key_alias"] for one in (await good(door, "GET", f"/key/list?{query}"))["keys"]] == ["al"]
    assert await door.chat(key=key) == 200
    deleted = await good(door, "POST", "/key/delete", {"keys": None, "key_aliases": ["al"]})
    assert deleted == {"deleted_keys": ["al"]}
    assert await door.chat(key=key) == 401


async def test_users_and_teams_are_listed_and_shown(door: Any) -> None:
    body = {"user_email": "x@example.org", "user_role": "internal_user"}
    user_id = (await good(door, "POST", "/user/new", body))["user_id"]
    assert user_id in [one["user_id"] for one in (await good(door, "GET", "/user/list"))["users"]]
    assert (await good(door, "GET", f"/user/info?user_id={user_id}"))["user_info"][
        "user_email"
    ] == "x@example.org"
    assert (await good(door, "GET", "/user/info"))["user_id"] == "default_user_id"
    assert (await good(door, "GET", f"/v2/user/info?user_id={user_id}"))["user_id"] == user_id
    assert await good(door, "POST", "/user/delete", {"user_ids": [user_id]}) == 1
    await good(door, "POST", "/team/new", {"team_alias": "listed"})
    assert "listed" in [one["team_alias"] for one in await good(door, "GET", "/team/list")]
    page = await good(door, "GET", "/v2/team/list?page=1&page_size=10&sort_order=asc")
    assert (page["page"], "listed" in [one["team_alias"] for one in page["teams"]]) == (1, True)
    assert await good(door, "GET", "/team/available") == []
