"""The audit log, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, one, parameters, value
from tianji_control.row_counts import MOST_COUNTED, rows_of

Q = Queries.beside(__file__)


class AuditRow(Struct, frozen=True, kw_only=True):
    """One row of the table `audit_log`."""

    id: int
    at: datetime
    actor: str
    actor_role: str
    actor_key_hash: str | None
    action: str
    resource: str
    resource_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    ip: str | None
    route: str | None
    changed_by: str | None
    organizations: list[str]
    team_id: str | None
    key_hash: str | None


class Wanted(Struct, frozen=True, kw_only=True):
    """Which rows are asked for, and which are seen; None where it does not matter."""

    actor: str | None = None
    actor_key_hash: str | None = None
    action: str | None = None
    verbs: list[str] | None = None
    other_verbs: list[str] | None = None
    """The action is none of these."""
    resource: str | None = None
    resource_id: str | None = None
    organization_id: str | None = None
    team_id: str | None = None
    key_hash: str | None = None
    search: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    sees_all: bool = False
    seen: list[str] = []
    """Organizations of which the caller sees what was changed."""


async def page(
    db: Connection, wanted: Wanted, *, descending: bool, limit: int, offset: int
) -> list[AuditRow]:
    """Return the rows of one page."""
    order = {"descending": descending, "limit": limit, "offset": offset}
    return await many(db, Q.audit_page, AuditRow, **_filters(wanted), **order)


async def count(db: Connection, wanted: Wanted) -> int:
    """Count the rows that are asked for: all of them exactly, others up to a bound."""
    if replace(wanted, seen=[]) == Wanted(sees_all=True):
        return await rows_of(db, "audit")
    return await value(db, Q.audit_count, int, **_filters(wanted), most=MOST_COUNTED) or 0


async def by_id(db: Connection, id: int) -> AuditRow | None:
    """Return one row."""
    return await one(db, Q.audit_by_id, AuditRow, id=id)


def _filters(wanted: Wanted) -> dict[str, Any]:
    return parameters(wanted) | {"search": f"%{wanted.search}%" if wanted.search else None}
