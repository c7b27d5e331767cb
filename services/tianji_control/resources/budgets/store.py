"""Budgets, as rows."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from tianji.errors import BadRequest
from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, one, run, run_unique

Q = Queries.beside(__file__)


class BudgetRow(Struct, frozen=True, kw_only=True):
    """One row of the table `budgets`."""

    budget_id: str
    max_budget: Decimal | None = None
    soft_budget: Decimal | None = None
    max_parallel_requests: int | None = None
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    tpd_limit: int | None = None
    model_max_budget: dict[str, Any] = {}
    budget_duration: str | None = None
    budget_reset_at: datetime | None = None
    created_at: datetime
    created_by: str | None = None
    updated_at: datetime
    updated_by: str | None = None


class DaySum(Struct, frozen=True):
    """What an organization spent on a day."""

    day: date
    spend_usd: Decimal
    requests: int
    tokens: int


class Noted(Struct, frozen=True):
    """A note for the gateways."""

    id: int
    told: str


async def by_ids(db: Connection, ids: list[str]) -> dict[str, BudgetRow]:
    """Return these budgets by their ids."""
    return {row.budget_id: row for row in await many(db, Q.budgets_by_id, BudgetRow, ids=ids)}


async def by_id_for_update(db: Connection, id: str) -> BudgetRow | None:
    """Return a budget and keep others from writing it until the transaction ends."""
    return await one(db, Q.budget_for_update, BudgetRow, id=id)


async def listed(db: Connection, limit: int) -> list[BudgetRow]:
    """List budgets, the newest first."""
    return await many(db, Q.budgets, BudgetRow, limit=limit)


async def insert(db: Connection, row: BudgetRow) -> None:
    """Add a budget. Raises BadRequest when its id is taken."""
    message = f"There is a budget with the id {row.budget_id!r} already; choose another, or update it"
    taken = BadRequest(message, type="bad_request_error", param="budget_id")
    await run_unique(db, Q.insert_budget, taken, row=row)


async def update(db: Connection, row: BudgetRow) -> None:
    """Write a changed budget."""
    await run(db, Q.update_budget, row=row)


async def delete(db: Connection, id: str) -> None:
    """Remove a budget; who was held to it is held to none."""
    await run(db, Q.delete_budget, id=id)


async def tell_holders(db: Connection, id: str) -> list[int]:
    """Note for the gateways that all who are held to a budget are to be read again; return the notes."""
    rows = await many(db, Q.tell_holders_of_budget, Noted, id=id)
    return [row.id for row in rows]


async def days(db: Connection, organization_id: str, since: date) -> list[DaySum]:
    """List what an organization spent by day, the latest first."""
    query = Q.days_of_organization
    return await many(db, query, DaySum, organization_id=organization_id, since=since)
