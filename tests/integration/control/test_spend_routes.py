"""Every route of docs/reference/spend-routes.md answers as the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = Path(__file__).parents[3] / "docs/reference/spend-routes.md"
ROW = re.compile(r"^\| `(\w+) ([^`]+)` \| (works|501) \| (.*) \|$", re.MULTILINE)
ROUTES = ROW.findall(PAGE.read_text())
QUERY = (
    "start_date=2026-01-01&end_date=2026-01-02&model_group=m&search=a&session_id=s&team_ids=t&team_id=t"
    "&organization_id=o&api_key=k&internal_user_id=u&org_id=o"
    "&filter[startTime][gte]=2026-01-01&filter[startTime][lte]=2026-01-02"
)
BODIES = {
    "/spend/calculate": {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "a"}]},
    "/vantage/init": {"api_key": "k", "integration_token": "t"},
    "/vantage/settings": {"api_key": "k"},
    "/cloudzero/init": {"api_key": "k", "connection_id": "c"},
    "/cloudzero/settings": {"api_key": "k"},
    "/cost/estimate": {"model": "gpt-4o-mini", "input_tokens": 1, "output_tokens": 1},
}
REFUSED = {
    "/spend/capture_rate": 503,  # nobody has said with which key bills are read
    "/vantage/export": 404,
    "/vantage/delete": 404,
    "/cloudzero/export": 404,
    "/cloudzero/delete": 404,
    "/provider/budgets": 400,  # the config has none
    "/spend/logs/ui/{request_id}": 404,
    "/key/spend/report": 404,
    "/budget/logs": 404,
}
"""What works, and what it was asked for is not there."""


async def test_the_page_has_rows() -> None:
    assert len(ROUTES) > 60


@pytest.mark.parametrize(("method", "path", "state", "note"), ROUTES, ids=lambda value: str(value)[:60])
async def test_a_route_answers_as_the_page_says(
    control: Any, method: str, path: str, state: str, note: str
) -> None:
    target = re.sub(r"\{[^}]+\}", "none", path)
    query = f"?{QUERY}" if method == "GET" else ""
    answer = await control.call(method, target + query, BODIES.get(path, {}) if method != "GET" else None)

    if state == "501":
        assert answer.status == 501
        assert note and note in answer.error["message"]
    else:
        assert answer.status == REFUSED.get(path, 200), answer.body
