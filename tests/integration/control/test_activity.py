"""What was spent day by day, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPAN = "start_date=2026-02-01&end_date=2026-02-03"


@pytest.fixture(scope="module")
def scopes() -> dict[str, str]:
    """Return the scope of the roll-ups by the name of the path."""
    plain = {name: name for name in ("team", "user", "organization", "tag")}
    return plain | {"customer": "end_user", "end_user": "end_user"}


async def test_days_are_told_with_sums_and_what_they_are_made_of(control: Any, scopes: Any) -> None:
    async with control.runtime.store.connection() as db:
        for scope in set(scopes.values()):
            for day, id, model, amount in (
                ("2026-02-01", "a", "m1", 1),
                ("2026-02-01", "b", "m2", 2),
                ("2026-02-02", "a", "m1", 4),
                ("2026-02-09", "a", "m1", 8),
            ):
                await db.execute(
                    "INSERT INTO spend_daily (day, scope, scope_id, model, provider, spend_usd, requests,"
                    " successful_requests, input_tokens, output_tokens)"
                    " VALUES (%s, %s, %s, %s, 'p', %s, 1, 1, 10, 5)",
                    [day, scope, id, model, amount],
                )
    for name in scopes:
        found = (await control.get(f"/{name}/daily/activity?{SPAN}")).json()
        assert [day["date"] for day in found["results"]] == ["2026-02-02", "2026-02-01"], name
        first = found["results"][1]
        assert first["metrics"]["spend"] == 3.0 and first["metrics"]["total_tokens"] == 30
        assert first["breakdown"]["models"]["m2"]["metrics"]["spend"] == 2.0
        assert set(first["breakdown"]["entities"]) == {"a", "b"}
        assert found["metadata"]["total_spend"] == 7.0 and found["metadata"]["total_api_requests"] == 3
        page = (await control.get(f"/{name}/daily/activity?{SPAN}&page=2&page_size=1")).json()
        assert [day["date"] for day in page["results"]] == ["2026-02-01"]
        assert (page["metadata"]["total_pages"], page["metadata"]["has_more"]) == (2, False)
        whole = (await control.get(f"/{name}/daily/activity/aggregated?{SPAN}&model=m1")).json()
        assert len(whole["results"]) == 2 and whole["metadata"]["total_spend"] == 5.0


async def test_activity_is_cut_to_those_that_are_named(control: Any) -> None:
    named = (await control.get(f"/team/daily/activity?{SPAN}&team_ids=b,c")).json()
    assert named["metadata"]["total_spend"] == 2.0
    others = (await control.get(f"/team/daily/activity?{SPAN}&exclude_team_ids=a")).json()
    assert others["metadata"]["total_spend"] == 2.0


async def test_a_span_must_be_named_and_may_not_be_endless(control: Any) -> None:
    for query, status in (
        ("", 400),
        ("start_date=2026-02-01", 400),
        ("start_date=1000-01-01&end_date=2026-01-01", 400),
        ("start_date=soon&end_date=2026-01-01", 422),
        (f"{SPAN}&page=0", 422),
    ):
        assert (await control.get(f"/team/daily/activity?{query}")).status == status, query
