"""Changes of many objects: as many statements for twenty as for two, and each told as if it came alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import psycopg
import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

_COUNTED: ContextVar[list[str] | None] = ContextVar("counted", default=None)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Count the statements of what is called meanwhile, not those of the control plane's own tasks."""
    execute = psycopg.AsyncConnection.execute

    async def counted(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        if (seen := _COUNTED.get()) is not None:
            seen.append(str(query))
        return await execute(self, query, *args, **options)

    monkeypatch.setattr(psycopg.AsyncConnection, "execute", counted)

    @contextmanager
    def count() -> Iterator[list[str]]:
        token = _COUNTED.set(seen := [])
        try:
            yield seen
        finally:
            _COUNTED.reset(token)

    return count


async def good(control: Any, path: str, body: Any) -> Any:
    answer = await control.post(path, body)
    assert answer.status == 200, answer.body
    return answer.json()


async def people(control: Any, name: str, count: int) -> list[str]:
    users = [{"user_id": f"{name}-{n}", "user_email": f"{name}-{n}@example.org"} for n in range(count)]
    made = await good(control, "/management/v1/users/bulk", {"users": users})
    assert made["meta"]["created"] == count
    return [user["user_id"] for user in users]


async def users_changed(control: Any, count: int) -> tuple[str, Any]:
    ids = await people(control, f"changed{count}", count)
    said = {"max_budget": 5, "budget_duration": "30d", "spend": 1}
    return "/user/bulk_update", {"users": [{"user_id": id, **said} for id in ids]}


async def members_made(control: Any, count: int) -> tuple[str, Any]:
    await good(control, "/team/new", {"team_id": f"made{count}"})
    members = [{"role": "user", "user_email": f"made{count}-{n}@example.org"} for n in range(count)]
    return "/team/bulk_member_add", {"team_id": f"made{count}", "members": members, "max_budget_in_team": 1}


async def members_added(control: Any, count: int) -> tuple[str, Any]:
    team = {"team_id": f"added{count}", "team_member_budget": 2, "team_member_budget_duration": "1d"}
    await good(control, "/team/new", team)
    ids = await people(control, f"added{count}", count)
    members = [{"role": "user", "user_id": id} for id in ids]
    return "/team/member_add", {"team_id": f"added{count}", "member": members}


async def permissions_granted(control: Any, count: int) -> tuple[str, Any]:
    ids = [f"granted{count}-{n}" for n in range(count)]
    for id in ids:
        await good(control, "/team/new", {"team_id": id, "max_budget": 3, "budget_duration": "7d"})
    return "/team/permissions_bulk_update", {"team_ids": ids, "permissions": ["/key/generate"]}


@pytest.mark.parametrize("change", [users_changed, members_made, members_added, permissions_granted])
async def test_many_take_no_more_statements_than_few(control: Any, counting: Any, change: Any) -> None:
    figures = []
    for count in (2, 20):
        path, body = await change(control, count)
        with counting() as seen:
            await good(control, path, body)
        figures.append(len(seen))
    few, many = figures
    assert many <= few + 2, figures  # the wait for gateways may ask once more


async def test_users_whose_addresses_are_taken_stay_as_they_are_and_the_others_change(control: Any) -> None:
    ids = await people(control, "address", 3)
    users = [
        {"user_id": ids[0], "user_email": "free@example.org", "user_alias": "first"},
        {"user_id": ids[1], "user_email": "ADDRESS-2@example.org"},
        {"user_id": ids[2], "spend": 2.5, "max_budget": 9},
        {"user_id": ids[0], "user_alias": "second"},
    ]
    answer = await good(control, "/user/bulk_update", {"users": users})
    assert [result["success"] for result in answer["results"]] == [True, False, True, True]
    assert "already exists" in answer["results"][1]["error"]
    first = (await control.get(f"/user/info?user_id={ids[0]}")).json()["user_info"]
    assert (first["user_email"], first["user_alias"]) == ("free@example.org", "second")
    assert (await control.get(f"/user/info?user_id={ids[2]}")).json()["user_info"]["spend"] == 2.5
    second = (await control.get(f"/user/info?user_id={ids[1]}")).json()["user_info"]
    assert second["user_email"] == "address-1@example.org"


async def test_each_of_many_users_is_in_the_audit_log_once_for_each_change(control: Any) -> None:
    ids = await people(control, "audited", 2)
    users = [{"user_id": id, "user_alias": alias} for id in ids for alias in ("a", "b")]
    await good(control, "/user/bulk_update", {"users": users})
    for id in ids:
        page = (await control.get(f"/audit?object_id={id}&action=updated")).json()
        aliases = [
            (row["before_value"]["alias"], row["updated_values"]["alias"]) for row in page["audit_logs"]
        ]
        assert sorted(aliases, key=str) == [("a", "b"), (None, "a")]


async def test_members_named_twice_or_without_a_name_are_told_alone(control: Any) -> None:
    await good(control, "/team/new", {"team_id": "twice", "models": ["m"]})
    members = [
        {"role": "admin", "user_id": "twice-1"},
        {"role": "user", "user_email": "twice-2@example.org"},
        {"role": "user", "user_email": "TWICE-2@example.org"},
        {"role": "user", "user_id": "twice-1"},
        {"role": "user"},
        {"role": "user", "user_id": "twice-3", "user_email": "twice-2@example.org"},
        {"role": "user", "user_id": "twice-4"},
    ]
    answer = await good(control, "/team/bulk_member_add", {"team_id": "twice", "members": members})
    assert [one["success"] for one in answer["results"]] == [True, True, False, False, False, False, True]
    words = [one["error"] for one in answer["results"] if not one["success"]]
    assert "already; change them" in words[0] and "already; change them" in words[1]
    assert "needs a user_id or a user_email" in words[2] and "already exists" in words[3]
    team = (await control.get("/team/info?team_id=twice")).json()["team_info"]
    there = [(one["user_id"], one["role"]) for one in team["members_with_roles"]]
    assert there[0] == ("twice-1", "admin") and there[2] == ("twice-4", "user") and len(there) == 3
    assert (await control.get("/user/info?user_id=twice-3")).status == 404
