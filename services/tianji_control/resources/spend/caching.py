"""`/cost_optimization/prompt_caching/requests`: calls whose prompt a provider's cache had or took."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypedDict
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest
from tianji.pricing.cost import cost
from tianji.pricing.price import Price
from tianji.store.rows import Connection, many
from tianji.wire.neutral import Usage
from tianji_control.call import Call, Guarded
from tianji_control.moments import moment
from tianji_control.paging import Size
from tianji_control.resources.costs.prices import priced
from tianji_control.resources.spend.store import Q

FILTERS = ("all", "injected", "hits")


class CachingQuery(Struct, kw_only=True):
    """The query: a span, and behind which call the page begins."""

    start_date: str
    end_date: str
    page_size: Size = 50
    filter: str = "all"
    cursor_start_time: str | None = None
    cursor_request_id: str | None = None


class CachedCall(Struct, frozen=True, kw_only=True):
    """A call with cached tokens."""

    id: UUID
    started_at: datetime
    model: str
    model_group: str
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cache_write_1h_tokens: int
    cost_usd: Decimal


class Shown(TypedDict):
    """A call, and what caching saved; less than nothing where it cost more than it saved."""

    request_id: str
    start_time: datetime
    model: str
    gateway_injected: bool
    cache_read_tokens: int
    cache_creation_tokens: int
    spend: float
    net_savings: float | None


class Cursor(TypedDict):
    """The last call of a page."""

    start_time: datetime
    request_id: str


class CachedCalls(TypedDict):
    """A page of calls, the latest first."""

    requests: list[Shown]
    page_size: int
    has_more: bool
    next_cursor: Cursor | None


async def cached_calls(call: Call) -> Response:
    """GET /cost_optimization/prompt_caching/requests: no gateway of ours marks prompts by itself."""
    ask = call.query(CachingQuery)
    since, until = moment(ask.start_date, "start_date"), moment(ask.end_date, "end_date", end=True)
    if since is None or until is None or until < since:
        raise BadRequest("end_date must not be earlier than start_date", param="end_date")
    if ask.filter not in FILTERS:
        raise BadRequest(f"filter is one of {', '.join(FILTERS)}", param="filter", status=422)
    after_time, after_id = _after(ask)
    async with call.runtime.store.connection() as db:
        found = await many(
            db,
            Q.cached_calls,
            CachedCall,
            since=since,
            until=until,
            hits=ask.filter == "hits",
            injected=ask.filter == "injected",
            after_time=after_time,
            after_id=after_id,
            limit=ask.page_size + 1,
        )
        rows = found[: ask.page_size]
        prices = {name: await _price(db, name) for name in {_name(row) for row in rows}}
    more = len(found) > ask.page_size
    return call.answer(
        {
            "requests": [_shown(row, prices[_name(row)]) for row in rows],
            "page_size": ask.page_size,
            "has_more": more,
            "next_cursor": (
                {"start_time": rows[-1].started_at, "request_id": str(rows[-1].id)} if more else None
            ),
        }
    )


def saved(row: CachedCall, price: Price) -> Decimal:
    """Return what a call would have cost more without a cache, at today's prices."""
    usage = Usage(
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cache_read_tokens=row.cache_read_tokens,
        cache_write_tokens=row.cache_write_tokens,
        cache_write_1h_tokens=row.cache_write_1h_tokens,
    )
    plain = Usage(input_tokens=row.input_tokens, output_tokens=row.output_tokens)
    return cost(plain, price).total - cost(usage, price).total


def _shown(row: CachedCall, price: Price | None) -> Shown:
    return {
        "request_id": str(row.id),
        "start_time": row.started_at,
        "model": row.model,
        "gateway_injected": False,
        "cache_read_tokens": row.cache_read_tokens,
        "cache_creation_tokens": row.cache_write_tokens,
        "spend": float(row.cost_usd),
        "net_savings": None if price is None else float(saved(row, price)),
    }


def _name(row: CachedCall) -> str:
    return row.model_group or row.model


async def _price(db: Connection, name: str) -> Price | None:
    try:
        return (await priced(db, name)).price
    except BadRequest:
        return None


def _after(ask: CachingQuery) -> tuple[datetime | None, UUID | None]:
    if (ask.cursor_start_time is None) != (ask.cursor_request_id is None):
        words = "cursor_start_time and cursor_request_id must be provided together"
        raise BadRequest(words, param="cursor_start_time")
    if ask.cursor_start_time is None or ask.cursor_request_id is None:
        return None, None
    try:
        id = UUID(ask.cursor_request_id)
    except ValueError:
        words = "cursor_request_id is request_id of the page before"
        raise BadRequest(words, param="cursor_request_id") from None
    return moment(ask.cursor_start_time.replace(" ", "+"), "cursor_start_time"), id


routes = [
    Guarded(
        "GET",
        "/cost_optimization/prompt_caching/requests",
        cached_calls,
        "ledger:read",
        query=CachingQuery,
        gives=CachedCalls,
        refuses=(400,),
    )
]
