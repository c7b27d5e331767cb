"""`/…/daily/activity` and `/…/daily/activity/aggregated`: day by day, and what a day is made of."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response

from tianji.store.rows import Connection
from tianji_control.call import Call, Guarded, Handler
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.activity import shown, store
from tianji_control.resources.activity.asked import ENTITIES, DayPage, Entity, Whole, query_of, wanted
from tianji_control.resources.activity.metrics import total
from tianji_control.resources.activity.shown import Facts
from tianji_control.resources.activity.store import OWNERS, Cell, Day, Part, Wanted

LONGEST_PAGE = 366
MOST_KEYS = 1000
SHOWN_KEYS = 100


class Report(Struct):
    """What these paths answer."""

    results: list[dict[str, Any]]
    metadata: dict[str, Any]


def by_page(entity: Entity, kind: type[Any]) -> Handler:
    """Make the handler of `/…/daily/activity`."""

    async def serve(call: Call) -> Response:
        """GET /…/daily/activity: days by pages."""
        ask = call.query(kind)
        check(ask.page, "page", 1, math.inf)
        check(ask.page_size, "page_size", 1, LONGEST_PAGE)
        async with call.runtime.store.connection() as db:
            want = await wanted(db, call, entity, ask)
            days = await days_of(db, want)
            first = (ask.page - 1) * ask.page_size
            told = await told_of(db, want, days[first : first + ask.page_size], SHOWN_KEYS)
        pages = math.ceil(len(days) / ask.page_size)
        metadata = {"page": ask.page, "total_pages": pages, "has_more": ask.page < pages}
        return call.answer(Report(told, {**total(days).totals(), **metadata}))

    return serve


def whole(entity: Entity, kind: type[Any]) -> Handler:
    """Make the handler of `/…/daily/activity/aggregated`."""

    async def serve(call: Call) -> Response:
        """GET /…/daily/activity/aggregated: all days, with the dearest keys."""
        ask = call.query(kind)
        check(ask.api_key_limit, "api_key_limit", 1, MOST_KEYS)
        async with call.runtime.store.connection() as db:
            want = await wanted(db, call, entity, ask)
            days = await days_of(db, want)
            told = await told_of(db, want, days, ask.api_key_limit)
            keys = await store.keys(db, want, limit=1)
        metadata = {
            "page": 1,
            "total_pages": 1,
            "has_more": False,
            "api_key_limit": ask.api_key_limit,
            "total_api_keys": keys[0].total if keys else 0,
        }
        return call.answer(Report(told, {**total(days).totals(), **metadata}))

    return serve


def check(value: int, field: str, least: int, most: float) -> None:
    """Raise WrongFields where a number of a query is out of its range."""
    if not least <= value <= most:
        words = f"{field} must be at least {least}" + ("" if math.isinf(most) else f" and at most {most}")
        raise WrongFields([Fault(["query", field], words, "value_error")])


async def days_of(db: Connection, want: Wanted) -> list[Day]:
    """Return sums by day; those of named keys are only in the cells."""
    if not _from_cells(want):
        return await store.days(db, want)
    found: dict[Any, Day] = {}
    for cell in await store.cells(db, want):
        found.setdefault(cell.day, Day(day=cell.day)).add(cell)
    return list(found.values())


async def told_of(db: Connection, want: Wanted, days: list[Day], key_limit: int) -> list[dict[str, Any]]:
    """Return some successive days with all that is said of them."""
    if not days:
        return []
    want = replace(want, since=days[-1].day, until=days[0].day)
    parts: list[Part] = [] if _from_cells(want) else await store.parts(db, want)
    top = [row.key_hash for row in await store.keys(db, want, limit=key_limit)]
    cells = await store.cells(db, replace(want, keys=top))
    facts = await _facts(db, want.scope, parts, cells)
    return shown.results(days, parts, cells, facts, summed=not _from_cells(want))


async def _facts(db: Connection, scope: str, parts: list[Part], cells: list[Cell]) -> Facts:
    entities = {part.name for part in parts if part.kind == "entities"} | {cell.scope_id for cell in cells}
    return Facts(
        scope,
        await store.facts_of_keys(db, {cell.key_hash for cell in cells if cell.key_hash}),
        await store.names(db, scope, entities),
    )


def _from_cells(want: Wanted) -> bool:
    return want.keys is not None and want.scope in OWNERS


def _routes(entity: Entity) -> Iterator[Guarded]:
    path = f"/{entity.name}/daily/activity"
    for more, make, base in (("", by_page, DayPage), ("/aggregated", whole, Whole)):
        kind = query_of(entity, base)
        yield Guarded("GET", path + more, make(entity, kind), entity.permission, query=kind, gives=Report)


routes = [route for entity in ENTITIES for route in _routes(entity)]
