"""What was spent, as callers see it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
import pytest_asyncio
import uuid_utils

from tianji.domain.events import Bodies, SpendEvent
from tianji.domain.keys import hash_of
from tianji.wire.neutral import Usage
from tianji_worker.ledger.rows import row_of
from tianji_worker.ledger.write import Ledger

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW = time.time()
TODAY = datetime.fromtimestamp(NOW, UTC).date()


def event(**changes: Any) -> SpendEvent:
    values: dict[str, Any] = {
        "id": str(uuid_utils.uuid7(nanoseconds=int(changes.get("started_at", NOW) * 1e9))),
        "gateway_id": "g1",
        "started_at": NOW,
        "ended_at": NOW + 1.5,
        "call_type": "acompletion",
        "model": "gpt",
        "model_group": "gpt",
        "upstream_model": "gpt-4o-mini",
        "provider": "openai",
        "usage": Usage(input_tokens=7, output_tokens=3, cache_read_tokens=2),
        "cost_usd": "0.000001",
    }
    return SpendEvent(**(values | changes))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def keys(control: Any) -> dict[str, str]:
    """Return two keys, one of a user, whose calls are in the ledger."""
    await control.post(
        "/user/new", {"user_id": "ann", "user_role": "internal_user", "auto_create_key": False}
    )
    plain = (await control.made_key())["key"]
    anns = (await control.made_key(user_id="ann"))["key"]
    events = [
        event(key_hash=hash_of(plain), response_id="chatcmpl-1", metadata={"job": 7}, tags=["nightly"]),
        event(key_hash=hash_of(plain), status="failure", http_status=429, error_type="rate_limit_error"),
        event(key_hash=hash_of(anns), user_id="ann", cost_usd="0.5", started_at=NOW - 1),
        event(key_hash="elsewhere", user_id="ann", cost_usd="0.25", started_at=NOW - 2),
        event(
            key_hash="elsewhere", cost_usd="0.125", started_at=NOW - 3 * 86400, ended_at=NOW - 3 * 86400 + 1
        ),
    ]
    ledger = Ledger(control.runtime.store)
    await ledger.write([row_of(msgspec.json.encode(one), TODAY) for one in events])
    return {"plain": plain, "anns": anns}


async def test_a_call_shows_with_the_columns_that_scripts_know(control: Any, keys: dict[str, str]) -> None:
    (row,) = (await control.get("/spend/logs?request_id=chatcmpl-1")).json()

    known = {
        "request_id": "chatcmpl-1",
        "call_type": "acompletion",
        "api_key": hash_of(keys["plain"]),
        "spend": 1e-6,
        "spend_usd": "0.000001",
        "total_tokens": 10,
        "prompt_tokens": 7,
        "completion_tokens": 3,
        "model": "gpt-4o-mini",
        "model_group": "gpt",
        "custom_llm_provider": "openai",
        "user": "",
        "request_tags": ["nightly"],
        "status": "success",
        "request_duration_ms": 1500,
    }
    assert known.items() <= {name: value for name, value in row.items() if name in known}.items()
    assert row["metadata"]["job"] == 7
    assert row["metadata"]["usage_object"]["cache_read_input_tokens"] == 2
    assert datetime.fromisoformat(row["startTime"]).timestamp() == pytest.approx(NOW, abs=0.002)
    again = (await control.get(f"/spend/logs?request_id={row['litellm_call_id']}")).json()
    assert again == [row]


async def test_a_key_by_itself_and_by_its_hash_gives_its_calls(control: Any, keys: dict[str, str]) -> None:
    by_key = (await control.get(f"/spend/logs?api_key={keys['plain']}")).json()
    by_hash = (await control.get(f"/spend/logs?api_key={hash_of(keys['plain'])}")).json()

    assert by_key == by_hash
    assert sorted(row["status"] for row in by_key) == ["failure", "success"]
    failed = next(row for row in by_key if row["status"] == "failure")
    assert failed["metadata"]["error_information"]["error_code"] == "429"


async def test_a_caller_sees_their_own_calls_only(control: Any, keys: dict[str, str]) -> None:
    own = hash_of(keys["plain"])
    plain = (await control.get("/spend/logs", key=keys["plain"])).json()
    assert [row["api_key"] for row in plain] == [own, own]
    assert (await control.get(f"/spend/logs?api_key={keys['anns']}", key=keys["plain"])).json() == []
    assert (await control.get("/spend/logs?user_id=ann", key=keys["plain"])).json() == []

    anns = (await control.get("/spend/logs/v2", key=keys["anns"])).json()
    assert anns["total"] == 2
    assert [row["spend"] for row in anns["data"]] == [0.5, 0.25]

    assert (await control.get("/global/spend", key=keys["anns"])).status == 403
    assert (await control.get("/spend/logs", key=None)).status == 401


async def test_two_dates_give_sums_by_day_with_empty_days_to_the_end(
    control: Any, keys: dict[str, str]
) -> None:
    first, last = TODAY - timedelta(days=3), TODAY + timedelta(days=1)
    days = (await control.get(f"/spend/logs?start_date={first}&end_date={last}")).json()

    assert [day["startTime"] for day in days] == [str(first), str(TODAY), str(last)]
    assert days[0]["spend"] == 0.125
    assert days[0]["elsewhere"] == 0.125
    assert days[1]["users"]["ann"] == 0.75
    assert days[1]["models"]["gpt-4o-mini"] == pytest.approx(0.750002)
    assert days[2] == {"spend": 0, "users": {}, "models": {}, "startTime": str(last)}

    rows = (await control.get(f"/spend/logs?start_date={first}&end_date={first}&summarize=false")).json()
    assert [row["spend"] for row in rows] == [0.125]


async def test_pages_are_filtered_sorted_and_counted(control: Any, keys: dict[str, str]) -> None:
    page = (await control.get("/spend/logs/v2?sort_by=spend&sort_order=asc&page=2&page_size=2")).json()

    assert [row["spend"] for row in page["data"]] == [0.125, 0.25]
    assert (page["total"], page["total_pages"], page["page"], page["page_size"]) == (5, 3, 2, 2)
    rich = (
        await control.get("/spend/logs/v2?min_spend=0.2&status_filter=success&end_date=2999-01-01")
    ).json()
    assert [row["spend"] for row in rich["data"]] == [0.5, 0.25]
    failed = (await control.get("/spend/logs/v2?status_filter=failure&error_code=429")).json()
    assert failed["total"] == 1


@pytest.mark.parametrize("query", ["start_date=yesterday", "page=0", "page_size=5000", "min_spend=cheap"])
async def test_a_wrong_query_is_named(control: Any, query: str) -> None:
    answer = await control.get(f"/spend/logs/v2?{query}")

    assert answer.status == 422
    assert query.partition("=")[0].partition("_")[0] in answer.body.decode()


async def test_the_sum_of_all_is_there_and_on_the_key(control: Any, keys: dict[str, str]) -> None:
    assert (await control.get("/global/spend")).json() == {
        "spend": pytest.approx(0.875002),
        "max_budget": 0.0,
    }
    info = (await control.get(f"/key/info?key={keys['anns']}")).json()["info"]
    assert info["spend"] == 0.5


async def test_pages_go_on_behind_a_row_as_they_do_by_number(control: Any, keys: dict[str, str]) -> None:
    for order in ("desc", "asc"):
        whole = (await control.get(f"/spend/logs/v2?sort_order={order}")).json()
        assert whole["next_cursor"] is None and whole["total_is_capped"] is False
        walked, cursor = [], ""
        while cursor is not None:
            path = f"/spend/logs/v2?sort_order={order}&page_size=2{cursor and '&cursor=' + quote(cursor)}"
            page = (await control.get(path)).json()
            walked += page["data"]
            cursor = page["next_cursor"]
        assert walked == whole["data"] and len(walked) == 5
    assert (await control.get("/spend/logs/v2?cursor=nothing")).status == 400
    assert (await control.get("/spend/logs/v2?cursor=a&sort_by=spend")).status == 400


async def test_calls_are_found_by_each_filter(control: Any, keys: dict[str, str]) -> None:
    for query, count in (
        ("tag=nightly", 1),
        ("tag=daily", 0),
        ("search=chatcmpl-1", 1),
        (f"search={hash_of(keys['plain'])}", 2),
        ("search=ann", 2),
        ("error_message=none", 0),
        ("cache_hit_filter=miss", 5),
        ("cache_hit_filter=hit", 0),
        ("span_type=llm", 5),
        ("span_type=mcp", 0),
        (f"start_date={TODAY}&end_date={TODAY}", 4),
        ("model=gpt-4o-mini", 5),
    ):
        found = (await control.get(f"/spend/logs/v2?{query}")).json()
        assert found["total"] == len(found["data"]) == count, query
    for query, count in (("tags=nightly", 1), ("team_id=none", 0), ("limit=3", 3), ("limit=3&offset=3", 2)):
        assert len((await control.get(f"/spend/logs?{query}")).json()) == count, query
    for query in ("sort_by=beauty", "sort_order=up", "cache_hit_filter=maybe", "span_type=bridge"):
        assert (await control.get(f"/spend/logs/v2?{query}")).status == 400, query
    assert (await control.get("/spend/logs/v2?group_by_session=true")).status == 501


@pytest.mark.parametrize("sort", ["model", "ttft_ms", "request_duration_ms", "endTime", "total_tokens"])
async def test_pages_are_sorted_by_each_field(control: Any, keys: dict[str, str], sort: str) -> None:
    found = (await control.get(f"/spend/logs/v2?sort_by={sort}")).json()
    assert len(found["data"]) == 5


async def test_a_session_is_told_with_all_its_calls(control: Any, keys: dict[str, str]) -> None:
    own = {"key_hash": hash_of(keys["plain"]), "session_id": "chat-1"}
    events = [event(**own, cost_usd="0"), event(**own, response_id="said", cost_usd="0")]
    ledger = Ledger(control.runtime.store)
    await ledger.write([row_of(msgspec.json.encode(one), TODAY) for one in events])

    found = (await control.get("/spend/logs/session/ui?session_id=chat-1&page_size=1")).json()
    assert (found["total"], found["total_pages"], len(found["data"])) == (2, 2, 1)
    assert (await control.get("/spend/logs/session/ui?session_id=chat-1", key=keys["anns"])).json()[
        "data"
    ] == []
    page = (await control.get("/spend/logs/ui?session_id=chat-1")).json()
    assert [row["session_total_count"] for row in page["data"]] == [2, 2]
    assert page["data"][0]["session_total_tokens"] == 20
    said = (await control.get("/spend/logs/ui/said", key=keys["plain"])).json()
    assert set(said) == {"messages", "response", "proxy_server_request"}
    assert (await control.get("/spend/logs/ui/said", key=keys["anns"])).status == 404


async def test_what_was_said_shows_where_it_was_kept(control: Any) -> None:
    said = Bodies('[{"role":"user","content":"hi"}]', 'data: {"id":"x"}')
    one = event(key_hash="said", response_id="chatcmpl-said", bodies=said)
    await Ledger(control.runtime.store).write([row_of(msgspec.json.encode(one), TODAY)])

    (row,) = (await control.get("/spend/logs?request_id=chatcmpl-said")).json()
    assert row["messages"] == [{"role": "user", "content": "hi"}]
    assert row["response"] == 'data: {"id":"x"}'
    whole = (await control.get("/spend/logs/ui/chatcmpl-said")).json()
    assert whole["messages"] == row["messages"]


async def test_each_status_gives_the_calls_that_ended_so(control: Any, keys: dict[str, str]) -> None:
    await _written(control, event(key_hash="s", status="interrupted", http_status=0, attempts=1))
    await _written(control, event(key_hash="s", status="failure", http_status=500, error_message="no luck"))
    await _written(control, event(key_hash="s"))

    for query, told in (
        ("status_filter=success", [200]),
        ("status_filter=failure", [0, 500]),
        ("status_filter=interrupted", [0]),
        ("error_code=500", [500]),
        ("error_code=200", [200]),
        ("error_code=500&status_filter=success", []),
        ("error_message=luck", [500]),
        ("status_filter=", [0, 200, 500]),
    ):
        page = (await control.get(f"/spend/logs/v2?api_key={'s'}&{query}")).json()
        assert sorted(row["http_status"] for row in page["data"]) == told, query
        assert page["total"] == len(told)
    refused = await control.get("/spend/logs/v2?status_filter=failed")
    assert refused.status == 400
    assert "success, failure, interrupted" in refused.error["message"]


async def test_who_sees_calls_for_several_reasons_gets_each_once_on_pages_without_gaps(control: Any) -> None:
    for body in ({"team_id": "both-1"}, {"team_id": "both-2"}):
        await control.post("/team/new", body)
    await control.post(
        "/user/new", {"user_id": "bea", "user_role": "internal_user", "auto_create_key": False}
    )
    for team in ("both-1", "both-2"):
        member = {"user_id": "bea", "role": "admin"}
        await control.post("/team/member_add", {"team_id": team, "member": [member]})
    key = (await control.made_key(user_id="bea", team_id="both-1"))["key"]
    owners: list[dict[str, Any]] = [
        {"key_hash": hash_of(key), "user_id": "bea", "team_id": "both-1"},
        {"key_hash": "other", "user_id": "bea", "team_id": "both-2"},
        {"key_hash": "other", "user_id": "carl", "team_id": "both-2"},
        {"key_hash": "other", "user_id": "bea"},
        {"key_hash": "other", "user_id": "carl", "team_id": "elsewhere"},
    ]
    made = [event(**owner, started_at=NOW - 600 - turn // 2) for turn, owner in enumerate(owners * 4)]
    await _written(control, *made)
    hers = [one for one in made if one.team_id != "elsewhere"]
    latest_first = sorted(hers, key=lambda one: (one.started_at, one.id), reverse=True)

    for order, expected in (("desc", latest_first), ("asc", latest_first[::-1])):
        told: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            # What is added meanwhile, at the end that pages begin from, moves none of them.
            moment = NOW + 60 if order == "desc" else NOW - 7200
            await _written(control, event(**owners[0], started_at=moment, ended_at=moment + 1, model="late"))
            query = f"page_size=3&sort_order={order}&cursor={quote(cursor)}&model=gpt"
            page = (await control.get(f"/spend/logs/v2?{query}", key=key)).json()
            told += [row["litellm_call_id"] for row in page["data"]]
            assert page["total"] == len(hers)
            cursor = page["next_cursor"]
        assert told == [one.id for one in expected], order
    by_offset = (await control.get("/spend/logs/v2?page=2&page_size=5&model=gpt", key=key)).json()["data"]
    assert [row["litellm_call_id"] for row in by_offset] == [one.id for one in latest_first[5:10]]
    by_spend = (await control.get("/spend/logs/v2?sort_by=spend&page_size=100&model=gpt", key=key)).json()
    assert sorted(row["litellm_call_id"] for row in by_spend["data"]) == sorted(one.id for one in hers)


async def test_a_search_finds_calls_by_any_of_their_ids(control: Any) -> None:
    ids = {
        "response_id": "find-answer", "key_hash": "find-key", "team_id": "find-team", "user_id": "find-user",
        "end_user": "find-customer", "session_id": "find-session", "deployment_id": "find-deployment",
    }  # fmt: skip
    made = event(**ids)
    await _written(control, made)

    for text in (*ids.values(), made.id):
        page = (await control.get(f"/spend/logs/v2?search={text}")).json()
        assert [row["litellm_call_id"] for row in page["data"]] == [made.id], text
        assert page["total"] == 1
    assert (await control.get("/spend/logs/v2?search=find-nothing")).json()["data"] == []


async def test_a_tag_gives_its_calls_on_whatever_days_they_were(control: Any) -> None:
    days = [NOW - 86400 * ago for ago in (0, 2, 5)]
    made = [event(started_at=day, ended_at=day + 1, tags=["seldom", "it's"]) for day in days]
    await _written(control, *made, event(tags=["often"]))

    for tag in ("seldom", "it's"):
        page = (await control.get(f"/spend/logs/v2?tag={quote(tag)}")).json()
        assert [row["litellm_call_id"] for row in page["data"]] == [one.id for one in made]
        assert len((await control.get(f"/spend/logs?tags={quote(tag)}")).json()) == 3
    since = datetime.fromtimestamp(days[1], UTC).date()
    page = (await control.get(f"/spend/logs/v2?tag=seldom&start_date={since}")).json()
    assert page["total"] == 2
    assert (await control.get("/spend/logs/v2?tag=never")).json()["total"] == 0


async def test_sums_by_day_are_told_for_spans_that_somebody_may_read(control: Any) -> None:
    answer = await control.get("/spend/logs?start_date=2026-01-01&end_date=9999-12-31")
    assert answer.status == 400
    assert "days are told at once" in answer.error["message"]
    for path in (
        "/user/daily/activity",
        "/user/daily/activity/export",
        "/focus/export",
        "/global/spend/report",
    ):
        for day in ("0001-01-01", "9999-12-31"):
            answer = await control.get(f"{path}?start_date={day}&end_date={day}")
            assert answer.status == 400, (path, day)


async def _written(control: Any, *events: SpendEvent) -> None:
    ledger = Ledger(control.runtime.store)
    await ledger.write([row_of(msgspec.json.encode(one), TODAY) for one in events])
