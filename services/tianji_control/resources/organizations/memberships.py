"""Members of organizations with their budgets, and what they have spent of them."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from tianji.store.rows import Connection
from tianji_control.resources.budgets import store as budgets
from tianji_control.resources.budgets.store import BudgetRow
from tianji_control.resources.organizations.store import MemberRow
from tianji_control.spent import figures
from tianji_control.spent.figures import Now


class Membership(Struct, frozen=True):
    """A member with what belongs to it."""

    row: MemberRow
    budget: BudgetRow | None
    spend: Decimal


async def whole(db: Connection, rows: list[MemberRow]) -> list[Membership]:
    """Return members with their budgets and spend."""
    held = await budgets.by_ids(db, sorted({row.budget_id for row in rows if row.budget_id}))
    now = await figures.in_organizations(db, [_id(row) for row in rows])
    nothing = Now(Decimal(0), None)
    found = []
    for row in rows:
        budget, figure = held.get(row.budget_id or ""), now.get(_id(row), nothing)
        found.append(Membership(row, budget and figures.as_of(budget, figure), figure.spend_usd))
    return found


def _id(row: MemberRow) -> str:
    return f"{row.organization_id}:{row.user_id}"
