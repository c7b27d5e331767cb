"""What Postgres does for a question: its plan, in one line for each statement."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct
from psycopg.cursor_async import AsyncCursor

from tianji.store.rows import Connection

CALLS = "spend_logs of a day"
_ROOM, _FEW_ROWS, _FEW_PAGES = 1.25, 100, 200
_EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) "


class Plan(Struct, frozen=True):
    """What was read, from where, and how much."""

    places: list[str]
    rows: int
    """Rows that were read at the leaves."""
    pages: int
    """Pages of 8 KiB that were looked at."""

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{', '.join(self.places)}: {self.rows:,} rows, {self.pages:,} pages"


def reads(plans: list[Plan]) -> tuple[int, int]:
    """Return how many rows and pages are read in all."""
    return sum(plan.rows for plan in plans), sum(plan.pages for plan in plans)


def grown(before: list[Plan], after: list[Plan], free: int) -> bool:
    """Say whether a question reads more where there are more calls; a page is never quite as full as another.

    `free` rows may be read in either case: so many do the roll-ups have, or so many are counted. Whether all
    of these are read, or some by an index, is for Postgres to choose.
    """
    (rows, pages), (more_rows, more_pages) = reads(before), reads(after)
    if free:
        return more_rows > max(free, rows)
    return more_rows > rows * _ROOM + _FEW_ROWS or more_pages > pages * _ROOM + _FEW_PAGES


def of_calls(plans: list[Plan]) -> bool:
    """Say whether calls themselves are read."""
    return any(CALLS in place for plan in plans for place in plan.places)


@asynccontextmanager
async def explaining(db: Connection) -> AsyncIterator[list[Plan]]:
    """Explain every statement that runs within, beside running it."""
    plans: list[Plan] = []
    kind = db.cursor_factory

    class Explaining(AsyncCursor[Any]):
        async def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
            if str(query).lstrip().upper().startswith(("SELECT", "WITH", "--")):
                found = await db.connection_cursor().execute(_EXPLAIN + query, params)  # type: ignore[attr-defined]
                plans.append(_read((await found.fetchone())[0][0]["Plan"]))
            return await super().execute(query, params, **more)

    db.connection_cursor = lambda: AsyncCursor(db)  # type: ignore[attr-defined]
    db.cursor_factory = Explaining
    try:
        yield plans
    finally:
        db.cursor_factory = kind


def _read(plan: dict[str, Any]) -> Plan:
    leaves = [node for node in _nodes(plan) if "Relation Name" in node or "Index Name" in node]
    used = [node for node in leaves if node["Actual Loops"]]
    places: dict[str, int] = {}
    for node in used:
        place = f"{node['Node Type']} {_family(node.get('Index Name') or node['Relation Name'])}"
        places[place] = places.get(place, 0) + 1
    rows = sum(
        round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in used
        if "Relation Name" in node
    )
    pages = plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)
    return Plan([f"{place} x{count}" if count > 1 else place for place, count in places.items()], rows, pages)


def _family(name: str) -> str:
    """Leave the day out of a partition's name and of its indexes'."""
    return CALLS if name.startswith("spend_logs_") else name


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)
