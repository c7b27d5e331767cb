"""`/audit`: who changed what, from where, what it was before and after."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response

from tianji.errors import NotFound
from tianji_control.access.permits import Target
from tianji_control.call import Call, Guarded
from tianji_control.envelope import Fault, WrongFields
from tianji_control.moments import moment
from tianji_control.paging import PageNumber, Size
from tianji_control.resources.audit import store
from tianji_control.resources.audit.answers import AuditPage, BothLogs, LogPage
from tianji_control.resources.audit.store import AuditRow, Wanted
from tianji_control.resources.audit.words import ALL_VERBS, RESOURCES, TABLES, VERBS, verb_of


class AuditList(Struct, kw_only=True):
    """The query of `/audit`; actions and tables go by LiteLLM's names or by ours."""

    page: PageNumber = 1
    page_size: Size = 10
    changed_by: str | None = None
    changed_by_api_key: str | None = None
    action: str | None = None
    table_name: str | None = None
    object_id: str | None = None
    object_team_id: str | None = None
    object_key_hash: str | None = None
    search: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    sort_by: str | None = None
    sort_order: str = "desc"


class LogList(Struct, kw_only=True):
    """The query of `/audit/logs`."""

    page: PageNumber = 1
    page_size: Size = 50
    org_id: str | None = None
    team_id: str | None = None
    actor: str | None = None
    action: str | None = None
    resource: str | None = None
    resource_id: str | None = None
    days: int | None = None
    start_date: str | None = None
    end_date: str | None = None


class Page(Struct, frozen=True):
    """Rows of one page, and what pages say of themselves."""

    rows: list[AuditRow]
    numbers: dict[str, int]


async def listed(call: Call) -> Response:
    """GET /audit: changes by pages, under LiteLLM's names"""
    ask = call.query(AuditList)
    wanted = Wanted(
        actor=ask.changed_by,
        actor_key_hash=ask.changed_by_api_key,
        resource=RESOURCES.get(ask.table_name or "", ask.table_name),
        resource_id=ask.object_id,
        team_id=ask.object_team_id,
        key_hash=ask.object_key_hash,
        search=ask.search,
        since=moment(ask.start_date, "start_date"),
        until=moment(ask.end_date, "end_date", end=True),
    )
    page = await _page(call, _acted(wanted, ask.action), ask.page, ask.page_size, ask.sort_order)
    return call.answer({"audit_logs": [_litellm(row) for row in page.rows], **page.numbers})


async def logs(call: Call) -> Response:
    """GET /audit/logs: changes by pages, under our names"""
    ask = call.query(LogList)
    since = moment(ask.start_date, "start_date")
    if ask.days is not None:
        if not 0 < ask.days <= 36_500:
            raise WrongFields([Fault(["query", "days"], "days is a number from 1 to 36500", "value_error")])
        since = datetime.now(UTC) - timedelta(days=ask.days)
    wanted = Wanted(
        actor=ask.actor,
        resource=ask.resource,
        resource_id=ask.resource_id,
        organization_id=ask.org_id,
        team_id=ask.team_id,
        since=since,
        until=moment(ask.end_date, "end_date", end=True),
    )
    page = await _page(call, _acted(wanted, ask.action), ask.page, ask.page_size, "desc")
    return call.answer({"logs": [_ours(row) for row in page.rows], **page.numbers})


async def one(call: Call) -> Response:
    """GET /audit/{id}: show one change"""
    named: str = call.request.path_params["id"]
    id = int(named) if named.isascii() and named.isdecimal() and len(named) < 19 else 0
    async with call.runtime.store.connection() as db:
        row = await store.by_id(db, id)
    sight = call.sight("audit:read")
    if row is None or not (sight.all or _places(row) & set(sight.organizations)):
        raise NotFound(f"There is no audit log {named}", param="id")
    call.require("audit:read", Target(organizations=_places(row)))
    return call.answer(_litellm(row) | _ours(row))


async def _page(call: Call, wanted: Wanted, page: int, size: int, order: str) -> Page:
    sight = call.sight("audit:read")
    wanted = replace(wanted, sees_all=sight.all, seen=sight.organizations)
    async with call.runtime.store.connection() as db:
        total = await store.count(db, wanted)
        rows = await store.page(
            db, wanted, descending=order.lower() != "asc", limit=size, offset=(page - 1) * size
        )
    pages = math.ceil(total / size)
    return Page(rows, {"total": total, "page": page, "page_size": size, "total_pages": pages})


def _acted(wanted: Wanted, action: str | None) -> Wanted:
    """Look for an action by our name (`key:block`) or by LiteLLM's (`blocked`)."""
    if not action:
        return wanted
    if action == "updated":
        return replace(wanted, other_verbs=ALL_VERBS)
    if action in VERBS:
        return replace(wanted, verbs=VERBS[action])
    return replace(wanted, action=action)


def _places(row: AuditRow) -> frozenset[str]:
    own = [row.resource_id] if row.resource == "organization" else []
    return frozenset([*row.organizations, *own])


def _litellm(row: AuditRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "updated_at": row.at,
        "changed_by": row.changed_by or row.actor,
        "changed_by_api_key": row.actor_key_hash or "",
        "action": verb_of(row.action),
        "table_name": TABLES.get(row.resource, row.resource),
        "object_id": row.resource_id,
        "before_value": row.before,
        "updated_values": row.after,
    }


def _ours(row: AuditRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "at": row.at,
        "actor": row.actor,
        "actor_role": row.actor_role,
        "actor_key_hash": row.actor_key_hash,
        "acted_for": row.changed_by,
        "action": row.action,
        "resource": row.resource,
        "resource_id": row.resource_id,
        "org_id": row.organizations[0] if row.organizations else None,
        "organizations": row.organizations,
        "team_id": row.team_id,
        "ip": row.ip,
        "route": row.route,
        "before": row.before,
        "after": row.after,
    }


routes = [
    Guarded("GET", "/audit", listed, "audit:read", query=AuditList, gives=AuditPage),
    Guarded("GET", "/audit/logs", logs, "audit:read", query=LogList, gives=LogPage),
    Guarded("GET", "/audit/{id}", one, "audit:read", gives=BothLogs),
]
