"""`/…/daily/activity/export`: sums by day as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

from tianji.errors import BadRequest
from tianji.store.pool import Store
from tianji_control.call import Call, Guarded, Handler, Text
from tianji_control.resources.activity import store
from tianji_control.resources.activity.asked import ENTITIES, Entity, Export, query_of, wanted
from tianji_control.resources.activity.store import Exported, KeyFacts, Name, Wanted

FINE = {
    "daily": {"by_key": False, "by_user": False, "by_model": False},
    "daily_with_keys": {"by_key": True, "by_user": False, "by_model": False},
    "daily_with_models": {"by_key": True, "by_user": False, "by_model": True},
    "daily_with_users": {"by_key": False, "by_user": True, "by_model": False},
}
FORMATS = {"csv": "text/csv", "json": "application/json"}
COLUMNS = (
    *("date", "entity_id", "entity_alias", "api_key", "key_alias", "user_id", "user_email", "model", "spend"),
    *("prompt_tokens", "completion_tokens", "api_requests", "successful_requests", "failed_requests"),
    *("cache_read_input_tokens", "cache_creation_input_tokens"),
)


def export(entity: Entity, kind: type[Any]) -> Handler:
    """Make the handler of `/…/export`."""

    async def serve(call: Call) -> Response:
        """GET /…/daily/activity/export: CSV or JSON, day by day."""
        ask = call.query(kind)
        if ask.export_type not in FINE or ask.file_format not in FORMATS:
            words = f"export_type is one of {', '.join(FINE)}; format is one of {', '.join(FORMATS)}"
            raise BadRequest(words, param="export_type")
        async with call.runtime.store.connection() as db:
            want = await wanted(db, call, entity, ask)
        rows = _rows(call.runtime.store, want, FINE[ask.export_type])
        name = f"{entity.name}-usage-{want.since}-{want.until}-{ask.export_type}.{ask.file_format}"
        headers = {
            "cache-control": "no-store",
            "content-disposition": f'attachment; filename="{name}"',
        }
        told = _csv(rows) if ask.file_format == "csv" else _json(rows)
        return StreamingResponse(told, media_type=FORMATS[ask.file_format], headers=headers)

    return serve


async def _rows(store_: Store, want: Wanted, fine: dict[str, bool]) -> AsyncIterator[dict[str, Any]]:
    """Give the rows, the latest day first; no more than one day is held at a time."""
    day = want.until
    while day >= want.since:
        async with store_.connection() as db:
            found = await store.exported(db, want, day, fine)
            keys = await store.facts_of_keys(db, {row.key_hash for row in found if row.key_hash})
            names = await store.names(db, want.scope, {row.scope_id for row in found})
            users = await store.names(db, "user", {row.user_id for row in found if row.user_id})
        for row in found:
            yield _row(str(day), row, names.get(row.scope_id), keys.get(row.key_hash or ""), users)
        day -= timedelta(days=1)


def _row(
    day: str, row: Exported, name: Name | None, key: KeyFacts | None, users: dict[str, Name]
) -> dict[str, Any]:
    user_id = row.user_id or (key.user_id if key else None)
    user = users.get(user_id or "")
    shown = row.shown()
    known = {
        "date": day,
        "entity_id": row.scope_id,
        "entity_alias": name.alias if name else None,
        "api_key": row.key_hash,
        "key_alias": key.alias if key else None,
        "user_id": user_id,
        "user_email": user.email if user else key.email if key else None,
        "model": row.model,
    }
    return {column: known[column] if column in known else shown[column] for column in COLUMNS}


async def _csv(rows: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    yield _line(COLUMNS)
    async for row in rows:
        yield _line(row.values())


def _line(cells: Any) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return out.getvalue().encode()


def _harmless(cell: Any) -> Any:
    """Keep a text from being a formula where a spreadsheet opens the file."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


async def _json(rows: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    before = b"["
    async for row in rows:
        yield before + msgspec.json.encode(row)
        before = b","
    yield b"[]" if before == b"[" else b"]"


_FILES = Text(*FORMATS.values())


def _route(entity: Entity) -> Guarded:
    kind = query_of(entity, Export)
    path = f"/{entity.name}/daily/activity/export"
    return Guarded("GET", path, export(entity, kind), entity.permission, query=kind, gives=_FILES)


routes = [_route(entity) for entity in ENTITIES]
