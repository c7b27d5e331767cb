"""`/team/daily/activity` and its like: what was spent day by day, and on what, out of the roll-ups."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest
from tianji.store.rows import many
from tianji_control.access.permits import Sight
from tianji_control.call import Call, Guarded, Handler
from tianji_control.envelope import Fault, WrongFields
from tianji_control.moments import moment
from tianji_control.resources.spend.store import Q

LONGEST_PAGE = 366
LONGEST_SPAN = timedelta(days=3 * 366)


class Entity(Struct, frozen=True):
    """Whose activity a path tells: the scope of the roll-ups, and the parameters that name some."""

    scope: str
    ids: str
    without: str | None
    permission: str = "spend:read"


ENTITIES = {
    "team": Entity("team", "team_ids", "exclude_team_ids"),
    "user": Entity("user", "user_id", None),
    "organization": Entity("organization", "organization_ids", "exclude_organization_ids"),
    "customer": Entity("end_user", "end_user_ids", "exclude_end_user_ids", "ledger:read"),
    "end_user": Entity("end_user", "end_user_ids", "exclude_end_user_ids", "ledger:read"),
    "tag": Entity("tag", "tags", None, "ledger:read"),
}


class Sums(Struct, frozen=True):
    """One row of `spend_daily`."""

    day: date
    scope_id: str
    model: str
    provider: str
    spend_usd: Decimal
    requests: int
    successful_requests: int
    failed_requests: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int


class Span(Struct, kw_only=True):
    """What all these queries have."""

    start_date: str | None = None
    end_date: str | None = None
    model: str | None = None
    page: int = 1
    page_size: int = 10


def _daily(entity: Entity, *, paged: bool) -> Handler:
    async def serve(call: Call) -> Response:
        """GET /…/daily/activity"""
        given = dict(call.request.query_params)
        named = {name: given.pop(name, None) for name in (entity.ids, entity.without) if name}
        ask = call.query_from(given, Span)
        if ask.page < 1 or not 1 <= ask.page_size <= LONGEST_PAGE:
            words = f"pages begin at 1 and hold 1 to {LONGEST_PAGE} days"
            raise WrongFields([Fault(["query", "page_size"], words, "value_error")])
        since, until = _span(ask)
        async with call.runtime.store.connection() as db:
            rows = await many(
                db,
                Q.activity,
                Sums,
                scope=entity.scope,
                since=since,
                until=until,
                ids=_ids(named[entity.ids]),
                without=_ids(named.get(entity.without or "")),
                model=ask.model,
                **_seen(call.sight(entity.permission), entity),
            )
        days: dict[date, list[Sums]] = {}
        for row in rows:
            days.setdefault(row.day, []).append(row)
        pages = math.ceil(len(days) / ask.page_size) if paged else 1
        page = ask.page if paged else 1
        first = (page - 1) * ask.page_size if paged else 0
        shown = list(days.items())[first : first + ask.page_size if paged else None]
        totals = {f"total_{name}": value for name, value in _metrics(rows).items()}
        metadata = {**totals, "page": page, "total_pages": pages, "has_more": page < pages}
        return call.answer({"results": [_day(day, sums) for day, sums in shown], "metadata": metadata})

    return serve


def _seen(sight: Sight, entity: Entity) -> dict[str, Any]:
    own = {"team": sight.teams, "user": [sight.user_id] if sight.user_id else []}.get(entity.scope, [])
    return {"sees_all": sight.all, "seen": own, "organizations": sight.organizations}


def _span(ask: Span) -> tuple[date, date]:
    since, until = moment(ask.start_date, "start_date"), moment(ask.end_date, "end_date")
    if since is None or until is None:
        raise BadRequest("Name start_date and end_date, as 2026-01-31", param="start_date")
    if until - since > LONGEST_SPAN:
        raise BadRequest(f"At most {LONGEST_SPAN.days} days are told at once", param="start_date")
    return since.date(), until.date()


def _ids(given: str | None) -> list[str] | None:
    return [part.strip() for part in given.split(",") if part.strip()] if given else None


def _day(day: date, sums: list[Sums]) -> dict[str, Any]:
    breakdown: dict[str, dict[str, Any]] = {
        kind: {}
        for kind in (
            "models",
            "model_groups",
            "providers",
            "entities",
            "api_keys",
            "mcp_servers",
            "endpoints",
        )
    }
    for kind, field in (("models", "model"), ("providers", "provider"), ("entities", "scope_id")):
        for name in dict.fromkeys(getattr(row, field) for row in sums):
            held = [row for row in sums if getattr(row, field) == name]
            breakdown[kind][name] = {"metrics": _metrics(held), "metadata": {}, "api_key_breakdown": {}}
    breakdown["model_groups"] = breakdown["models"]
    return {"date": day, "metrics": _metrics(sums), "breakdown": breakdown}


def _metrics(rows: Iterable[Sums]) -> dict[str, Any]:
    held = list(rows)
    read, written = (sum(row.input_tokens for row in held), sum(row.output_tokens for row in held))
    return {
        "spend": float(sum((row.spend_usd for row in held), Decimal(0))),
        "prompt_tokens": read,
        "completion_tokens": written,
        "cache_read_input_tokens": sum(row.cache_read_tokens for row in held),
        "cache_creation_input_tokens": sum(row.cache_write_tokens for row in held),
        "total_tokens": read + written,
        "successful_requests": sum(row.successful_requests for row in held),
        "failed_requests": sum(row.failed_requests for row in held),
        "api_requests": sum(row.requests for row in held),
    }


routes = [
    Guarded("GET", f"/{name}/daily/activity{more}", _daily(entity, paged=not more), entity.permission)
    for name, entity in ENTITIES.items()
    for more in ("", "/aggregated")
]
