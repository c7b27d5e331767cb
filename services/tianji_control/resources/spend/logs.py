"""`/spend/logs`: calls, the latest first, or sums by day."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.moments import moment
from tianji_control.resources.keys.service import hash_given
from tianji_control.resources.spend import service, shown, store
from tianji_control.resources.spend.answers import SpendLog
from tianji_control.resources.spend.spans import check_length
from tianji_control.resources.spend.store import EARLIEST, LATEST, Order, Wanted

MOST_ROWS = 10_000
"""What `/spend/logs` answers at most, the latest first; `/spend/logs/v2` has pages."""
CUT = "x-litellm-spend-logs-truncated"


class LogQuery(Struct, kw_only=True):
    """The query of `/spend/logs`."""

    api_key: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    end_user: str | None = None
    model: str | None = None
    tags: str | None = None
    request_id: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    summarize: bool = True
    limit: int = MOST_ROWS
    offset: int = 0


async def logs(call: Call) -> Response:
    """GET /spend/logs: calls, or sums by day when both dates are given."""
    ask = call.query(LogQuery)
    since = moment(ask.start_date, "start_date")
    until = moment(ask.end_date, "end_date", end=True)
    wanted = Wanted(
        key_hash=hash_given(ask.api_key) if ask.api_key else None,
        user_id=ask.user_id,
        team_id=ask.team_id,
        end_user=ask.end_user,
        model=ask.model,
        tag=ask.tags,
        since=since or EARLIEST,
        until=until or LATEST,
    )
    wanted = service.seen_by(call, service.request_named(wanted, ask.request_id))
    rows_only = ask.request_id or ask.tags or ask.end_user or not ask.summarize
    limit = max(1, min(ask.limit, MOST_ROWS))
    async with call.runtime.store.connection() as db:
        if since and until and not rows_only:
            check_length(since, until)
            last = (until - timedelta(microseconds=1)).date()
            return call.answer(shown.day_list(await store.days(db, wanted), last))
        wanted = await store.settled(db, wanted)
        rows = await store.logs(db, wanted, Order(limit=limit, offset=max(0, ask.offset)))
        said = await store.bodies(db, rows)
    if len(rows) == MOST_ROWS:
        call.headers[CUT] = "true"
    return call.answer([shown.log(row, said.get(row.id)) for row in rows])


routes = [Guarded("GET", "/spend/logs", logs, "spend:read", query=LogQuery, gives=list[SpendLog])]
