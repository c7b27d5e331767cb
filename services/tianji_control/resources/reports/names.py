"""Who is in the ledger: users of teams with what they spent, and names for filters."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from msgspec import Struct, field
from starlette.responses import Response

from tianji.errors import BadRequest
from tianji_control.access import targets
from tianji_control.call import Call, Guarded, Handler
from tianji_control.paging import PageNumber, Size
from tianji_control.resources.reports import store
from tianji_control.resources.reports.answers import NamePage, UsersOfTeams
from tianji_control.resources.spend.sights import seen
from tianji_control.resources.spend.spans import days
from tianji_control.resources.spend.store import like


class Teams(Struct, kw_only=True):
    """The query of `/team/spend/by_user`."""

    team_ids: str | None = None
    start_date: str | None = None
    end_date: str | None = None


class Names(Struct, kw_only=True):
    """The query of `/management/v1/spend_logs/…`; days count in full."""

    since: str = field(name="filter[startTime][gte]")
    until: str = field(name="filter[startTime][lte]")
    q: str | None = None
    page: PageNumber = 1
    page_size: Size = 50


async def by_user(call: Call) -> Response:
    """GET /team/spend/by_user: what the users of teams spent."""
    ask = call.query(Teams)
    span = days(ask.start_date, ask.end_date)
    team_ids = [id.strip() for id in (ask.team_ids or "").split(",") if id.strip()]
    if not team_ids:
        raise BadRequest("Name the teams: team_ids=one,two", param="team_ids")
    async with call.runtime.store.connection() as db:
        for team_id in team_ids:
            call.require("spend:read", await targets.of_team(db, team_id))
        rows = await store.users_of_teams(db, span, team_ids)
    return call.answer(
        {
            "start_date": str(span.since),
            "end_date": str(span.until),
            "results": [
                {
                    "team_id": row.team_id,
                    "team_alias": row.team_alias,
                    "user_id": row.user_id,
                    "user_email": row.user_email,
                    "user_alias": row.user_alias,
                    "spend": float(row.spend_usd),
                    "prompt_tokens": row.input_tokens,
                    "completion_tokens": row.output_tokens,
                    "total_tokens": row.input_tokens + row.output_tokens,
                    "api_requests": row.requests,
                    "successful_requests": row.successful_requests,
                    "failed_requests": row.failed_requests,
                }
                for row in rows
            ],
        }
    )


def names(kind: str) -> Handler:
    """Make the handler of `/management/v1/spend_logs/users` or `/…/end_users`."""

    async def serve(call: Call) -> Response:
        """GET /management/v1/spend_logs/…: names that the ledger has, for a filter."""
        ask = call.query(Names)
        span = days(ask.since, ask.until)
        offset = (ask.page - 1) * ask.page_size
        async with call.runtime.store.connection() as db:
            found = await store.used(db, kind, span, seen(call), like(ask.q), ask.page_size + 1, offset)
        more = len(found) > ask.page_size
        return call.answer(
            {
                "data": found[: ask.page_size],
                "meta": {"page": ask.page, "page_size": ask.page_size, "has_more": more},
                "links": {
                    "self": _link(call, ask.page),
                    "prev": _link(call, ask.page - 1) if ask.page > 1 else None,
                    "next": _link(call, ask.page + 1) if more else None,
                },
            }
        )

    return serve


def _link(call: Call, page: int) -> str:
    given: dict[str, Any] = dict(call.request.query_params) | {"page": page}
    return f"{call.request.url.path}?{urlencode(given)}"


_NAMES = "/management/v1/spend_logs"

routes = [
    Guarded("GET", "/team/spend/by_user", by_user, "spend:read", query=Teams, gives=UsersOfTeams),
    Guarded(
        "GET", "/management/v1/spend_logs/users", names("user"), "spend:read", query=Names, gives=NamePage
    ),
    Guarded(
        "GET",
        "/management/v1/spend_logs/end_users",
        names("end_user"),
        "spend:read",
        query=Names,
        gives=NamePage,
    ),
]
