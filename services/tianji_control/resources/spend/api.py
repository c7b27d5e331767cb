"""`/spend/…` and `/global/spend`."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.moments import moment
from tianji_control.paging import LongSize, Page, pages
from tianji_control.resources.keys.service import hash_given
from tianji_control.resources.spend import operations, service, shown, store
from tianji_control.resources.spend.answers import SpendLog, SpendPage
from tianji_control.resources.spend.store import Order, Wanted

MOST_ROWS = 10_000
"""What `/spend/logs` answers at most, the latest first; `/spend/logs/v2` has pages."""


class LogQuery(Struct, kw_only=True):
    """The query of `/spend/logs`."""

    api_key: str | None = None
    user_id: str | None = None
    request_id: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    summarize: bool = True


class PageQuery(Struct, kw_only=True):
    """The query of `/spend/logs/v2`."""

    api_key: str | None = None
    user_id: str | None = None
    request_id: str | None = None
    session_id: str | None = None
    team_id: str | None = None
    end_user: str | None = None
    model: str | None = None
    model_id: str | None = None
    model_group: str | None = None
    key_alias: str | None = None
    status_filter: str | None = None
    error_code: int | None = None
    min_spend: float | None = None
    max_spend: float | None = None
    start_date: str | None = None
    end_date: str | None = None
    page: Page = 1
    page_size: LongSize = 50
    sort_by: str = "startTime"
    sort_order: str = "desc"


async def logs(call: Call) -> Response:
    """GET /spend/logs: calls, or sums by day when both dates are given."""
    ask = call.query(LogQuery)
    since = moment(ask.start_date, "start_date")
    until = moment(ask.end_date, "end_date", end=True)
    wanted = Wanted(
        key_hash=hash_given(ask.api_key) if ask.api_key else None,
        user_id=ask.user_id,
        since=since,
        until=until,
    )
    wanted = service.seen_by(call, service.request_named(wanted, ask.request_id))
    async with call.runtime.store.connection() as db:
        if since and until and ask.summarize:
            last = (until - timedelta(microseconds=1)).date()
            return call.answer(shown.day_list(await store.days(db, wanted), last))
        rows = await store.logs(db, wanted, Order(limit=MOST_ROWS))
    return call.answer([shown.log(row) for row in rows])


async def page(call: Call) -> Response:
    """GET /spend/logs/v2: calls by pages."""
    ask = call.query(PageQuery)
    wanted = Wanted(
        key_hash=hash_given(ask.api_key) if ask.api_key else None,
        user_id=ask.user_id,
        team_id=ask.team_id,
        end_user=ask.end_user,
        session_id=ask.session_id,
        model=ask.model,
        model_id=ask.model_id,
        model_group=ask.model_group,
        key_alias=ask.key_alias,
        succeeded=None if not ask.status_filter else ask.status_filter == "success",
        http_status=ask.error_code,
        min_spend=ask.min_spend,
        max_spend=ask.max_spend,
        since=moment(ask.start_date, "start_date"),
        until=moment(ask.end_date, "end_date", end=True),
    )
    wanted = service.seen_by(call, service.request_named(wanted, ask.request_id))
    descending = ask.sort_order.lower() != "asc"
    latest_first = ask.sort_by == "startTime" and descending
    order = Order(
        limit=ask.page_size,
        offset=(ask.page - 1) * ask.page_size,
        sort="" if latest_first else ask.sort_by,
        descending=descending,
    )
    async with call.runtime.store.connection() as db:
        total = await store.count(db, wanted)
        rows = await store.logs(db, wanted, order)
    return call.answer(
        {
            "data": [shown.log(row) for row in rows],
            "total": total,
            "page": ask.page,
            "page_size": ask.page_size,
            "total_pages": pages(total, ask.page_size),
        }
    )


routes = [
    Guarded("GET", "/spend/logs", logs, "spend:read", query=LogQuery, gives=list[SpendLog]),
    Guarded("GET", "/spend/logs/v2", page, "spend:read", query=PageQuery, gives=SpendPage),
    Guarded("GET", "/spend/logs/ui", page, "spend:read", query=PageQuery, gives=SpendPage),
    *operations.routes,
]
