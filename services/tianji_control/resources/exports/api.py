"""`/focus/export`, `/vantage` and `/cloudzero`."""

from __future__ import annotations

from msgspec import Struct
from starlette.responses import Response, StreamingResponse

from tianji.errors import BadRequest
from tianji_control.call import Call, Guarded, Text
from tianji_control.resources.exports import cloudzero, files, focus, vantage
from tianji_control.resources.spend.spans import days

TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


class Ask(Struct, kw_only=True):
    """The query of `/focus/export`."""

    start_date: str | None = None
    end_date: str | None = None
    format: str = "csv"


async def export(call: Call) -> Response:
    """GET /focus/export: what was charged, by day, key, model and kind of call."""
    ask = call.query(Ask)
    if ask.format not in TYPES:
        raise BadRequest(f"format is one of {', '.join(TYPES)}", param="format")
    span = days(ask.start_date, ask.end_date)
    if ask.format == "parquet":
        files.require_parquet()
    rows = files.rows(call.runtime.store, span)
    told = files.as_csv(rows) if ask.format == "csv" else files.as_parquet(rows)
    name = f"focus-{focus.VERSION}-{span.since}-{span.until}.{ask.format}"
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(told, media_type=TYPES[ask.format], headers=headers)


FILE = Text(*TYPES.values())

routes = [
    # 501 where a Parquet file is asked for and the extra `parquet` is not installed.
    Guarded("GET", "/focus/export", export, "ledger:read", query=Ask, gives=FILE, refuses=(501,)),
    *vantage.routes,
    *cloudzero.routes,
]
