"""`/spend/logs/v2` and `/spend/logs/…ui`: calls by pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest, NotFound, NotImplementedYet
from tianji.store.rows import Connection
from tianji_control.call import Call, Guarded, Handler
from tianji_control.moments import moment
from tianji_control.paging import LongSize, PageNumber, Size, pages
from tianji_control.resources.keys.service import hash_given
from tianji_control.resources.spend import service, shown, store
from tianji_control.resources.spend.answers import SpendPage
from tianji_control.resources.spend.store import EARLIEST, LATEST, LogRow, Order, Wanted

MOST_COUNTED = 10_000
"""Rows are counted up to here: `total_is_capped` says that there are more."""
SORTS = ("spend", "total_tokens", "startTime", "endTime", "request_duration_ms", "model", "ttft_ms")
CHOICES = {
    "sort_by": (*SORTS, "prompt_tokens", "completion_tokens"),
    "sort_order": ("asc", "desc"),
    "cache_hit_filter": ("hit", "miss"),
    "span_type": ("llm", "agent", "mcp", "batch"),
    "status_filter": ("", "success", "failure", "interrupted"),
}


class PageQuery(Struct, kw_only=True):
    """The query of `/spend/logs/v2` and `/spend/logs/ui`."""

    api_key: str | None = None
    user_id: str | None = None
    request_id: str | None = None
    session_id: str | None = None
    team_id: str | None = None
    end_user: str | None = None
    tag: str | None = None
    model: str | None = None
    model_id: str | None = None
    model_group: str | None = None
    key_alias: str | None = None
    status_filter: str | None = None
    error_code: int | None = None
    error_message: str | None = None
    cache_hit_filter: str | None = None
    span_type: str | None = None
    min_spend: float | None = None
    max_spend: float | None = None
    start_date: str | None = None
    end_date: str | None = None
    search: str | None = None
    group_by_session: bool = False
    exclude_internal_health_checks: bool = False
    page: PageNumber = 1
    page_size: LongSize = 50
    cursor: str | None = None
    """`next_cursor` of the page before: pages far down come as quickly as the first."""
    sort_by: str = "startTime"
    sort_order: str = "desc"


class SessionQuery(Struct, kw_only=True):
    """The query of `/spend/logs/session/ui`."""

    session_id: str
    page: PageNumber = 1
    page_size: Size = 50


class Payload(Struct):
    """What was said in a call, where that is stored."""

    messages: Any
    response: Any
    proxy_server_request: Any


def by_page(*, with_sessions: bool) -> Handler:
    """Make the handler of `/spend/logs/v2` or `/spend/logs/ui`."""

    async def serve(call: Call) -> Response:
        """GET /spend/logs/v2: calls by pages."""
        ask = call.query(PageQuery)
        _check(ask)
        wanted = service.seen_by(call, _wanted(ask))
        order = _order(ask)
        async with call.runtime.store.connection() as db:
            wanted = await store.settled(db, wanted)
            rows = await store.logs(db, wanted, order)
            total = await store.count(db, wanted, MOST_COUNTED + 1)
            more = await _of_sessions(db, rows) if with_sessions else {}
        full = len(rows) == ask.page_size and not order.sort
        return call.answer(
            {
                "data": [shown.log(row) | more.get((row.session_id, row.key_hash), {}) for row in rows],
                "total": min(total, MOST_COUNTED),
                "page": ask.page,
                "page_size": ask.page_size,
                "total_pages": pages(min(total, MOST_COUNTED), ask.page_size),
                "total_is_capped": total > MOST_COUNTED,
                "next_cursor": f"{rows[-1].started_at.isoformat()}|{rows[-1].id}" if full else None,
            }
        )

    return serve


async def session(call: Call) -> Response:
    """GET /spend/logs/session/ui: the calls of one session."""
    ask = call.query(SessionQuery)
    wanted = service.seen_by(call, Wanted(session_id=ask.session_id))
    async with call.runtime.store.connection() as db:
        order = Order(limit=ask.page_size, offset=(ask.page - 1) * ask.page_size)
        rows = await store.logs(db, wanted, order)
        total = await store.count(db, wanted, MOST_COUNTED)
    return call.answer(
        {
            "data": [shown.log(row) for row in rows],
            "total": total,
            "page": ask.page,
            "page_size": ask.page_size,
            "total_pages": pages(total, ask.page_size),
        }
    )


async def payload(call: Call) -> Response:
    """GET /spend/logs/ui/{request_id}: what was said in a call, as far as its row has it."""
    request_id: str = call.request.path_params["request_id"]
    wanted = service.seen_by(call, service.request_named(Wanted(), request_id))
    async with call.runtime.store.connection() as db:
        rows = await store.logs(db, wanted, Order(limit=1))
        said = await store.bodies(db, rows)
    if not rows:
        raise NotFound(f"The ledger has no call {request_id} that you may see", param="request_id")
    row = shown.log(rows[0], said.get(rows[0].id))
    return call.answer(Payload(row["messages"], row["response"], row["proxy_server_request"]))


def _wanted(ask: PageQuery) -> Wanted:
    wanted = Wanted(
        key_hash=hash_given(ask.api_key) if ask.api_key else None,
        user_id=ask.user_id,
        team_id=ask.team_id,
        end_user=ask.end_user,
        session_id=ask.session_id,
        tag=ask.tag,
        model=ask.model,
        model_id=ask.model_id,
        model_group=ask.model_group,
        key_alias=store.like(ask.key_alias),
        status=ask.status_filter or ("failure" if _of_failures(ask) else None),
        http_status=ask.error_code,
        error_message=store.like(ask.error_message),
        min_spend=ask.min_spend,
        max_spend=ask.max_spend,
        since=moment(ask.start_date, "start_date") or EARLIEST,
        until=_until(ask),
    )
    return service.searched(service.request_named(wanted, ask.request_id), ask.search)


def _of_failures(ask: PageQuery) -> bool:
    """Say whether only a call that failed can be what is asked for: of these there is an index."""
    return bool(ask.error_message) or (ask.error_code or 0) >= 400


def _until(ask: PageQuery) -> datetime:
    """Return where the span ends; before it began, where no row can be what is asked for."""
    if ask.cache_hit_filter == "hit" or ask.span_type in ("agent", "mcp", "batch"):
        return EARLIEST
    return moment(ask.end_date, "end_date", end=True) or LATEST


def _check(ask: PageQuery) -> None:
    for field, known in CHOICES.items():
        given = getattr(ask, field)
        if given is not None and given not in known:
            words = f"Invalid {field}: {given}. Must be one of: {', '.join(filter(None, known))}"
            raise BadRequest(words, type="bad_request", param=field)
    if ask.group_by_session:
        words = "group_by_session is not there yet; /spend/logs/session/ui tells the calls of one session"
        raise NotImplementedYet(words, param="group_by_session")
    if ask.cursor and ask.sort_by != "startTime":
        raise BadRequest("A cursor goes with sort_by=startTime only", param="cursor")


def _order(ask: PageQuery) -> Order:
    return Order(
        limit=ask.page_size,
        offset=0 if ask.cursor else (ask.page - 1) * ask.page_size,
        sort="" if ask.sort_by == "startTime" else ask.sort_by,
        descending=ask.sort_order == "desc",
        after=_after(ask.cursor) if ask.cursor else None,
    )


def _after(cursor: str) -> tuple[datetime, UUID]:
    time, _, id = cursor.partition("|")
    try:
        began = datetime.fromisoformat(time.replace(" ", "+"))
        return began, UUID(id)
    except ValueError:
        raise BadRequest("cursor is next_cursor of the page before, as it was", param="cursor") from None


async def _of_sessions(db: Connection, rows: list[LogRow]) -> dict[tuple[str | None, str], dict[str, Any]]:
    """Return what the sessions of these rows had in all, by session and key."""
    ids = sorted({row.session_id for row in rows if row.session_id})
    found = await store.sessions(db, ids, sorted({row.key_hash for row in rows}))
    alone: dict[tuple[str | None, str], dict[str, Any]] = {
        (row.session_id, row.key_hash): {"session_total_count": 1} for row in rows
    }
    return alone | {
        (one.session_id, one.key_hash): {
            "session_total_count": one.calls,
            "session_total_spend": float(one.spend_usd),
            "session_total_prompt_tokens": one.input_tokens,
            "session_total_completion_tokens": one.output_tokens,
            "session_total_tokens": one.input_tokens + one.output_tokens,
            "session_models": one.models,
        }
        for one in found
    }


routes = [
    Guarded(
        "GET",
        "/spend/logs/v2",
        by_page(with_sessions=False),
        "spend:read",
        query=PageQuery,
        gives=SpendPage,
    ),
    Guarded(
        "GET", "/spend/logs/ui", by_page(with_sessions=True), "spend:read", query=PageQuery, gives=SpendPage
    ),
    Guarded("GET", "/spend/logs/session/ui", session, "spend:read", query=SessionQuery, gives=SpendPage),
    Guarded("GET", "/spend/logs/ui/{request_id}", payload, "spend:read", gives=Payload),
]
