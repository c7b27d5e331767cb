"""`/jwt/key/mapping/…`: which claims of a JWT stand for which virtual key."""

from __future__ import annotations

import math
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest, NotFound
from tianji_control.call import Call, Guarded
from tianji_control.change import Change
from tianji_control.paging import PageNumber, Size
from tianji_control.resources.jwt_mappings import store
from tianji_control.resources.jwt_mappings.store import MappingRow
from tianji_control.resources.keys.service import hash_given

KIND = "jwt_mapping"


class NewMapping(Struct, kw_only=True):
    """The body of `/jwt/key/mapping/new`: the key by itself, or by its hash as `token`."""

    jwt_claim_name: str
    jwt_claim_value: str
    key: str | None = None
    token: str | None = None
    jwt_issuer: str | None = None
    description: str | None = None


class MappingChange(Struct, kw_only=True):
    """The body of `/jwt/key/mapping/update`."""

    id: str
    key: str | None = None
    token: str | None = None
    jwt_issuer: str | None = None
    description: str | None = None
    is_active: bool | None = None


class WhichMapping(Struct):
    """Names a mapping."""

    id: str


class MappingPage(Struct, kw_only=True):
    """The query of `/jwt/key/mapping/list`."""

    page: PageNumber = 1
    size: Size = 50


class ShownMapping(Struct, kw_only=True):
    """A mapping as answers show it: without the key."""

    id: str
    jwt_issuer: str | None
    jwt_claim_name: str
    jwt_claim_value: str
    description: str | None
    is_active: bool
    created_at: datetime
    updated_at: datetime
    created_by: str | None
    updated_by: str | None


class Mappings(Struct, kw_only=True):
    """A page of mappings."""

    mappings: list[ShownMapping]
    total_count: int
    current_page: int
    total_pages: int


class Done(Struct):
    """That something was done."""

    status: str = "success"


async def new(call: Call) -> Response:
    """POST /jwt/key/mapping/new"""
    ask = await call.body(NewMapping)
    hash = _hash(ask.key, ask.token)
    if hash is None:
        raise BadRequest("Name exactly one of key and token", type="bad_request_error", param="key")
    now = datetime.now(UTC)
    row = MappingRow(
        id=str(uuid.uuid4()),
        jwt_issuer=ask.jwt_issuer or "",
        jwt_claim_name=ask.jwt_claim_name,
        jwt_claim_value=ask.jwt_claim_value,
        key_hash=hash,
        description=ask.description,
        created_at=now,
        created_by=call.actor.name,
        updated_at=now,
        updated_by=call.actor.name,
    )
    async with call.change() as change:
        await store.insert(change.db, row)
        await change.record(KIND, row.id, "jwt_mapping:new", after=row)
    return call.answer(_shown(row))


async def update(call: Call) -> Response:
    """POST /jwt/key/mapping/update"""
    ask, said = await call.said(MappingChange)
    hash = _hash(ask.key, ask.token)
    columns: dict[str, Any] = {"key_hash": hash} if hash is not None else {}
    if "jwt_issuer" in said:
        columns["jwt_issuer"] = ask.jwt_issuer or ""
    if "description" in said:
        columns["description"] = ask.description
    if ask.is_active is not None:
        columns["is_active"] = ask.is_active
    async with call.change() as change:
        before = await _locked(change, ask.id)
        row = msgspec.structs.replace(
            before, updated_at=datetime.now(UTC), updated_by=call.actor.name, **columns
        )
        await store.update(change.db, row)
        await change.record(KIND, row.id, "jwt_mapping:update", before=before, after=row)
    return call.answer(_shown(row))


async def delete(call: Call) -> Response:
    """POST /jwt/key/mapping/delete"""
    id = (await call.body(WhichMapping)).id
    async with call.change() as change:
        before = await _locked(change, id)
        await store.delete(change.db, id)
        await change.record(KIND, id, "jwt_mapping:delete", before=before)
    return call.answer(Done())


async def info(call: Call) -> Response:
    """GET /jwt/key/mapping/info"""
    async with call.runtime.store.connection() as db:
        row = await store.by_id(db, call.query(WhichMapping).id)
    if row is None:
        raise _missing()
    return call.answer(_shown(row), version=row)


async def listed(call: Call) -> Response:
    """GET /jwt/key/mapping/list"""
    ask = call.query(MappingPage)
    async with call.runtime.store.connection() as db:
        total = await store.count(db)
        rows = await store.page(db, limit=ask.size, offset=(ask.page - 1) * ask.size)
    return call.answer(
        Mappings(
            mappings=[_shown(row) for row in rows],
            total_count=total,
            current_page=ask.page,
            total_pages=math.ceil(total / ask.size),
        )
    )


def _hash(key: str | None, token: str | None) -> str | None:
    """Return the hash of the key that is named, None where none is."""
    if key is not None and token is not None:
        raise BadRequest("Name the key by key or by token, not both", type="bad_request_error", param="key")
    return hash_given(key) if key is not None else token


async def _locked(change: Change, id: str) -> MappingRow:
    row = await store.by_id_for_update(change.db, id)
    if row is None:
        raise _missing()
    return row


def _missing() -> NotFound:
    return NotFound("Mapping not found", param="id")


def _shown(row: MappingRow) -> ShownMapping:
    return ShownMapping(
        id=row.id,
        jwt_issuer=row.jwt_issuer or None,
        jwt_claim_name=row.jwt_claim_name,
        jwt_claim_value=row.jwt_claim_value,
        description=row.description,
        is_active=row.is_active,
        created_at=row.created_at,
        updated_at=row.updated_at,
        created_by=row.created_by,
        updated_by=row.updated_by,
    )


_ROOM = "/jwt/key/mapping"

routes = [
    Guarded("POST", f"{_ROOM}/new", new, "jwt_mapping:create", body=NewMapping, gives=ShownMapping),
    Guarded("POST", f"{_ROOM}/update", update, "jwt_mapping:update", body=MappingChange, gives=ShownMapping),
    Guarded("POST", f"{_ROOM}/delete", delete, "jwt_mapping:delete", body=WhichMapping, gives=Done),
    Guarded("GET", f"{_ROOM}/info", info, "jwt_mapping:read", query=WhichMapping, gives=ShownMapping),
    Guarded("GET", f"{_ROOM}/list", listed, "jwt_mapping:read", query=MappingPage, gives=Mappings),
]
