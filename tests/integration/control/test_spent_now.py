"""`spend` and `budget_reset_at` in the window of now, and what budgets begin with."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

import msgspec
import pytest
import uuid_utils

from tianji.domain.events import Charge, SpendEvent
from tianji.domain.keys import hash_of
from tianji.domain.snapshot import record_name
from tianji.limits.windows import rule, window
from tianji_worker.ledger.rows import row_of
from tianji_worker.ledger.write import Ledger

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = 86_400.0


async def spend(control: Any, usd: str, *bounds: str, ago: float = 0.0, **whose: Any) -> None:
    """Write a call; bounds are charged in their windows of then."""
    then = time.time() - ago
    event = SpendEvent(
        id=str(uuid_utils.uuid7(nanoseconds=int(then * 1e9))),
        gateway_id="g1",
        started_at=then,
        ended_at=then,
        model="gpt",
        model_group="gpt",
        cost_usd=usd,
        charges=[Charge(*bound.split(" ")) for bound in bounds],
        **whose,
    )
    today = datetime.fromtimestamp(then, UTC).date()
    await Ledger(control.runtime.store).write([row_of(msgspec.json.encode(event), today)])


async def charged(control: Any, bound: str) -> dict[str, Decimal]:
    """Return what a bound's windows were charged, in US dollars."""
    query = "SELECT window_id, sum(spent_nano) / 1000000000 FROM spend_windows WHERE bound = %s GROUP BY 1"
    async with control.runtime.store.connection() as db:
        return dict(await (await db.execute(query, [bound])).fetchall())


async def key_info(control: Any, key: str) -> dict[str, Any]:
    return (await control.get(f"/key/info?key={key}")).json()["info"]


async def test_a_key_with_a_duration_tells_what_was_spent_in_its_window(control: Any) -> None:
    key = (await control.made_key(max_budget=10, budget_duration="1d"))["key"]
    hashed, bound = hash_of(key), f"key:{hash_of(key)}"
    today, yesterday = (window(rule("1d"), time.time() - ago) for ago in (0, DAY))
    await spend(control, "4", f"{bound} {yesterday.id}", ago=DAY, key_hash=hashed)
    await spend(control, "1.5", f"{bound} {today.id}", key_hash=hashed)

    info = await key_info(control, key)
    assert (info["spend"], info["total_spend"]) == (1.5, 5.5)
    assert datetime.fromisoformat(info["budget_reset_at"]).timestamp() == today.ends


async def test_a_duration_without_a_budget_tells_the_same_out_of_the_sums(control: Any) -> None:
    key = (await control.made_key(budget_duration="1d"))["key"]
    await spend(control, "4", ago=DAY, key_hash=hash_of(key))
    await spend(control, "1.5", key_hash=hash_of(key))

    assert (await key_info(control, key))["spend"] == 1.5


async def test_a_budget_that_is_set_late_counts_what_was_spent_before(control: Any) -> None:
    key = (await control.made_key())["key"]
    bound, today = f"key:{hash_of(key)}", window(rule("1d"), time.time())
    await spend(control, "4", ago=DAY, key_hash=hash_of(key))
    await spend(control, "1.5000000001", key_hash=hash_of(key))
    await control.post("/key/update", {"key": key, "max_budget": 10})
    assert await charged(control, bound) == {"all": Decimal("5.500000001")}

    await control.post("/key/update", {"key": key, "budget_duration": "1d"})
    await spend(control, "0.25", f"{bound} {today.id}", key_hash=hash_of(key))
    await control.post("/key/update", {"key": key, "max_budget": 11})
    found = await charged(control, bound)
    assert found[today.id] == Decimal("1.750000001")
    assert (await key_info(control, key))["spend"] == pytest.approx(1.75)


@pytest.mark.parametrize("kind", ["team", "user", "organization", "customer", "tag", "project"])
async def test_every_holder_begins_with_what_it_has_spent(control: Any, kind: str) -> None:
    id = f"{kind}-late"
    new, update, whose = {
        "team": ("/team/new", "/team/update", {"team_id": id}),
        "user": ("/user/new", "/user/update", {"user_id": id}),
        "organization": ("/organization/new", "/organization/update", {"organization_id": id}),
        "customer": ("/customer/new", "/customer/update", {"user_id": id}),
        "tag": ("/tag/new", "/tag/update", {"name": id}),
        "project": ("/project/new", "/project/update", {"project_id": id}),
    }[kind]
    if kind == "project":
        await control.post("/team/new", {"team_id": "of-projects"})
    names = {
        "organization": {"organization_alias": id},
        "user": {"auto_create_key": False},
        "project": {"team_id": "of-projects"},
    }
    assert (await control.post(new, whose | names.get(kind, {}))).status == 200
    called = {"customer": {"end_user": id}, "tag": {"tags": [id]}}.get(kind, whose)
    await spend(control, "3", key_hash="k", **called)
    answer = await control.call(
        "PATCH" if kind == "organization" else "POST", update, whose | {"max_budget": 10}
    )
    assert answer.status == 200, answer.body

    assert await charged(control, f"{kind}:{id}") == {"all": Decimal(3)}


async def test_a_project_tells_what_was_spent_in_its_window(control: Any) -> None:
    await control.post("/team/new", {"team_id": "of-windows"})
    body = {"project_id": "p-window", "team_id": "of-windows", "max_budget": 9, "budget_duration": "1d"}
    assert (await control.post("/project/new", body)).status == 200
    today, yesterday = (window(rule("1d"), time.time() - ago) for ago in (0, DAY))
    await spend(control, "4", f"project:p-window {yesterday.id}", ago=DAY, project_id="p-window")
    await spend(control, "1.5", f"project:p-window {today.id}", project_id="p-window")

    info = (await control.get("/project/info?project_id=p-window")).json()
    assert info["spend"] == 1.5
    ends = datetime.fromisoformat(info["litellm_budget_table"]["budget_reset_at"])
    assert ends.timestamp() == today.ends


async def test_a_member_of_an_organization_begins_with_what_they_spent_in_it(control: Any) -> None:
    org = {"organization_id": "o:late"}
    await control.post("/organization/new", org | {"organization_alias": "o"})
    for user in ("auth0|ann", "with:colon"):
        whose = {"user_id": user, "key_hash": "k"}
        await spend(control, "2", organization_id="o:late", **whose)
        await spend(control, "5", organization_id="another", **whose)
        added = await control.post(
            "/organization/member_add", org | {"user_id": user, "max_budget_in_organization": 10}
        )
        assert added.status == 200, added.body
        assert await charged(control, f"orgmember:o:late:{user}") == {"all": Decimal(2)}

    [ann] = [
        one
        for one in (await control.get("/organization/info?organization_id=o:late")).json()["members"]
        if one["user_id"] == "auth0|ann"
    ]
    assert (ann["spend"], ann["litellm_budget_table"]["max_budget"]) == (2.0, 10.0)
    today = window(rule("1d"), time.time())
    change = {"budget_id": ann["budget_id"], "budget_duration": "1d"}
    assert (await control.post("/budget/update", change)).status == 200
    await spend(control, "0.5", f"orgmember:o:late:auth0|ann {today.id}", user_id="auth0|ann")
    assert (await charged(control, "orgmember:o:late:auth0|ann"))[today.id] == Decimal("2.5")
    [told] = [
        one
        for one in (await control.get("/organization/info?organization_id=o:late")).json()["members"]
        if one["user_id"] == "auth0|ann"
    ]
    assert told["spend"] == 2.5
    ends = datetime.fromisoformat(told["litellm_budget_table"]["budget_reset_at"])
    assert ends.timestamp() == today.ends

    await control.published()
    limits = (await control.record("user", "auth0|ann"))["in_organizations"]["o:late"]
    assert (limits["max_budget"], limits["duration"], limits["carried"]) == ("10", "1d", True)
    gone = org | {"user_id": "auth0|ann"}
    assert (await control.call("DELETE", "/organization/member_delete", gone)).status == 200
    await control.published()
    assert "in_organizations" not in (await control.record("user", "auth0|ann"))


async def test_budgets_of_the_configuration_begin_with_what_was_spent_before(control: Any) -> None:
    today = window(rule("1d"), time.time())
    whose = {"provider": "late-provider", "deployment_id": "late-deployment", "tags": ["late-tag"]}
    everything = Decimal(0)
    async with control.runtime.store.connection() as db:
        cursor = await db.execute("SELECT spend_usd FROM spend_totals WHERE scope = 'total'")
        if row := await cursor.fetchone():
            everything = row[0].quantize(Decimal("1e-9"), ROUND_CEILING)  # as budgets count
    await spend(control, "4", ago=DAY, **whose)
    await spend(control, "1.5", **whose)
    params = {"model": "openai/gpt-4o", "api_key": "sk-x", "max_budget": 3, "budget_duration": "1d"}
    model = {"model_name": "late", "litellm_params": params, "model_info": {"id": "late-deployment"}}
    assert (await control.post("/model/new", model)).status == 200
    config = {
        "router_settings": {
            "provider_budget_config": {"late-provider": {"budget_limit": 9, "time_period": "1d"}}
        },
        "litellm_settings": {"max_budget": 1000, "tag_budget_config": {"late-tag": {"max_budget": 9}}},
    }
    assert (await control.post("/config/update", config)).status == 200

    assert await charged(control, "deployment:late-deployment") == {today.id: Decimal("1.5")}
    assert await charged(control, "provider:late-provider") == {today.id: Decimal("1.5")}
    assert await charged(control, "tag:late-tag") == {"all": Decimal("5.5")}
    assert await charged(control, "proxy") == {"all": everything + Decimal("5.5")}
    await control.published()
    first = (await control.config_records())[1]
    told = msgspec.json.decode(first[record_name("settings", "global")])["budgets_set"]
    assert set(told) == {"deployment:late-deployment", "provider:late-provider", "tag:late-tag", "proxy"}

    assert (await control.post("/config/update", {"litellm_settings": {"max_budget": 1001}})).status == 200
    assert (await control.post("/model/delete", {"id": "late-deployment"})).status == 200
    await control.published()
    again = msgspec.json.decode((await control.config_records())[1][record_name("settings", "global")])
    kept = {"provider:late-provider": told["provider:late-provider"], "tag:late-tag": told["tag:late-tag"]}
    assert again["budgets_set"] == kept | {"proxy": pytest.approx(time.time(), abs=60)}
    assert again["budgets_set"]["proxy"] > told["proxy"]


async def test_a_budget_for_all_members_of_a_team_begins_with_what_each_has_spent_in_it(control: Any) -> None:
    team, today = {"team_id": "t:all"}, window(rule("1d"), time.time())
    people = [{"role": "user", "user_id": name} for name in ("m:1", "m2", "own")]
    assert (await control.post("/team/new", team | {"members_with_roles": people})).status == 200
    for name in ("m:1", "m2", "own"):
        await spend(control, "2", ago=DAY, user_id=name, key_hash="k", **team)
        await spend(control, "1", user_id=name, key_hash="k", **team)
        await spend(control, "7", user_id=name, key_hash="k", team_id="another")
    await control.post("/team/member_update", team | {"user_id": "own", "max_budget_in_team": 9})
    terms = {"team_member_budget": 5, "team_member_model_max_budget": {"gpt": 4}}
    assert (await control.post("/team/update", team | terms)).status == 200
    for name in ("m:1", "m2", "own"):
        assert await charged(control, f"member:t:all:{name}") == {"all": Decimal(3)}
        assert await charged(control, f"member_model:t:all:{name}:gpt") == {"all": Decimal(3)}

    await control.post("/team/update", team | {"team_member_budget_duration": "1d"})
    assert (await charged(control, "member:t:all:m2"))[today.id] == Decimal(1)
    told = (await control.get("/team/info?team_id=t:all")).json()["team_memberships"]
    assert {one["user_id"]: one["spend"] for one in told} == {"m:1": 1.0, "m2": 1.0, "own": 3.0}


async def test_a_member_with_a_rate_of_their_own_is_begun_anew_with_the_others(control: Any) -> None:
    team = {"team_id": "t-rates", "team_member_budget": 5, "team_member_budget_duration": "5d"}
    await control.post("/team/new", team | {"members_with_roles": [{"role": "user", "user_id": "quick"}]})
    await control.post("/team/member_update", {"team_id": "t-rates", "user_id": "quick", "rpm_limit": 7})
    key = (await control.made_key(team_id="t-rates", user_id="quick"))["key"]
    assert (await control.post("/team/t-rates/member/quick/reset_spend", {"reset_to": 0})).status == 200
    await control.published()
    member = (await control.record("key", hash_of(key)))["member"]
    assert (member["rpm"], member["generation"], member["carried"]) == (7, 1, True)
    assert member["made"] == pytest.approx(time.time(), abs=60)


async def test_a_budget_for_all_customers_that_is_set_again_counts_what_came_between(control: Any) -> None:
    settings = {"litellm_settings": {"max_end_user_budget": 50}}
    await spend(control, "1", "customer:between all", end_user="between")
    await spend(control, "2", end_user="between")
    await spend(control, "2", end_user="unknown")
    assert (await control.post("/config/update", settings)).status == 200
    assert await charged(control, "customer:between") == {"all": Decimal(3)}
    # Whose counter nobody has asked for yet gets its base when it is.
    assert await charged(control, "customer:unknown") == {}

    today = window(rule("1d"), time.time())
    await control.post("/budget/new", {"budget_id": "b-all", "max_budget": 9, "budget_duration": "1d"})
    await spend(control, "4", f"customer:between {today.id}", end_user="between")
    await spend(control, "8", end_user="between", ago=2 * DAY)
    settings["litellm_settings"] |= {"max_end_user_budget_id": "b-all"}
    assert (await control.post("/config/update", settings)).status == 200
    assert (await charged(control, "customer:between"))[today.id] == Decimal(7)

    await control.published()
    name = record_name("settings", "global")
    told = msgspec.json.decode((await control.config_records())[1][name])["budgets_set"]["customer"]
    assert (await control.post("/budget/update", {"budget_id": "b-all", "max_budget": 10})).status == 200
    await control.published()
    record = msgspec.json.decode((await control.config_records())[1][name])
    assert record["customer_limits"]["max_budget"] == "10" and record["budgets_set"]["customer"] > told


async def test_budgets_of_several_windows_begin_with_what_was_spent_in_each(control: Any) -> None:
    key = (await control.made_key())["key"]
    await spend(control, "4", ago=DAY, key_hash=hash_of(key))
    await spend(control, "1.5", key_hash=hash_of(key))
    terms = {"max_budget": 20, "budget_limits": [{"budget_duration": "1d", "max_budget": 9}]}
    assert (await control.post("/key/update", {"key": key} | terms)).status == 200

    bound, today = f"key:{hash_of(key)}", window(rule("1d"), time.time())
    assert await charged(control, bound) == {"all": Decimal("5.5")}
    assert await charged(control, f"{bound}@1d") == {today.id: Decimal("1.5")}


async def test_a_reset_by_hand_is_a_new_counter_that_begins_where_it_is_told_to(control: Any) -> None:
    key = (await control.made_key(max_budget=10, budget_duration="30d"))["key"]
    bound, month = f"key:{hash_of(key)}", window(rule("30d"), time.time())
    await spend(control, "4", f"{bound} {month.id}", key_hash=hash_of(key))
    answer = (await control.post(f"/key/{key}/reset_spend", {"reset_to": 1})).json()
    assert (answer["spend"], answer["previous_spend"]) == (1.0, 4.0)
    await spend(control, "0.5", f"{bound} 1:{month.id}", key_hash=hash_of(key))

    assert await charged(control, bound) == {month.id: Decimal(4), f"1:{month.id}": Decimal("1.5")}
    assert (await key_info(control, key))["spend"] == 1.5
    record = await control.record("key", hash_of(key))
    assert record is not None
    assert record["limits"]["generation"] == 1


async def test_a_key_that_comes_with_spend_has_it_in_its_budget(control: Any) -> None:
    key = (await control.made_key(max_budget=10, spend=2.5))["key"]

    assert await charged(control, f"key:{hash_of(key)}") == {"1:all": Decimal("2.5")}
    assert (await key_info(control, key))["spend"] == 2.5


async def test_a_users_spend_is_set_by_hand(control: Any) -> None:
    await control.post("/user/new", {"user_id": "set", "max_budget": 9, "auto_create_key": False})
    await spend(control, "3", "user:set all", user_id="set")
    assert (await control.post("/user/update", {"user_id": "set", "spend": 0.5})).status == 200

    assert (await charged(control, "user:set"))["1:all"] == Decimal("0.5")
    assert (await control.get("/user/info?user_id=set")).json()["user_info"]["spend"] == 0.5


async def test_a_budget_that_many_are_held_to_is_changed_for_all_of_them(control: Any) -> None:
    await control.post("/budget/new", {"budget_id": "shared", "max_budget": 5})
    for name in ("c1", "c2"):
        await spend(control, "2", end_user=name, ago=40 * DAY)
        await spend(control, "1", end_user=name)
        await control.post("/customer/new", {"user_id": name, "budget_id": "shared"})
    assert await charged(control, "customer:c1") == {"all": Decimal(3)}

    await control.post("/budget/update", {"budget_id": "shared", "budget_duration": "30d"})
    month = window(rule("30d"), time.time())
    assert (await charged(control, "customer:c2"))[month.id] == Decimal(1)
    shown = (await control.get("/customer/info?end_user_id=c2")).json()
    assert shown["spend"] == 1.0
    reset_at = datetime.fromisoformat(shown["litellm_budget_table"]["budget_reset_at"])
    assert reset_at > datetime.now(UTC) - timedelta(seconds=1)


async def test_a_member_is_reset_to_less_than_they_have_spent_of_a_team(control: Any) -> None:
    await control.post("/user/new", {"user_id": "max", "auto_create_key": False})
    await control.post("/team/new", {"team_id": "crew", "team_member_budget": 4})
    await spend(control, "3", user_id="max", team_id="crew")
    await spend(control, "8", user_id="max", team_id="elsewhere")
    await control.post("/team/member_add", {"team_id": "crew", "member": {"role": "user", "user_id": "max"}})
    key = await control.made_key(user_id="max", team_id="crew")
    assert await charged(control, "member:crew:max") == {"all": Decimal(3)}

    path = "/team/crew/member/max/reset_spend"
    assert (await control.post(path, {"reset_to": 3.5})).status == 400
    answer = (await control.post(path, {"reset_to": 1})).json()
    assert (answer["spend"], answer["previous_spend"]) == (1.0, 3.0)
    assert (await charged(control, "member:crew:max"))["1:all"] == Decimal(1)
    record = await control.record("key", key["token"])
    assert record is not None
    assert record["member"]["generation"] == 1


async def test_a_key_with_a_new_value_carries_on_in_its_window(control: Any) -> None:
    old = (await control.made_key(max_budget=10, budget_duration="1d"))["key"]
    today, yesterday = (window(rule("1d"), time.time() - ago) for ago in (0, DAY))
    bound = f"key:{hash_of(old)}"
    await spend(control, "40", f"{bound} {yesterday.id}", ago=DAY, key_hash=hash_of(old))
    await spend(control, "3", f"{bound} {today.id}", key_hash=hash_of(old))
    answer = (await control.post(f"/key/{old}/regenerate", {})).json()
    new = answer["key"]
    assert answer["spend"] == 3.0

    await spend(control, "0.5", f"{bound} {today.id}", key_hash=hash_of(old))
    await spend(control, "0.25", f"{bound} {today.id}", key_hash=hash_of(new))
    assert await charged(control, bound) == {yesterday.id: Decimal(40), today.id: Decimal("3.75")}
    info = await key_info(control, new)
    assert (info["spend"], info["total_spend"]) == (3.75, 43.75)
    record = await control.record("key", hash_of(new))
    assert record is not None and record["origin"] == hash_of(old)


async def test_a_budget_that_is_set_after_new_values_counts_what_all_of_them_spent(control: Any) -> None:
    first = (await control.made_key(metadata={"n": 1}))["key"]
    second = (await control.post(f"/key/{first}/regenerate", {})).json()["key"]
    third = (await control.post(f"/key/{second}/regenerate", {"grace_period": "1h"})).json()["key"]
    await spend(control, "8", ago=DAY, key_hash=hash_of(first))
    for usd, value in (("4", first), ("2", second), ("1", third)):
        await spend(control, usd, key_hash=hash_of(value))
    terms = {"max_budget": 20, "budget_limits": [{"budget_duration": "1d", "max_budget": 9}]}
    assert (await control.post("/key/update", {"key": third} | terms)).status == 200

    bound, today = f"key:{hash_of(first)}", window(rule("1d"), time.time())
    assert await charged(control, bound) == {"all": Decimal(15)}
    assert await charged(control, f"{bound}@1d") == {today.id: Decimal(7)}
    assert [(await key_info(control, hash_of(value)))["spend"] for value in (second, third)] == [15.0, 15.0]

    assert (await control.post(f"/key/{third}/reset_spend", {"reset_to": 2})).status == 200
    assert (await charged(control, bound))["1:all"] == Decimal(2)
    assert (await control.post("/global/spend/reset")).status == 200
    assert (await key_info(control, third))["spend"] == 0
    record = await control.record("key", hash_of(third))
    assert record is not None and record["limits"]["generation"] == 2


async def test_all_keys_and_teams_are_reset_and_the_ledger_keeps_what_was_spent(control: Any) -> None:
    await control.post("/team/new", {"team_id": "budgeted", "max_budget": 10})
    await control.post("/team/new", {"team_id": "free"})
    held = (await control.made_key(max_budget=10, budget_duration="30d", team_id="budgeted"))["key"]
    free, given = (await control.made_key(team_id="free"))["key"], (await control.made_key(spend=2.5))["key"]
    bound, month = f"key:{hash_of(held)}", window(rule("30d"), time.time())
    await spend(
        control, "4", f"{bound} {month.id}", "team:budgeted all", key_hash=hash_of(held), team_id="budgeted"
    )
    await spend(control, "3", key_hash=hash_of(free), team_id="free")
    whole = (await control.get("/global/spend")).json()["spend"]

    for _ in range(2):
        answer = await control.post("/global/spend/reset")
        assert answer.json()["status"] == "success", answer.body

    async def spends() -> list[float]:
        keys = [(await key_info(control, key))["spend"] for key in (held, free, given)]
        teams = [(await control.get(f"/team/info?team_id={id}")).json() for id in ("budgeted", "free")]
        return keys + [team["team_info"]["spend"] for team in teams]

    assert await spends() == [0, 0, 0, 0, 0]
    await spend(control, "0.5", f"{bound} 1:{month.id}", key_hash=hash_of(held), team_id="free")
    assert await spends() == [0.5, 0, 0, 0, 0.5]
    assert (await control.get("/global/spend")).json()["spend"] == pytest.approx(whole + 0.5)
    record = await control.record("key", hash_of(held))
    assert record is not None and record["limits"]["generation"] == 1
    async with control.runtime.store.connection() as db:
        noted = await (
            await db.execute("SELECT after FROM audit_log WHERE action = 'spend:reset' ORDER BY id")
        ).fetchall()
    assert noted[0][0]["keys"] >= 3 and noted[0][0]["teams"] >= 2
