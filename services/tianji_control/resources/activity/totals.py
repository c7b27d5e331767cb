"""`/global/activity…`: how many calls, of which models, and how they failed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.resources.activity import counts
from tianji_control.resources.activity.answers import CacheHits, ModelSeries, Refusals, Series
from tianji_control.resources.activity.counts import Chosen, Count, Refused
from tianji_control.resources.spend.sights import seen
from tianji_control.resources.spend.spans import days

MOST_SHOWN = 10
MOST_ALIASES = 1000


class Span(Struct, kw_only=True):
    """The query of `/global/activity` and `/global/activity/model`."""

    start_date: str | None = None
    end_date: str | None = None


class OfModel(Span, kw_only=True):
    """The query of `/global/activity/exceptions…`."""

    model_group: str


class Hits(Span, kw_only=True):
    """The query of `/global/activity/cache_hits`."""

    key_aliases: list[str] = []
    models: list[str] = []


async def everything(call: Call) -> Response:
    """GET /global/activity: calls and tokens by day."""
    ask = call.query(Span)
    async with call.runtime.store.connection() as db:
        rows = await counts.activity(db, days(ask.start_date, ask.end_date), seen(call))
    return call.answer(_series(rows))


async def by_model(call: Call) -> Response:
    """GET /global/activity/model: the same of the models that are called most."""
    ask = call.query(Span)
    async with call.runtime.store.connection() as db:
        rows = await counts.activity(db, days(ask.start_date, ask.end_date), seen(call))
    models: dict[str, list[Count]] = {}
    for row in rows:
        models.setdefault(row.model, []).append(row)
    series = [{"model": model, **_series(held)} for model, held in models.items()]
    series.sort(key=lambda one: one["sum_api_requests"], reverse=True)
    return call.answer(series[:MOST_SHOWN])


async def exceptions(call: Call) -> Response:
    """GET /global/activity/exceptions: calls of a model that were refused as too many, by day."""
    ask = call.query(OfModel)
    async with call.runtime.store.connection() as db:
        rows = await counts.rate_limited(db, days(ask.start_date, ask.end_date), ask.model_group)
    return call.answer(_refusals(rows))


async def exceptions_by_deployment(call: Call) -> Response:
    """GET /global/activity/exceptions/deployment: the same by the address that refused."""
    ask = call.query(OfModel)
    async with call.runtime.store.connection() as db:
        rows = await counts.rate_limited(db, days(ask.start_date, ask.end_date), ask.model_group)
    places: dict[str, list[Refused]] = {}
    for row in rows:
        places.setdefault(row.api_base, []).append(row)
    series = [{"api_base": base, **_refusals(held)} for base, held in places.items()]
    series.sort(key=lambda one: one["sum_num_rate_limit_exceptions"], reverse=True)
    return call.answer(series[:MOST_SHOWN])


async def cache_hits(call: Call) -> Response:
    """GET /global/activity/cache_hits: calls by kind, and how they failed.

    Answers are not cached, so that every call is one that a provider answered or that failed.
    """
    ask = call.query(Hits)
    span, caller = days(ask.start_date, ask.end_date), seen(call)
    async with call.runtime.store.connection() as db:
        chosen = Chosen(
            keys=await counts.keys_by_alias(db, ask.key_aliases) if ask.key_aliases else None,
            models=ask.models or None,
        )
        rows = await counts.activity(db, span, caller, chosen)
        failures = await counts.failures(db, span, caller, chosen)
        names = await counts.key_aliases(db, span, caller, MOST_ALIASES)
    kinds: dict[str, list[Count]] = {}
    for row in rows:
        kinds.setdefault(row.call_type or "Unknown", []).append(row)
    groups = [_group(kind, held) for kind, held in kinds.items()]
    groups.sort(key=lambda one: one["api_requests"] + one["failed_requests"], reverse=True)
    summed = ("api_requests", "cache_hits", "failed_requests", "cached_completion_tokens")
    return call.answer(
        {
            "groups": groups,
            "totals": {
                **{name: sum(group[name] for group in groups) for name in summed},
                "cache_hit_ratio": 0.0,
            },
            "filter_options": {
                "key_aliases": names,
                "models": sorted({row.model for row in rows if row.model}),
            },
            "error_breakdown": [
                {
                    "call_type": row.call_type or "Unknown",
                    "error_code": str(row.http_status),
                    "error_class": row.error_type or "Unknown",
                    "count": row.requests,
                }
                for row in failures
            ],
        }
    )


def _group(kind: str, rows: list[Count]) -> dict[str, Any]:
    return {
        "call_type": kind,
        "api_requests": sum(row.successful_requests for row in rows),
        "cache_hits": 0,
        "failed_requests": sum(row.failed_requests for row in rows),
        "cached_completion_tokens": 0,
        "generated_completion_tokens": sum(row.output_tokens for row in rows),
    }


def _series(rows: Iterable[Count]) -> dict[str, Any]:
    sums: dict[date, list[int]] = {}
    for row in rows:
        held = sums.setdefault(row.day, [0, 0])
        held[0] += row.requests
        held[1] += row.input_tokens + row.output_tokens
    return {
        "daily_data": [
            {"date": _label(day), "api_requests": calls, "total_tokens": tokens}
            for day, (calls, tokens) in sorted(sums.items())
        ],
        "sum_api_requests": sum(calls for calls, _ in sums.values()),
        "sum_total_tokens": sum(tokens for _, tokens in sums.values()),
    }


def _refusals(rows: Iterable[Refused]) -> dict[str, Any]:
    sums: dict[date, int] = {}
    for row in rows:
        sums[row.day] = sums.get(row.day, 0) + row.requests
    return {
        "daily_data": [
            {"date": _label(day), "num_rate_limit_exceptions": calls} for day, calls in sorted(sums.items())
        ],
        "sum_num_rate_limit_exceptions": sum(sums.values()),
    }


def _label(day: date) -> str:
    return day.strftime("%b %d")


routes = [
    Guarded("GET", "/global/activity", everything, "spend:read", query=Span, gives=Series),
    Guarded("GET", "/global/activity/model", by_model, "spend:read", query=Span, gives=list[ModelSeries]),
    Guarded("GET", "/global/activity/cache_hits", cache_hits, "spend:read", query=Hits, gives=CacheHits),
    Guarded("GET", "/global/activity/exceptions", exceptions, "ledger:read", query=OfModel, gives=Refusals),
    Guarded(
        "GET",
        "/global/activity/exceptions/deployment",
        exceptions_by_deployment,
        "ledger:read",
        query=OfModel,
        gives=list[Refusals],
    ),
]
