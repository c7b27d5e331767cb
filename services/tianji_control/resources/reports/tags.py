"""`/spend/tags`, `/global/spend/tags`, `/global/spend/all_tag_names` and `/tag/summary`."""

from __future__ import annotations

from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.moments import moment
from tianji_control.resources.reports import store
from tianji_control.resources.reports.answers import TagCount, TagNames, TagsSpend, TagSummaries
from tianji_control.resources.spend.sights import seen
from tianji_control.resources.spend.spans import Days, days
from tianji_control.resources.spend.store import EARLIEST, LATEST, like

MOST = 10_000
ALL = "all-tags"


class Span(Struct, kw_only=True):
    """The query of `/spend/tags`: all days unless named."""

    start_date: str | None = None
    end_date: str | None = None


class Named(Span, kw_only=True):
    """The query of `/global/spend/tags`."""

    tags: str | None = None


class Summed(Struct, kw_only=True):
    """The query of `/tag/summary`."""

    start_date: str
    end_date: str
    tag_filter: str | None = None
    """What a tag has in it, in any case of letters; not looked at where `tag_filters` names tags."""
    tag_filters: list[str] = []


async def by_tag(call: Call) -> Response:
    """GET /spend/tags: what was spent by tag."""
    ask, caller = call.query(Span), seen(call)
    since, until = moment(ask.start_date, "start_date"), moment(ask.end_date, "end_date")
    async with call.runtime.store.connection() as db:
        if caller.sees_all and since is None and until is None:
            rows = await store.ever(db, "tag", MOST)
        else:
            span = Days((since or EARLIEST).date(), (until or LATEST).date())
            rows = await store.tags(db, span, caller)
    return call.answer(
        [
            {
                "individual_request_tag": row.name,
                "log_count": row.requests,
                "total_spend": float(row.spend_usd),
            }
            for row in rows
        ]
    )


async def of_span(call: Call) -> Response:
    """GET /global/spend/tags: what was spent by tag in a span."""
    ask, caller = call.query(Named), seen(call)
    span = days(ask.start_date, ask.end_date)
    names = [name.strip() for name in ask.tags.split(",")] if ask.tags else None
    async with call.runtime.store.connection() as db:
        wanted = None if names is None or ALL in names else names
        rows = await store.tags(db, span, caller, wanted)
    shown = [
        {"name": row.name, "spend": round(float(row.spend_usd), 4), "log_count": row.requests} for row in rows
    ]
    return call.answer({"spend_per_tag": shown})


async def names(call: Call) -> Response:
    """GET /global/spend/all_tag_names: every tag that the ledger names."""
    async with call.runtime.store.connection() as db:
        return call.answer({"tag_names": [row.name for row in await store.ever(db, "tag", MOST)]})


async def summary(call: Call) -> Response:
    """GET /tag/summary: calls, tokens and spend by tag in a span, and how many users' keys had them."""
    ask = call.query(Summed)
    pattern = None if ask.tag_filters else like(ask.tag_filter)
    async with call.runtime.store.connection() as db:
        span = days(ask.start_date, ask.end_date)
        rows = await store.tag_summaries(db, span, ask.tag_filters or None, pattern, MOST)
    return call.answer(
        {
            "results": [
                {
                    "tag": row.name,
                    "unique_users": row.users,
                    "total_requests": row.requests,
                    "successful_requests": row.successful_requests,
                    "failed_requests": row.failed_requests,
                    "total_tokens": row.tokens,
                    "total_spend": float(row.spend_usd),
                }
                for row in rows
            ]
        }
    )


routes = [
    Guarded("GET", "/spend/tags", by_tag, "spend:read", query=Span, gives=list[TagCount]),
    Guarded("GET", "/global/spend/tags", of_span, "ledger:read", query=Named, gives=TagsSpend),
    Guarded("GET", "/global/spend/all_tag_names", names, "ledger:read", gives=TagNames),
    Guarded("GET", "/tag/summary", summary, "ledger:read", query=Summed, gives=TagSummaries),
]
