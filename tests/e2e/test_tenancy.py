"""What a level may not, no key below it may: on the next request, on every gateway."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def gateways() -> int:
    return 2


async def said(door: Any, method: str, path: str, body: dict[str, Any]) -> Any:
    status, answer = await door.call(method, path, body)
    assert status == 200, answer
    return answer


async def tried(door: Any, key: str, model: str = "gpt") -> list[int]:
    return [await door.chat(model, key=key, base=base) for base in door.system.gateway_urls]


async def test_each_level_above_a_key_bars_it(door: Any) -> None:
    await said(door, "POST", "/org/create", {"name": "Acme", "slug": "acme"})
    await said(door, "POST", "/team/create", {"name": "core", "slug": "core", "org_id": "acme"})
    key = await door.new_key(team_id="core")
    assert await tried(door, key) == [200, 200]
    for path, body, barred, freed in (
        ("/organization/update", {"organization_id": "acme"}, {"blocked": True}, {"blocked": False}),
        ("/organization/update", {"organization_id": "acme"}, {"models": ["claude"]}, {"models": []}),
        ("/team/update", {"team_id": "core"}, {"blocked": True}, {"blocked": False}),
        ("/team/update", {"team_id": "core"}, {"models": ["cl*"]}, {"models": ["*"]}),
        ("/key/update", {"key": key}, {"models": ["claude"]}, {"models": []}),
    ):
        await said(door, "POST", path, body | barred)
        assert await tried(door, key) in ([401, 401], [403, 403]), (path, barred)
        await said(door, "POST", path, body | freed)
        assert await tried(door, key) == [200, 200], (path, freed)


async def test_a_key_that_moves_is_held_to_where_it_is(door: Any) -> None:
    await said(door, "POST", "/org/create", {"name": "narrow", "slug": "narrow", "models": ["claude"]})
    await said(door, "POST", "/team/create", {"name": "n", "slug": "narrow-team", "org_id": "narrow"})
    await said(door, "POST", "/team/create", {"name": "w", "slug": "wide-team"})
    key = await door.new_key(team_id="wide-team")
    assert await tried(door, key) == [200, 200]
    await said(door, "POST", "/key/update", {"key": key, "team_id": "narrow-team"})
    assert await tried(door, key) == [403, 403]
    await said(door, "POST", "/team/update", {"team_id": "narrow-team", "organization_id": None})
    assert await tried(door, key) == [200, 200]
    await said(door, "POST", "/team/delete", {"team_ids": ["narrow-team"]})
    assert await tried(door, key) == [401, 401]


async def test_a_key_with_a_new_value_ends_the_old_one_at_once_or_after_its_grace(door: Any) -> None:
    old = await door.new_key()
    new = (await said(door, "POST", f"/key/{old}/regenerate", {}))["key"]
    assert await tried(door, old) == [401, 401]
    newest = (await said(door, "POST", "/key/regenerate", {"key": new, "grace_period": "1h"}))["key"]
    assert await tried(door, new) == await tried(door, newest) == [200, 200]


async def test_a_blocked_customer_is_refused_whatever_the_key(door: Any) -> None:
    key = await door.new_key()
    body = {"model": "gpt", "messages": [{"role": "user", "content": "x"}], "user": "eve"}
    for path, expected in (("block", 403), ("unblock", 200)):
        await said(door, "POST", f"/customer/{path}", {"user_ids": ["eve"]})
        status, _ = await door.call("POST", "/v1/chat/completions", body, key=key)
        assert status == expected


async def test_a_project_bars_its_keys_and_no_others(door: Any) -> None:
    await said(door, "POST", "/team/new", {"team_id": "builders"})
    project = await said(door, "POST", "/project/new", {"team_id": "builders"})
    id = project["project_id"]
    inside = await door.new_key(team_id="builders", project_id=id)
    beside = await door.new_key(team_id="builders")
    for barred, freed, status in (
        ({"blocked": True}, {"blocked": False}, 401),
        ({"models": ["claude"]}, {}, 403),
    ):
        await said(door, "POST", "/project/update", {"project_id": id} | barred)
        assert await tried(door, inside) == [status, status]
        assert await tried(door, beside) == [200, 200]
        await said(door, "POST", "/project/update", {"project_id": id, "models": None} | freed)
        assert await tried(door, inside) == [200, 200]


async def test_a_member_may_use_their_share_of_a_team(door: Any) -> None:
    members = [{"user_id": name, "role": "user"} for name in ("whole", "part")]
    await said(door, "POST", "/team/new", {"team_id": "shared", "members_with_roles": members})
    keys = {name: await door.new_key(team_id="shared", user_id=name) for name in ("whole", "part")}
    body = {"team_id": "shared", "user_id": "part"}
    await said(door, "POST", "/team/member_update", body | {"allowed_models": ["claude"]})
    assert await tried(door, keys["whole"]) == [200, 200]
    assert await tried(door, keys["part"]) == [403, 403]
    await said(door, "POST", "/team/member_update", body | {"allowed_models": []})
    assert await tried(door, keys["part"]) == [200, 200]


async def test_a_key_works_from_its_addresses_only(door: Any) -> None:
    far = await door.new_key(allowed_ips=["10.9.8.0/24"])
    near = await door.new_key(allowed_ips=["127.0.0.1", "::1"])
    assert await tried(door, far) == [403, 403]
    assert await tried(door, near) == [200, 200]
    await said(door, "POST", "/key/update", {"key": far, "allowed_ips": []})
    assert await tried(door, far) == [200, 200]
