"""`/budget/…`: budgets with a name, and those of organizations as other gateways ask for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest
from tianji_control.call import Call, Guarded
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.budgets import service, store
from tianji_control.resources.budgets.answers import (
    BudgetField,
    BudgetLogs,
    BudgetShown,
    OrganizationBudgetShown,
)
from tianji_control.resources.budgets.service import AMOUNTS, BudgetFields
from tianji_control.resources.budgets.shown import shown
from tianji_control.resources.keys.shown import number
from tianji_control.resources.organizations import service as organizations
from tianji_control.resources.organizations.service import Organization

MOST_BUDGETS = 10_000
LONGEST_DAYS = 366


class Budgets(Struct):
    """The body of `/budget/info`."""

    budgets: list[str]


class OneBudget(Struct):
    """The body of `/budget/delete`."""

    id: str


class WhichBudget(Struct):
    """The query of `/budget/settings`."""

    budget_id: str


class OrganizationBudget(Struct, kw_only=True):
    """The body of `/budget/org/{id}/set`."""

    max_budget: Decimal | None = None
    soft_budget: Decimal | None = None
    budget_duration: str | None = None


class DayQuery(Struct, kw_only=True):
    """The query of `/budget/logs`."""

    org_id: str
    days: int = 30


async def new(call: Call) -> Response:
    """POST /budget/new: make a budget"""
    _, said = await call.said(BudgetFields)
    async with call.change() as change:
        [row] = await service.as_of_now(change.db, [await service.create(change, said)])
    return call.answer(shown(row))


async def update(call: Call) -> Response:
    """POST /budget/update: change what is named of a budget"""
    ask, said = await call.said(BudgetFields)
    if not ask.budget_id:
        raise BadRequest("budget_id names the budget to update; it is missing", param="budget_id")
    async with call.change() as change:
        row = await service.rewrite(change, ask.budget_id, said)
        [row] = await service.as_of_now(change.db, [row])
    return call.answer(shown(row))


async def info(call: Call) -> Response:
    """POST /budget/info: show budgets"""
    ids = (await call.body(Budgets)).budgets
    if not ids:
        raise BadRequest("Name at least one budget", param="budgets")
    async with call.runtime.store.connection() as db:
        found = await service.as_of_now(db, list((await store.by_ids(db, ids)).values()))
    only = found[0] if len(found) == 1 else None
    return call.answer([shown(row) for row in found], version=only)


async def listed(call: Call) -> Response:
    """GET /budget/list: all budgets"""
    async with call.runtime.store.connection() as db:
        found = await service.as_of_now(db, await store.listed(db, MOST_BUDGETS))
    return call.answer([shown(row) for row in found])


async def settings(call: Call) -> Response:
    """GET /budget/settings: a budget field by field"""
    budget_id = call.query(WhichBudget).budget_id
    async with call.runtime.store.connection() as db:
        rows = await service.as_of_now(db, list((await store.by_ids(db, [budget_id])).values()))
    if not rows:
        raise service.missing(budget_id)
    [row] = rows
    values = shown(row)
    return call.answer(
        [
            {
                "field_name": name,
                "field_type": _TYPES.get(name, "Integer"),
                "field_description": "",
                "field_value": values[name],
                "field_default_value": None,
                "stored_in_db": values[name] not in (None, {}),
            }
            for name in AMOUNTS
        ],
        version=row,
    )


async def delete(call: Call) -> Response:
    """POST /budget/delete: delete a budget"""
    return call.answer(shown(await service.delete(call, (await call.body(OneBudget)).id)))


async def of_organization(call: Call) -> Response:
    """GET /budget/org/{organization_id}: what an organization may spend, and has spent"""
    [found] = await organizations.find(call, [call.request.path_params["organization_id"]])
    return call.answer(_organization(found), version=found.row)


async def set_of_organization(call: Call) -> Response:
    """POST /budget/org/{organization_id}/set: say what an organization may spend"""
    _, said = await call.said(OrganizationBudget)
    if not said:
        raise WrongFields([Fault(["body", "max_budget"], "the field max_budget is required", "missing")])
    found = await organizations.update(call, call.request.path_params["organization_id"], said)
    return call.answer(_organization(found))


async def logs(call: Call) -> Response:
    """GET /budget/logs: what an organization spent by day"""
    ask = call.query(DayQuery)
    if not 1 <= ask.days <= LONGEST_DAYS:
        words = f"days is a number from 1 to {LONGEST_DAYS}"
        raise WrongFields([Fault(["query", "days"], words, "value_error")])
    [found] = await organizations.find(call, [ask.org_id])
    since = (datetime.now(UTC) - timedelta(days=ask.days)).date()
    async with call.runtime.store.connection() as db:
        days = await store.days(db, ask.org_id, since)
    sums = [
        {"date": day.day, "spend": float(day.spend_usd), "requests": day.requests, "tokens": day.tokens}
        for day in days
    ]
    return call.answer({**_organization(found), "logs": sums})


def _organization(found: Organization) -> dict[str, Any]:
    row = found.row
    left = None if row.max_budget is None else max(Decimal(0), row.max_budget - found.spend)
    return {
        "org_id": row.organization_id,
        "organization_id": row.organization_id,
        "max_budget": number(row.max_budget),
        "soft_budget": number(row.soft_budget),
        "spend": float(found.spend),
        "remaining": number(left),
        "budget_duration": row.budget_duration,
        "budget_reset_at": row.budget_reset_at,
    }


_TYPES = {
    "max_budget": "Float",
    "soft_budget": "Float",
    "budget_duration": "String",
    "model_max_budget": "Dictionary",
    "budget_reset_at": "String",
}

routes = [
    Guarded("POST", "/budget/new", new, "budget:create", body=BudgetFields, gives=BudgetShown),
    Guarded("POST", "/budget/update", update, "budget:update", body=BudgetFields, gives=BudgetShown),
    Guarded("POST", "/budget/info", info, "budget:read", body=Budgets, gives=list[BudgetShown]),
    Guarded("GET", "/budget/list", listed, "budget:read", gives=list[BudgetShown]),
    Guarded("GET", "/budget/settings", settings, "budget:read", query=WhichBudget, gives=list[BudgetField]),
    Guarded("POST", "/budget/delete", delete, "budget:delete", body=OneBudget, gives=BudgetShown),
    Guarded("GET", "/budget/logs", logs, "organization:read", query=DayQuery, gives=BudgetLogs),
    Guarded(
        "GET",
        "/budget/org/{organization_id}",
        of_organization,
        "organization:read",
        gives=OrganizationBudgetShown,
    ),
    Guarded(
        "POST",
        "/budget/org/{organization_id}/set",
        set_of_organization,
        "organization:limit",
        body=OrganizationBudget,
        gives=OrganizationBudgetShown,
    ),
]
