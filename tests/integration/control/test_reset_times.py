"""`budget_reset_at` and `spend` follow from the window in every answer, in the time zone of the config."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from tianji.domain.keys import hash_of
from tianji.limits.windows import rule, window

pytestmark = pytest.mark.asyncio(loop_scope="module")

ZONE = "Asia/Kolkata"
"""Half an hour off whole hours: no day of it begins with one of UTC."""
TERMS: dict[str, Any] = {"max_budget": 5, "budget_duration": "1d"}


def times_in(value: Any) -> Iterator[Any]:
    """Yield every `budget_reset_at` of an answer."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "budget_reset_at":
                yield inner
            else:
                yield from times_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from times_in(inner)


async def said(control: Any, method: str, path: str, body: Any = None) -> Any:
    answer = await control.call(method, path, body)
    assert answer.status == 200, (path, answer.body)
    return answer.json()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def zoned(control: Any) -> Any:
    """A control plane whose days are India's."""
    body = {"litellm_settings": {"timezone": ZONE}}
    await said(control, "POST", "/config/update", body)
    return control


async def test_every_answer_tells_the_end_of_the_day_where_the_config_is(zoned: Any) -> None:
    answers = {}

    async def ask(method: str, path: str, body: Any = None) -> Any:
        answers[f"{method} {path}"] = found = await said(zoned, method, path, body)
        return found

    budget = await ask("POST", "/budget/new", {"budget_id": "b-zone", **TERMS})
    await ask("POST", "/budget/update", {"budget_id": "b-zone", "max_budget": 6})
    await ask("POST", "/budget/info", {"budgets": ["b-zone"]})
    await ask("GET", "/budget/list")
    await ask("POST", "/organization/new", {"organization_id": "o-zone", "organization_alias": "o", **TERMS})
    team = {"team_id": "t-zone", "organization_id": "o-zone", **TERMS}
    await ask("POST", "/team/new", team | {"team_member_budget": 2, "team_member_budget_duration": "1d"})
    user = await ask("POST", "/user/new", {"user_id": "u-zone", **TERMS})
    await ask("POST", "/user/update", {"user_id": "u-zone", "budget_duration": "1d"})
    member = {"team_id": "t-zone", "member": {"user_id": "u-zone", "role": "user"}}
    await ask("POST", "/team/member_add", member)
    key = await said(zoned, "POST", "/key/generate", {"user_id": "u-zone", "team_id": "t-zone", **TERMS})
    await ask("POST", "/key/update", {"key": key["key"], "budget_duration": "1d"})
    await ask("GET", f"/key/info?key={key['key']}")
    await ask("POST", "/customer/new", {"user_id": "c-zone", **TERMS})
    await ask("GET", "/customer/info?end_user_id=c-zone")
    await ask("GET", "/customer/list")
    await ask("POST", "/tag/new", {"name": "tag-zone", **TERMS})
    await ask("POST", "/tag/info", {"names": ["tag-zone"]})
    await ask("POST", "/project/new", {"project_id": "p-zone", "team_id": "t-zone", **TERMS})
    await ask("GET", "/project/info?project_id=p-zone")
    await ask("GET", "/organization/info?organization_id=o-zone")
    await ask("GET", "/team/info?team_id=t-zone")
    await ask("GET", "/v2/team/list?team_id=t-zone")
    await ask("GET", "/v2/user/info?user_id=u-zone")
    assert budget["budget_id"] == "b-zone" and user["user_id"] == "u-zone"

    ends = window(rule("1d", ZONE), time.time()).ends
    for asked, answer in answers.items():
        found = [one for one in times_in(answer) if one is not None]
        wrong = [one for one in found if datetime.fromisoformat(one).timestamp() != ends]
        assert not wrong, (asked, wrong)
        assert found or asked.startswith("POST /tag/new"), asked


async def test_each_of_several_budgets_tells_when_it_begins_anew(zoned: Any) -> None:
    several = [{"budget_duration": "1d", "max_budget": 1}, {"budget_duration": "30s", "max_budget": 0.5}]
    key = (await said(zoned, "POST", "/key/generate", {"budget_limits": several}))["key"]
    await said(zoned, "POST", "/team/new", {"team_id": "t-several", "budget_limits": several})
    now = time.time()
    for answer in (
        (await said(zoned, "GET", f"/key/info?key={key}"))["info"],
        (await said(zoned, "GET", "/team/info?team_id=t-several"))["team_info"],
        (await said(zoned, "GET", "/v2/team/list?team_id=t-several"))["teams"][0],
    ):
        day, short = answer["budget_limits"]
        assert (day["budget_duration"], day["max_budget"], short["max_budget"]) == ("1d", 1, 0.5)
        assert datetime.fromisoformat(day["reset_at"]).timestamp() == window(rule("1d", ZONE), now).ends
        assert 0 <= datetime.fromisoformat(short["reset_at"]).timestamp() - now <= 60
    # What is told is not kept: a script may send it back.
    again = {"key": key, "budget_limits": answer["budget_limits"], "key_alias": "several"}
    assert (await zoned.post("/key/update", again)).status == 200
    record = await zoned.record("key", hash_of(key))
    assert [one["max_budget"] for one in record["limits"]["windows"]] == ["1", "0.5"]


async def test_what_changes_by_itself_makes_no_other_version(zoned: Any) -> None:
    terms = TERMS | {"budget_limits": [{"budget_duration": "30s", "max_budget": 1}]}
    key = (await said(zoned, "POST", "/key/generate", terms))["key"]
    await said(zoned, "POST", "/budget/new", {"budget_id": "b-version", **TERMS})
    async with zoned.runtime.store.connection() as db:  # as they were written some windows ago
        await db.execute("UPDATE keys SET budget_reset_at = now() - interval '3 days'")
        await db.execute("UPDATE budgets SET budget_reset_at = now() - interval '3 days'")
    key_seen = (await zoned.get(f"/key/info?key={key}")).headers["etag"]
    seen = (await zoned.post("/budget/info", {"budgets": ["b-version"]})).headers["etag"]
    body = {"key": key, "key_alias": "seen"}
    changed = await zoned.call("POST", "/key/update", body, headers={"if-match": key_seen})
    assert changed.status == 200, changed.body
    again = await zoned.call("POST", "/key/update", body, headers={"if-match": key_seen})
    assert again.status == 412
    body = {"budget_id": "b-version", "max_budget": 7}
    changed = await zoned.call("POST", "/budget/update", body, headers={"if-match": seen})
    assert changed.status == 200, changed.body


async def test_a_duration_of_two_weeks_is_told_alike_everywhere(zoned: Any) -> None:
    made = await said(zoned, "POST", "/user/new", {"user_id": "u-weeks", **TERMS, "budget_duration": "2w"})
    info = await said(zoned, "GET", "/user/info?user_id=u-weeks")
    assert made["budget_reset_at"] == info["user_info"]["budget_reset_at"] is not None


@pytest.mark.parametrize(
    ("new", "named"),
    [("/budget/new", "budget_id"), ("/customer/new", "user_id"), ("/tag/new", "name")],
)
async def test_an_empty_duration_is_none_and_spoils_no_list(zoned: Any, new: str, named: str) -> None:
    body = {named: f"empty{new.replace('/', '-')}", "max_budget": 1, "budget_duration": ""}
    assert (await zoned.post(new, body)).status == 200
    for path in ("/budget/list", "/customer/list", "/tag/list"):
        assert (await zoned.get(path)).status == 200


@pytest.mark.parametrize(
    ("path", "terms"),
    [
        ("/team/new", {"team_member_budget": -1}),
        ("/team/new", {"team_member_rpm_limit": -1}),
        ("/team/new", {"team_member_budget_duration": "soon"}),
        ("/team/new", {"team_member_model_max_budget": {"gpt": -1}}),
        ("/team/member_add", {"max_budget_in_team": -1}),
        ("/team/member_add", {"budget_duration": "soon"}),
        ("/team/member_update", {"max_budget_in_team": -1}),
        ("/team/member_update", {"budget_duration": "soon"}),
        ("/team/member_update", {"temp_budget_increase": -1}),
        ("/customer/new", {"budget_duration": "200000d"}),
    ],
)
async def test_terms_that_no_call_could_keep_are_refused(
    zoned: Any, path: str, terms: dict[str, Any]
) -> None:
    await zoned.post("/team/new", {"team_id": "t-terms", "members_with_roles": [_member("u-terms")]})
    whose: dict[str, dict[str, Any]] = {
        "/team/new": {},
        "/team/member_add": {"team_id": "t-terms", "member": _member("u-another")},
        "/team/member_update": {"team_id": "t-terms", "user_id": "u-terms"},
        "/customer/new": {"user_id": "c-terms"},
    }
    refused = await zoned.post(path, whose[path] | terms)
    assert refused.status == 400, refused.body
    assert refused.error["param"] == next(iter(terms))


async def test_what_members_may_spend_is_told_as_a_number(zoned: Any) -> None:
    made = await said(zoned, "POST", "/team/new", {"team_member_budget": 0.25})
    assert made["team_member_budget"] == 0.25


def _member(user_id: str) -> dict[str, str]:
    return {"role": "user", "user_id": user_id}
