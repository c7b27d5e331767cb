"""`/gateway/daily/activity` and `/gateway/errors/activity`: what the gateways answered, good and bad."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji.store.rows import Connection
from tianji_control.call import Call, Guarded
from tianji_control.resources.activity import counts, store
from tianji_control.resources.activity.answers import GatewayActivity, GatewayErrors
from tianji_control.resources.activity.counts import Count, Status
from tianji_control.resources.activity.shown import ENDPOINTS
from tianji_control.resources.spend.sights import seen
from tianji_control.resources.spend.spans import Days, days_or_recent

MOST_SHOWN = 25


class Span(Struct, kw_only=True):
    """The query of both: the last 30 days unless named."""

    start_date: str | None = None
    end_date: str | None = None


async def daily(call: Call) -> Response:
    """GET /gateway/daily/activity: by day, by kind of call and by status."""
    ask = call.query(Span)
    span = days_or_recent(ask.start_date, ask.end_date)
    async with call.runtime.store.connection() as db:
        rows = await counts.activity(db, span, seen(call))
        statuses = await counts.statuses(db, span)
    routes: dict[str, list[Count]] = {}
    for row in rows:
        routes.setdefault(row.call_type, []).append(row)
    by_route: list[dict[str, Any]] = [
        {"category": kind or "unknown", "route": ENDPOINTS.get(kind, kind), **_outcome(held)}
        for kind, held in routes.items()
    ]
    by_route.sort(key=lambda one: one["successful_requests"], reverse=True)
    return call.answer(
        {
            **{f"total_{name}": value for name, value in _outcome(rows).items()},
            "by_date": [{"date": day, **_outcome(held)} for day, held in _by_day(rows).items()],
            "by_route": by_route,
            "by_status_code": _by_status(statuses),
        }
    )


async def errors(call: Call) -> Response:
    """GET /gateway/errors/activity: failures by day and status, and whose they are."""
    ask = call.query(Span)
    span = days_or_recent(ask.start_date, ask.end_date)
    async with call.runtime.store.connection() as db:
        rows = await counts.activity(db, span, seen(call))
        statuses = await counts.statuses(db, span)
        whose = {f"by_{kind}": await _failing(db, span, kind) for kind in ("key", "team", "user", "model")}
    return call.answer(
        {
            **{f"total_{name}": value for name, value in _outcome(rows).items()},
            "by_date": [
                _day(day, held, [status for status in statuses if status.day == day])
                for day, held in _by_day(rows).items()
            ],
            "by_status_code": _by_status(statuses),
            **whose,
        }
    )


async def _failing(db: Connection, span: Days, kind: str) -> list[dict[str, Any]]:
    rows = await counts.failing(db, span, kind, MOST_SHOWN)
    ids = [row.id for row in rows]
    worst = await counts.worst(db, span, kind, ids)
    labels: dict[str, str | None]
    if kind == "key":
        labels = {id: facts.alias for id, facts in (await store.facts_of_keys(db, set(ids))).items()}
    else:
        labels = {
            id: name.email or name.alias for id, name in (await store.names(db, kind, set(ids))).items()
        }
    return [
        {
            "id": row.id,
            "label": labels.get(row.id),
            "api_requests": row.requests,
            "failed_requests": row.failed_requests,
            "top_status_code": worst[row.id].http_status if row.id in worst else None,
            "top_status_code_requests": worst[row.id].requests if row.id in worst else 0,
        }
        for row in rows
    ]


def _day(day: date, rows: list[Count], statuses: list[Status]) -> dict[str, Any]:
    return {
        "date": day,
        **_outcome(rows),
        "client_errors": sum(one.requests for one in statuses if 400 <= one.http_status < 500),
        "server_errors": sum(one.requests for one in statuses if 500 <= one.http_status < 600),
        "by_status_code": _by_status(statuses),
    }


def _by_day(rows: Iterable[Count]) -> dict[date, list[Count]]:
    found: dict[date, list[Count]] = {}
    for row in rows:
        found.setdefault(row.day, []).append(row)
    return found


def _outcome(rows: Iterable[Count]) -> dict[str, int]:
    held = list(rows)
    return {
        "successful_requests": sum(row.successful_requests for row in held),
        "failed_requests": sum(row.failed_requests for row in held),
    }


def _by_status(rows: Iterable[Status]) -> list[dict[str, int]]:
    sums: dict[int, int] = {}
    for row in rows:
        sums[row.http_status] = sums.get(row.http_status, 0) + row.requests
    ordered = sorted(sums.items(), key=lambda one: (-one[1], one[0]))
    return [{"status_code": status, "failed_requests": calls} for status, calls in ordered]


routes = [
    Guarded("GET", "/gateway/daily/activity", daily, "ledger:read", query=Span, gives=GatewayActivity),
    Guarded("GET", "/gateway/errors/activity", errors, "ledger:read", query=Span, gives=GatewayErrors),
]
