"""What was spent, as callers see it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import uuid_utils

from tianji.domain.events import SpendEvent
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
