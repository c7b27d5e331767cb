"""Budgets and limits at the gateway: who is refused, in which words, and what answers tell of them."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

import pytest
from msgspec.structs import replace

from tianji.domain.events import Refused
from tianji.domain.keys import hash_of
from tianji.domain.limits import BudgetWindow, Limits, ModelLimits
from tianji.domain.snapshot import Settings
from tianji.domain.tenants import (
    CustomerRecord,
    OrganizationRecord,
    ProjectRecord,
    TagRecord,
    TeamRecord,
    UserRecord,
)
from tianji.limits.contract import NO_LIMIT
from tianji_testkit.upstream import Reply

KEY = "sk-limited-0123456789"
OTHER = "sk-limited-9876543210"
OLD, OLDER = "sk-replaced-0123456789", "sk-replaced-9876543210"
PRICED = {"params": {"input_cost_per_token": 0, "output_cost_per_token": 0.001}}
"""A tenth of a cent for each word of the answer."""


def answer(words: int, **fields: Any) -> Reply:
    return Reply(text=" ".join(["word"] * words), **fields)


@pytest.fixture
def limited(gateway: Any, upstream: Any) -> Any:
    """A gateway with a priced model, whose answers cost 0.005 USD."""
    gateway.serve("gpt-4o-mini", PRICED)
    upstream.usual = answer(5)
    return gateway


def hold(gateway: Any, **fields: Any) -> None:
    gateway.people.add(KEY, alias="bob", **fields)


async def test_a_key_spends_its_budget_and_no_more(limited: Any) -> None:
    hold(limited, limits=Limits(max_budget="0.02"))
    statuses = []
    for _ in range(6):
        async with limited.chat(KEY, max_tokens=5) as refused:
            statuses.append(refused.status)
            said = await refused.json()

    assert statuses == [200, 200, 200, 200, 422, 422]
    error = said["error"]
    assert (error["type"], error["code"], error["param"]) == ("budget_exceeded", "422", None)
    assert error["message"].startswith(
        "Budget has been exceeded! Key=bob (sk-...test) Current cost: 0.02, Max budget: 0.02"
    )
    facts = {"level": "api_key", "limit": 0.02, "spent": 0.02, "reserved": 0.0, "needed": 0.005}
    assert facts.items() <= error["facts"].items() and error["facts"]["resets_at"] is None


async def test_the_spend_event_says_which_budget_refused(limited: Any) -> None:
    hold(limited, limits=Limits(max_budget="0.005"))
    async with limited.chat(KEY, max_tokens=5) as served:
        assert served.status == 200
    async with limited.chat(KEY, max_tokens=5) as refused:
        assert refused.status == 422
    hold(limited, limits=Limits(rpm=0))
    async with limited.chat(KEY) as too_many:
        assert too_many.status == 429

    told = [event.refused for event in limited.books.ends]
    [bound] = {charge.bound for charge in limited.books.ends[0].charges}
    assert told == [None, Refused(bound, "all", 5_000_000, 5_000_000), None]


async def test_what_a_call_may_cost_is_reserved_until_it_ends(limited: Any, upstream: Any) -> None:
    hold(limited, limits=Limits(max_budget="0.012"))
    async with limited.chat(KEY, max_tokens=5) as first:
        assert first.status == 200
        assert limited.books.begins[0].reserved_usd == "0.005"
    async with limited.chat(KEY, max_tokens=10) as too_much:
        assert too_much.status == 422
        message = (await too_much.json())["error"]["message"]
        assert "this call may cost 0.01" in message
        assert "lower max_tokens" in message
    async with limited.chat(KEY, max_tokens=7) as fits:
        assert fits.status == 200
    assert [charge.bound[:4] for charge in limited.books.ends[0].charges] == ["key:"]
    assert [charge.window for charge in limited.books.ends[0].charges] == ["all"]


async def test_a_failed_call_gives_back_what_it_reserved(limited: Any, upstream: Any) -> None:
    hold(limited, limits=Limits(max_budget="0.005", parallel=1))
    upstream.will(Reply(status=400))
    async with limited.chat(KEY, max_tokens=5) as failed:
        assert failed.status == 400
    async with limited.chat(KEY, max_tokens=5) as served:
        assert served.status == 200


async def test_a_free_model_is_used_whatever_was_spent(limited: Any) -> None:
    hold(limited, limits=Limits(max_budget="0"))
    limited.serve(
        "free", {"model": "gpt-4o-mini", "params": {"input_cost_per_token": 0, "output_cost_per_token": 0}}
    )
    async with limited.chat(KEY, model="free") as served:
        assert served.status == 200
    async with limited.chat(KEY) as refused:
        assert refused.status == 422


async def test_a_long_request_is_counted_where_its_bytes_are_too_many(limited: Any) -> None:
    limited.serve("m", {"params": {"input_cost_per_token": 0.00001, "output_cost_per_token": 0}})
    hold(limited, limits=Limits(max_budget="0.005"))
    text = "a fairly ordinary sentence of English words " * 40  # 1,760 bytes, some 280 tokens
    async with limited.chat(KEY, model="m", messages=[{"role": "user", "content": text}]) as served:
        assert served.status == 200


async def test_every_level_is_told_in_its_own_words(limited: Any) -> None:
    spent = Limits(max_budget="0")
    people = limited.people
    people.organizations["o"] = OrganizationRecord(id="o", limits=spent)
    people.teams["t"] = TeamRecord(id="t", limits=spent)
    people.teams["members"] = TeamRecord(id="members", member=spent)
    people.projects["p"] = ProjectRecord(id="p", limits=spent)
    people.users["u"] = UserRecord(id="u", limits=spent)
    people.users["free"] = UserRecord(id="free")
    people.organizations["wide"] = OrganizationRecord(id="wide")
    people.users["guest"] = UserRecord(id="guest", in_organizations={"wide": spent})
    people.customers["c"] = CustomerRecord(id="c", limits=spent)
    over = "Budget has been exceeded! "
    expected = {
        f"{over}Organization=o Current cost: 0.0, Max budget: 0.0": {"organization_id": "o"},
        f"{over}User=guest in Organization=wide Current cost": {
            "organization_id": "wide",
            "user_id": "guest",
        },
        f"{over}Team=t Current cost: 0.0": {"team_id": "t"},
        f"{over}User=free in Team=members Current cost": {"team_id": "members", "user_id": "free"},
        f"{over}Project=p Current cost": {"project_id": "p"},
        "ExceededBudget: User=u over budget. Spend=0.0, Budget=0.0": {"user_id": "u"},
        "ExceededBudget: Key=bob (sk-...test) over 1d budget. Spend=$0.0000, Limit=$0.00": {
            "limits": Limits(windows=(BudgetWindow("0", "1d"),))
        },
        "LiteLLM Virtual Key: Key=bob (sk-...test), exceeded budget for model=gpt-4o-mini": {
            "limits": Limits(
                models=(
                    ModelLimits(model="gpt-*", max_budget="1"),
                    ModelLimits(model="gpt-4o-mini", max_budget="0"),
                )
            )
        },
    }
    for words, fields in expected.items():
        hold(limited, **fields)
        async with limited.chat(KEY) as refused:
            assert refused.status == 422, words
            assert (await refused.json())["error"]["message"].startswith(words)
    hold(limited)
    async with limited.chat(KEY, user="c") as refused:
        assert (await refused.json())["error"]["message"].startswith("ExceededBudget: End User=c over budget")


async def test_a_users_budget_leaves_a_teams_key_alone_unless_the_config_says_so(limited: Any) -> None:
    limited.people.users["u"] = UserRecord(id="u", limits=Limits(max_budget="0"))
    limited.people.teams["t"] = TeamRecord(id="t")
    hold(limited, user_id="u", team_id="t")
    async with limited.chat(KEY) as served:
        assert served.status == 200
    settings = Settings(general={"apply_user_budget_to_team_keys": True})
    limited.serve("gpt-4o-mini", PRICED, settings=settings)
    async with limited.chat(KEY) as refused:
        assert refused.status == 422


async def test_the_config_holds_the_whole_proxy_tags_and_unknown_customers(limited: Any) -> None:
    hold(limited)
    limited.serve("gpt-4o-mini", PRICED, settings=Settings(calls={"max_budget": 0.001}))
    async with limited.chat(KEY, max_tokens=5) as refused:
        assert (await refused.json())["error"]["message"].startswith(
            "Budget has been exceeded! Current cost: 0.0"
        )
    limited.serve("gpt-4o-mini", PRICED, settings=Settings(calls={"max_end_user_budget": 0.001}))
    async with limited.chat(KEY, max_tokens=5, user="whoever") as refused:
        assert "End User=whoever" in (await refused.json())["error"]["message"]
    async with limited.chat(KEY, max_tokens=5) as served:
        assert served.status == 200
    tag = TagRecord(name="batch", limits=Limits(max_budget="0"))
    limited.serve("gpt-4o-mini", PRICED, settings=Settings(), tags=[tag])
    async with limited.chat(KEY, metadata={"tags": ["batch"]}) as refused:
        assert "Tag=batch" in (await refused.json())["error"]["message"]
    settings = Settings(calls={"max_budget": 0.001, "budget_exceeded_status_code": 429})
    limited.serve("gpt-4o-mini", PRICED, settings=settings)
    async with limited.chat(KEY) as refused:
        assert refused.status == 429


async def test_a_key_and_the_value_it_had_spend_one_budget_and_end_together(limited: Any) -> None:
    hold(limited, limits=Limits(max_budget="0.01"))
    limited.people.add(OLDER, successor=hash_of(OLD), expires=time.time() + 60)
    limited.people.add(OLD, successor=hash_of(KEY), limits=Limits(max_budget="0.01"))
    statuses = []
    for secret in (KEY, OLDER, OLD):
        async with limited.chat(secret, max_tokens=5) as answer:
            statuses.append(answer.status)
    assert statuses == [200, 200, 422]
    assert {event.key_hash for event in limited.books.ends} == {hash_of(KEY)}
    hold(limited, blocked=True)
    async with limited.chat(OLDER) as refused:
        assert refused.status == 401
    hold(limited)
    limited.people.add(OLDER, successor=hash_of(OLD), expires=time.time() - 1)
    async with limited.chat(OLDER) as refused:
        assert (refused.status, (await refused.json())["error"]["type"]) == (401, "expired_key")
    del limited.people.keys[hash_of(KEY)]
    async with limited.chat(OLD) as refused:
        assert (refused.status, (await refused.json())["error"]["type"]) == (401, "token_not_found_in_db")


async def test_the_tags_of_a_key_its_team_and_project_are_those_of_each_call(limited: Any) -> None:
    tags = [
        TagRecord(name=name, limits=Limits(max_budget="0")) for name in ("of-key", "of-team", "of-project")
    ]
    limited.serve("gpt-4o-mini", PRICED, settings=Settings(), tags=tags)
    team, project = TeamRecord(id="t"), ProjectRecord(id="p")
    limited.people.teams["t"], limited.people.projects["p"] = team, project
    hold(limited, team_id="t", project_id="p")
    async with limited.chat(KEY, tags=["other"]) as served:
        assert served.status == 200
    limited.people.teams["t"] = replace(team, metadata={"tags": ["of-team"]})
    async with limited.chat(KEY, tags=["other"]) as refused:
        assert "Tag=of-team" in (await refused.json())["error"]["message"]
    limited.people.teams["t"] = team
    limited.people.projects["p"] = replace(project, metadata={"tags": ["of-project", 5, ""]})
    async with limited.chat(KEY) as refused:
        assert "Tag=of-project" in (await refused.json())["error"]["message"]
    hold(limited, metadata={"tags": ["of-key", "bill-a"]})
    async with limited.chat(KEY) as refused:
        assert "Tag=of-key" in (await refused.json())["error"]["message"]
    assert limited.books.ends[-1].tags == ["of-key", "bill-a"]


async def test_limits_beyond_all_counting_are_told_as_the_highest(limited: Any) -> None:
    models = (ModelLimits(model="gpt-4o-mini", rpm=10**30, tpm=2**63),)
    hold(limited, limits=Limits(max_budget="1e300", tpm=10**30, parallel=2**63, models=models))
    async with limited.chat(KEY, max_tokens=5) as served:
        assert served.status == 200
        assert int(served.headers["x-ratelimit-limit-requests"]) == NO_LIMIT
        assert int(served.headers["x-ratelimit-limit-tokens"]) == NO_LIMIT


@pytest.mark.parametrize("said", [10**30, 2**62, "1e300", "inf"])
async def test_an_answer_beyond_all_counting_is_not_paid_for_and_stops_no_others(
    limited: Any, said: Any
) -> None:
    hold(limited, limits=Limits(max_budget="0.02", tpm=1000))
    for wish in ({"max_tokens": said}, {"max_tokens": 5, "n": said}):
        async with limited.chat(KEY, **wish) as answer:
            if answer.status == 200:  # where it was made short enough to be paid for
                assert limited.upstream.requests[-1].json["max_tokens"] <= 20
            else:
                assert (await answer.json())["error"]["facts"]["needed"] <= NO_LIMIT / 10**9
    limited.people.add(OTHER, limits=Limits(max_budget="0.02"))
    async with limited.chat(OTHER, max_tokens=5) as served:
        assert served.status == 200


@pytest.mark.parametrize("foreign", [{"max_output_tokens": 1}, {"generationConfig": {"maxOutputTokens": 1}}])
async def test_only_the_words_of_its_own_format_say_how_long_an_answer_is(
    limited: Any, foreign: dict[str, Any]
) -> None:
    hold(limited, limits=Limits(max_budget="0.02"))
    limited.serve("gpt-4o-mini", PRICED, settings=Settings(general={"lower_max_tokens": "never"}))
    async with limited.chat(KEY, **foreign) as refused:
        assert refused.status == 422


async def test_a_word_of_another_format_makes_a_call_no_cheaper(limited: Any) -> None:
    hold(limited, limits=Limits(max_budget="0.02"))
    for vendors in ({"generationConfig": {"maxOutputTokens": 1000}}, {"options": {"num_predict": 1000}}):
        async with limited.chat(KEY, max_tokens=1, **vendors) as refused:
            assert refused.status == 422


@pytest.mark.parametrize(
    "extra",
    [
        {"model": "another"},
        {"max_tokens": 1000},
        {"n": 50},
        {"generationConfig": {"maxOutputTokens": 1000}},
        {"api_base": "http://127.0.0.1:1"},
    ],
)
async def test_extra_fields_do_not_change_what_a_call_is_admitted_and_paid_for_by(
    limited: Any, extra: dict[str, Any]
) -> None:
    hold(limited, models=["gpt-4o-mini"])
    async with limited.chat(KEY, max_tokens=5, extra_body=extra) as refused:
        assert (refused.status, (await refused.json())["error"]["param"]) == (400, "extra_body")
    assert not limited.upstream.requests


@pytest.mark.parametrize(
    ("part", "least_usd"),
    [
        ({"type": "image_url", "image_url": {"url": "https://example.com/p.png"}}, 3),
        ({"type": "file", "file": {"file_id": "file-1"}}, 100),
    ],
)
async def test_what_a_request_brings_along_is_seen_however_its_json_is_written(
    limited: Any, part: dict[str, Any], least_usd: float
) -> None:
    limited.serve("gpt-4o-mini", {"params": {"input_cost_per_token": 0.001, "output_cost_per_token": 0}})
    hold(limited, limits=Limits(max_budget="2.5"))
    body = {"model": "gpt-4o-mini", "max_tokens": 1, "messages": [{"role": "user", "content": [part]}]}
    plain = json.dumps(body).encode()
    hidden = plain.replace(b"_url", b"\\u005furl").replace(b"file_", b"\\u0066ile_")
    assert hidden != plain and json.loads(hidden) == body
    for said in (plain, hidden):
        async with limited.post("/v1/chat/completions", said, KEY) as refused:
            assert refused.status == 422
            assert (await refused.json())["error"]["facts"]["needed"] > least_usd
    assert not limited.upstream.requests


async def test_other_extra_fields_reach_the_provider(limited: Any) -> None:
    hold(limited)
    extra = {"top_k": 3, "guided_json": {"properties": {"n": {"type": "integer"}}}, "options": {"seed": 1}}
    async with limited.chat(KEY, max_tokens=5, extra_body=extra) as served:
        assert served.status == 200
    assert limited.upstream.requests[0].json.items() >= extra.items()


async def test_requests_of_a_minute_are_counted_and_told(limited: Any) -> None:
    hold(limited, limits=Limits(rpm=2, tpm=10_000))
    for left in ("1", "0"):
        async with limited.chat(KEY, max_tokens=5) as served:
            assert served.status == 200
            assert served.headers["x-ratelimit-limit-requests"] == "2"
            assert served.headers["x-ratelimit-remaining-requests"] == left
            assert served.headers["x-ratelimit-api_key-remaining-requests"] == left
            assert served.headers["x-ratelimit-reset-requests"].endswith("s")
            assert int(served.headers["x-ratelimit-remaining-tokens"]) < 10_000
            assert served.headers["x-litellm-key-rpm-limit"] == "2"
    async with limited.chat(KEY, max_tokens=5) as refused:
        assert refused.status == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 62
        assert refused.headers["rate_limit_type"] == "requests"
        error = (await refused.json())["error"]
    assert error["message"].startswith("Rate limit exceeded for api_key: ")
    assert "Limit type: requests. Current limit: 2, Remaining: 0. Limit resets at: 20" in error["message"]
    assert (error["type"], error["code"]) == ("rate_limit_error", "429")


async def test_tokens_count_as_they_were_used(limited: Any, upstream: Any) -> None:
    hold(limited, limits=Limits(tpm=500))
    upstream.usual = answer(600)
    async with limited.chat(KEY) as served:  # the answer passes the limit: nobody could know
        assert served.status == 200
    async with limited.chat(KEY) as refused:
        assert refused.status == 429
        assert "Limit type: tokens" in (await refused.json())["error"]["message"]


async def test_who_asks_for_more_than_a_limit_ever_allows_is_told_not_to_wait(limited: Any) -> None:
    hold(limited, limits=Limits(tpm=20))
    async with limited.chat(KEY, messages=[{"role": "user", "content": "word " * 100}]) as refused:
        assert refused.status == 429
        assert refused.headers["x-should-retry"] == "false"
        message = (await refused.json())["error"]["message"]
    assert re.search(r"Current limit: 20, Remaining: 20, Needed: 1[0-9]{2}\. ", message), message
    assert "will not fit later: make it shorter, or have an admin raise it" in message

    hold(limited, limits=Limits(rpm=0))
    async with limited.chat(KEY) as refused:
        assert (refused.status, refused.headers["x-should-retry"]) == (429, "false")
        assert "make it shorter" not in (await refused.json())["error"]["message"]

    hold(limited, limits=Limits(rpm=1))
    async with limited.chat(KEY) as served:
        assert served.status == 200
    async with limited.chat(KEY) as refused:
        assert refused.status == 429
        assert "x-should-retry" not in refused.headers


async def test_what_is_left_of_tokens_is_told_as_it_is(limited: Any) -> None:
    hold(limited, limits=Limits(tpm=1000))

    for calls in (1, 2, 3, 4):
        async with limited.chat(KEY) as served:
            left = 1000 - 12 * calls  # 7 of input, 5 of output
            assert served.headers["x-ratelimit-remaining-tokens"] == str(left)


async def test_an_answer_that_may_take_more_than_a_minute_allows_is_let_begin(limited: Any) -> None:
    hold(limited, limits=Limits(tpm=500))
    async with limited.chat(KEY, max_tokens=4_000) as served:
        assert served.status == 200


async def test_slots_are_free_again_when_calls_end(limited: Any, upstream: Any) -> None:
    hold(limited, limits=Limits(parallel=1))
    slow = answer(5, hold_head=True)
    upstream.will(slow)
    first = asyncio.create_task(status_of(limited))
    await upstream.request()
    async with limited.chat(KEY) as refused:
        assert refused.status == 429
        assert (
            "Limit type: max_parallel_requests. Current limit: 1"
            in (await refused.json())["error"]["message"]
        )
    slow.release.set()
    assert await first == 200
    assert await status_of(limited) == 200


async def test_a_client_that_hangs_up_gives_its_slot_back(limited: Any, upstream: Any) -> None:
    hold(limited, limits=Limits(parallel=1))
    upstream.will(answer(5, hold_head=True))
    first = asyncio.create_task(status_of(limited))
    await upstream.request()
    first.cancel()
    await limited.books.only()
    assert await status_of(limited) == 200


async def status_of(gateway: Any) -> int:
    async with gateway.chat(KEY) as answered:
        await answered.read()
        return int(answered.status)


async def test_a_deployment_over_its_limit_is_passed_over(limited: Any, upstream: Any) -> None:
    hold(limited)
    cheap = {"id": "first", "params": PRICED["params"] | {"max_budget": 0.006}}
    limited.serve("gpt-4o-mini", cheap, {"id": "second", **PRICED})
    used = []
    for _ in range(3):
        async with limited.chat(KEY, max_tokens=5) as served:
            used.append(served.headers["x-litellm-model-id"])
    assert used == ["first", "second", "second"]
    assert [len(event.charges) for event in limited.books.ends] == [1, 0, 0]


async def test_a_provider_over_its_budget_leaves_nobody_who_could_answer(limited: Any) -> None:
    hold(limited)
    config = {"openai": {"budget_limit": 0.006, "time_period": "1d"}}
    limited.serve("gpt-4o-mini", PRICED, settings=Settings(router={"provider_budget_config": config}))
    async with limited.chat(KEY, max_tokens=5) as served:
        assert served.status == 200
    async with limited.chat(KEY, max_tokens=5) as refused:
        assert refused.status == 429 and int(refused.headers["retry-after"]) <= 86_400
        message = (await refused.json())["error"]["message"]
    assert message.startswith("No deployments available - crossed budget, Try again in ")
    assert "the provider openai is over its limit: Spent 0.005 of 0.006" in message


async def test_rates_of_a_deployment_are_limits_only_where_the_config_says_so(limited: Any) -> None:
    hold(limited)
    one = {"params": {"rpm": 1}}
    limited.serve("gpt-4o-mini", one)
    for _ in range(2):
        async with limited.chat(KEY) as served:
            assert served.status == 200
    router = {"optional_pre_call_checks": ["enforce_model_rate_limits"]}
    limited.serve("gpt-4o-mini", one, settings=Settings(router=router))
    statuses = []
    for _ in range(2):
        async with limited.chat(KEY) as answered:
            statuses.append(answered.status)
    assert statuses == [200, 429]


@pytest.mark.parametrize("path", ["/v1/messages", "/v1beta/models/gpt-4o-mini:generateContent"])
async def test_each_format_tells_a_refusal_in_its_own_shape(limited: Any, path: str) -> None:
    hold(limited, limits=Limits(max_budget="0"))
    body: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": "Hi."}]}]}
    if path == "/v1/messages":
        body = {"model": "gpt-4o-mini", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi."}]}
    async with limited.post(path, body, KEY) as refused:
        assert refused.status == 422
        error = (await refused.json())["error"]
    assert error["message"].startswith("Budget has been exceeded! Key=bob")
    if path == "/v1/messages":
        assert (error["type"], error["code"]) == ("invalid_request_error", "budget_exceeded")
        assert error["facts"]["level"] == "api_key" and error["facts"]["limit"] == 0
    else:
        assert error["details"][0]["metadata"]["level"] == "api_key"


async def test_a_budget_raised_for_a_time_falls_back(limited: Any) -> None:
    raised = Limits(max_budget="0", more="1", more_until=4e9)
    hold(limited, limits=raised)
    async with limited.chat(KEY, max_tokens=5) as served:
        assert served.status == 200
    hold(limited, limits=Limits(max_budget="0", more="1", more_until=1.0))
    async with limited.chat(KEY, max_tokens=5) as refused:
        assert refused.status == 422


async def test_the_key_headers_tell_what_was_spent(limited: Any) -> None:
    hold(limited, limits=Limits(max_budget="1"))
    async with limited.chat(KEY, max_tokens=5) as served:
        assert served.headers["x-litellm-key-max-budget"] == "1"
        assert served.headers["x-litellm-key-spend"] == "0.005"
