"""The table of LiteLLM's admin routes: it is what the services say, and each route does what it says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tianji_control.unserved import all_unserved
from tianji_testkit.admin_routes import (
    NOT_HERE,
    NOT_YET,
    PAGE,
    UNSERVED,
    Row,
    now,
    rewritten,
    rows,
    served,
    still_unserved,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROWS = rows(PAGE.read_text("utf-8"))
BATCH = 40


async def test_the_page_says_what_holds() -> None:
    page = PAGE.read_text("utf-8")
    assert rewritten(page) == page, "write it anew with python -m tianji_testkit.admin_routes"
    assert [row.line() for row in ROWS if row.state == NOT_HERE] == []
    assert UNSERVED.read_text("utf-8") == still_unserved()


async def test_each_path_that_is_not_served_has_one_reason() -> None:
    known = [(entry.path, method) for entry in all_unserved() for method in entry.methods]
    assert sorted(known) == sorted(set(known))


async def test_nothing_that_is_served_is_said_to_be_missing() -> None:
    known = [(method, entry.path) for entry in all_unserved() for method in entry.methods]
    assert [asked for asked in known if served(Row(*asked, "", "")) is not None] == []


async def test_nineteen_of_twenty_routes_that_manage_something_work() -> None:
    (share,) = re.findall(r"\| all of these \| \d+ \| \d+ \| (\d+) % \|", PAGE.read_text("utf-8"))
    assert int(share) >= 95


async def test_a_path_that_nobody_knows_is_on_no_list() -> None:
    assert now("GET", "/no/such/path").state == NOT_HERE


@pytest.mark.parametrize("start", range(0, len(ROWS), BATCH))
async def test_each_route_does_what_the_page_says(control: Any, start: int) -> None:
    wrong = [
        (row.line(), said)
        for row in ROWS[start : start + BATCH]
        if served(row) != "gateway" and (said := await _wrong(control, row)) is not None
    ]
    assert wrong == []


async def _wrong(control: Any, row: Row) -> str | None:
    """Call a route on nothing in particular; return what is wrong with its answer."""
    path = re.sub(r"\{(\w+)(?::\w+)?\}", "none", row.path)
    answer = await control.call(row.method, path, None if row.method == "GET" else {})
    if row.state == NOT_YET:
        fits = answer.status == 501 and row.reason in answer.error["message"]
        return None if fits else f"{answer.status} {answer.body[:200]!r}"
    there = answer.status not in (405, 500, 501) and b"There is no path" not in answer.body
    return None if there else f"{answer.status} {answer.body[:200]!r}"
