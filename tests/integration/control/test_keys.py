"""Virtual keys over HTTP, into Postgres and to NATS."""

from __future__ import annotations

import asyncio
import datetime

import pytest

from tianji.domain.keys import hash_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_key_is_told_once_and_published_under_its_hash(control) -> None:
    answer = await control.post(
        "/key/generate", {"models": ["gpt-4o"], "max_budget": 10, "metadata": {"a": 1}}
    )

    made = answer.json()
    assert answer.status == 200
    assert "x-tianji-unpublished" not in answer.headers
    assert made["key"].startswith("sk-") and len(made["key"]) == 25
    assert made["key_name"] == "sk-..." + made["key"][-4:]
    assert made["token"] == made["token_id"] == hash_of(made["key"])
    assert made["expires"] is None
    assert made["models"] == ["gpt-4o"]
    assert made["max_budget"] == 10.0
    assert made["spend"] == 0.0
    assert made["created_by"] == "default_user_id"
    record = await control.record("key", made["token"])
    assert record["models"] == ["gpt-4o"]
    assert record["limits"]["max_budget"] == "10"
    assert record["metadata"] == {"a": 1}
    assert made["key"] not in str(record)


async def test_an_empty_request_makes_a_key_with_litellms_defaults(control) -> None:
    made = await control.made_key()
    assert made["models"] == [] and made["metadata"] == {} and made["aliases"] == {}
    assert made["user_id"] is None and made["tpm_limit"] is None and made["budget_duration"] is None


async def test_a_key_may_be_given(control) -> None:
    made = await control.made_key(key="sk-chosen-by-me", key_alias="chosen")
    assert made["key"] == "sk-chosen-by-me"
    again = await control.post("/key/generate", {"key": "sk-chosen-by-me"})
    assert again.status == 400 and again.error["param"] == "key"
    malformed = await control.post("/key/generate", {"key": "chosen"})
    assert malformed.status == 400 and "sk-" in malformed.error["message"]


async def test_aliases_are_unique(control) -> None:
    await control.made_key(key_alias="twice")
    again = await control.post("/key/generate", {"key_alias": "twice"})
    assert again.status == 400
    assert again.error == {
        "message": "There is a key with the alias 'twice' already; aliases of keys are unique",
        "type": "bad_request_error",
        "param": "key_alias",
        "code": "400",
    }


async def test_a_duration_becomes_a_time_of_expiry(control) -> None:
    made = await control.made_key(duration="30m", budget_duration="1d")
    expires = datetime.datetime.fromisoformat(made["expires"])
    left = expires - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(minutes=29) < left <= datetime.timedelta(minutes=30)
    info = (await control.get(f"/key/info?key={made['key']}")).json()["info"]
    assert info["budget_duration"] == "1d"
    assert datetime.datetime.fromisoformat(info["budget_reset_at"]).hour == 0
    assert (await control.record("key", made["token"]))["expires"] == pytest.approx(expires.timestamp())


@pytest.mark.parametrize("duration", ["soon", "-5m", "0d", "5", "5y", "99999999999999999d"])
async def test_a_bad_duration_is_refused(control, duration: str) -> None:
    answer = await control.post("/key/generate", {"duration": duration})
    assert answer.status == 400 and answer.error["param"] == "duration"


@pytest.mark.parametrize("field", ["max_budget", "tpm_limit", "rpm_limit", "max_parallel_requests"])
async def test_negative_limits_are_refused(control, field: str) -> None:
    answer = await control.post("/key/generate", {field: -1})
    assert answer.status == 400 and answer.error["param"] == field


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("max_parallel_requests", 2**31),
        ("model_rpm_limit", {"gpt": -2}),
        ("model_tpm_limit", {"gpt": -1}),
        ("model_max_budget", {"gpt": "x"}),
        ("model_max_budget", {"gpt": {"time_period": "1d"}}),
        ("model_max_budget", {"gpt": {"budget_limit": -1, "time_period": "1d"}}),
        ("model_max_budget", {"gpt": {"max_budget": 1, "budget_duration": "soon"}}),
    ],
)
async def test_limits_that_nobody_could_be_held_to_are_refused(control, field: str, wrong: object) -> None:
    for path, body in (("/key/generate", {}), ("/team/new", {}), ("/user/new", {})):
        answer = await control.post(path, {**body, field: wrong})
        assert (answer.status, answer.error["param"]) == (400, field), path


async def test_limits_by_model_are_taken_in_each_form_that_clients_have(control) -> None:
    budgets = {"a": 1, "b": {"budget_limit": "0.5", "time_period": "1d"}, "c": {"rpm_limit": 2}, "d": None}
    key = await control.made_key(model_max_budget=budgets, model_rpm_limit={"a": "3", "b": 10**30})
    models = {one["model"]: one for one in (await control.record("key", key["token"]))["limits"]["models"]}
    assert (models["a"]["max_budget"], models["a"]["rpm"]) == ("1", 3)
    assert (models["b"]["max_budget"], models["b"]["duration"], models["c"]["rpm"]) == ("0.5", "1d", 2)


async def test_what_litellm_keeps_in_metadata_is_kept_there(control) -> None:
    made = await control.made_key(
        metadata={"team": "core"}, tags=["a"], guardrails=["pii"], model_rpm_limit={"gpt-4o": 3}
    )
    info = (await control.get(f"/key/info?key={made['key']}")).json()["info"]
    assert info["metadata"] == {
        "team": "core",
        "tags": ["a"],
        "guardrails": ["pii"],
        "model_rpm_limit": {"gpt-4o": 3},
    }


async def test_gateways_are_told_what_a_key_falls_back_to_and_what_its_requests_must_say(control) -> None:
    fallbacks, required, tags = {"gpt": ["small", "tiny"]}, ["user", "metadata.team"], {"cell-1": 2}
    made = await control.made_key(budget_fallbacks=fallbacks, enforced_params=required, tag_rpm_limit=tags)
    record = await control.record("key", made["token"])
    assert record["budget_fallbacks"] == fallbacks
    assert record["metadata"] == {"enforced_params": required, "tag_rpm_limit": tags}
    await control.post("/key/update", {"key": made["key"], "budget_fallbacks": None})
    assert "budget_fallbacks" not in await control.record("key", made["token"])


async def test_a_kind_of_key_sets_its_routes(control) -> None:
    made = await control.made_key(key_type="llm_api")
    assert made["allowed_routes"] == ["llm_api_routes"]
    assert (await control.post("/key/generate", {"key_type": "magic"})).status == 400


async def test_a_key_is_found_by_itself_and_by_its_hash(control) -> None:
    made = await control.made_key(key_alias="found")
    by_key = (await control.get(f"/key/info?key={made['key']}")).json()
    by_hash = (await control.get(f"/key/info?key={made['token']}")).json()
    assert by_key["info"] == by_hash["info"]
    assert by_key["key"] == made["key"]
    assert "token" not in by_key["info"]
    assert (await control.get("/key/info", key=made["key"])).json()["info"]["key_alias"] == "found"
    both = (await control.post("/v2/key/info", {"keys": [made["key"], made["token"]]})).json()
    assert [info["key_alias"] for info in both["info"]] == ["found", "found"]


async def test_a_key_that_is_not_there_is_not_found(control) -> None:
    answer = await control.get("/key/info?key=sk-nothing-like-it")
    assert answer.status == 404
    assert answer.error["code"] == "404" and answer.error["param"] == "key"
    assert "sk-nothing-like-it" not in answer.body.decode()
    for path in ("/key/block", "/key/unblock", "/key/update"):
        assert (await control.post(path, {"key": "sk-nothing-like-it"})).status == 404


async def test_spend_is_what_the_ledger_says(control) -> None:
    made = await control.made_key(spend=2)
    async with control.runtime.store.connection() as db:
        await db.execute(
            "INSERT INTO spend_totals (scope, scope_id, spend_usd) VALUES ('key', %s, 1.25)", [made["token"]]
        )
    assert (await control.get(f"/key/info?key={made['key']}")).json()["info"]["spend"] == 3.25
    await control.post("/key/update", {"key": made["key"], "spend": 0})
    info = (await control.get(f"/key/info?key={made['key']}")).json()["info"]
    assert info["spend"] == 0.0 and info["total_spend"] == 1.25
    assert (await control.record("key", made["token"])).get("spend") in (None, "0", "0.00")


async def test_an_update_changes_what_it_names(control) -> None:
    made = await control.made_key(models=["a"], max_budget=5, duration="1h", tags=["x"], metadata={"k": 1})
    answer = await control.post(
        "/key/update", {"key": made["key"], "models": ["b", "c"], "max_budget": None, "duration": "-1"}
    )
    assert answer.status == 200
    assert answer.json()["key"] == made["key"] and answer.json()["models"] == ["b", "c"]
    info = (await control.get(f"/key/info?key={made['key']}")).json()["info"]
    assert info["models"] == ["b", "c"] and info["max_budget"] is None and info["expires"] is None
    assert info["metadata"] == {"k": 1, "tags": ["x"]}
    record = await control.record("key", made["token"])
    assert record["models"] == ["b", "c"] and "limits" not in record and "expires" not in record


async def test_blocking_reaches_the_gateways(control) -> None:
    made = await control.made_key()
    answer = await control.post("/key/block", {"key": made["key"]})
    assert answer.json()["blocked"] is True and answer.json()["token"] == made["token"]
    assert (await control.record("key", made["token"]))["blocked"] is True
    refused = await control.get("/key/info", key=made["key"])
    assert refused.status == 401 and refused.error["message"].startswith("Authentication Error")
    await control.post("/key/unblock", {"key": made["token"]})
    assert "blocked" not in await control.record("key", made["token"])
    assert (await control.get("/key/info", key=made["key"])).status == 200


async def test_deleted_keys_are_gone_everywhere(control) -> None:
    one, two = await control.made_key(), await control.made_key(key_alias="to-delete")
    answer = await control.post("/key/delete", {"keys": [one["key"]]})
    assert answer.json() == {"deleted_keys": [one["key"]]}
    assert await control.record("key", one["token"]) is None
    answer = await control.post("/key/delete", {"key_aliases": ["to-delete"]})
    assert answer.json() == {"deleted_keys": ["to-delete"]}
    assert await control.record("key", two["token"]) is None
    unknown = await control.get("/key/info", key=one["key"])
    assert unknown.status == 401 and unknown.error["type"] == "token_not_found_in_db"


async def test_deleting_is_all_or_nothing(control) -> None:
    made = await control.made_key()
    answer = await control.post("/key/delete", {"keys": [made["key"], "sk-not-there-at-all"]})
    assert answer.status == 404
    assert (await control.get(f"/key/info?key={made['key']}")).status == 200
    assert (await control.post("/key/delete", {})).status == 422


async def test_keys_are_listed_in_pages(control) -> None:
    made = [await control.made_key(user_id="lister", key_alias=f"page-{n}") for n in range(3)]
    first = (await control.get("/key/list?user_id=lister&size=2&sort_by=key_alias&sort_order=asc")).json()
    assert first == {
        "keys": [made[0]["token"], made[1]["token"]],
        "total_count": 3,
        "current_page": 1,
        "total_pages": 2,
    }
    full = (await control.get("/key/list?user_id=lister&size=2&page=2&return_full_object=true")).json()
    assert [key["key_alias"] for key in full["keys"]] == ["page-0"]
    assert full["keys"][0]["token"] == made[0]["token"]
    found = (await control.get("/key/list?search=page-1")).json()
    assert found["keys"] == [made[1]["token"]]
    assert (await control.get("/key/list?size=0")).status == 422


async def test_two_writers_of_one_key_do_not_lose_a_change(control) -> None:
    made = await control.made_key()
    fields = [{"tpm_limit": 7}, {"rpm_limit": 8}, {"max_parallel_requests": 9}, {"key_alias": "raced"}]
    await asyncio.gather(*(control.post("/key/update", {"key": made["key"], **field}) for field in fields))
    record = await control.record("key", made["token"])
    assert tuple(record["limits"][name] for name in ("tpm", "rpm", "parallel")) == (7, 8, 9)
    assert record["alias"] == "raced"


@pytest.mark.parametrize(
    "raw",
    [
        b'{"key_alias": "\xff\xfe"}',
        b'{"key_alias": "a\\u0000b"}',
        b'{"metadata": {"a": ["b\\u0000"]}}',
        b'{"metadata": ' + b'{"a":' * 500 + b"1" + b"}" * 501,
        b"[" * 100_000,
        b'{"rpm_limit": 1180591620717411303424}',
        b'{"organization_id": "nowhere"}',
        b'{"team_id": "nowhere"}',
        b'{"key": "sk-"}',
        b'{"spend": -1}',
    ],
)
async def test_what_cannot_be_stored_is_refused_with_words(control, raw: bytes) -> None:
    answer = await control.call("POST", "/key/generate", raw=raw)
    assert answer.status in (400, 422), answer.body


@pytest.mark.parametrize("query", ["page=99999999999999999999", "key_alias=%00", "page=2147483647"])
async def test_odd_queries_are_answered(control, query: str) -> None:
    assert (await control.get(f"/key/list?{query}")).status in (200, 400, 422)
