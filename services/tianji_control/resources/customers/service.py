"""The rules of customers."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from tianji.domain.snapshot import CUSTOMER
from tianji.errors import NotFound
from tianji.store.rows import Connection
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.limits import check_limits
from tianji_control.resources.budgets import service as budgets
from tianji_control.resources.budgets import store as budget_store
from tianji_control.resources.budgets.service import BudgetFields
from tianji_control.resources.budgets.store import BudgetRow
from tianji_control.resources.customers import store
from tianji_control.resources.customers.store import CustomerRow
from tianji_control.spent import figures
from tianji_control.spent.totals import totals


class CustomerFields(BudgetFields, kw_only=True):
    """The body of `/customer/new` and `/customer/update`."""

    user_id: str
    alias: str | None = None
    blocked: bool = False
    spend: Decimal | None = None
    allowed_model_region: str | None = None
    default_model: str | None = None
    models: list[str] | None = None
    object_permission: dict[str, Any] | None = None


class Customer(Struct, frozen=True):
    """A customer with what belongs to it."""

    row: CustomerRow
    budget: BudgetRow | None
    spend: Decimal


async def create(call: Call, said: dict[str, Any]) -> Customer:
    """Make a customer, with a budget of its own where the request says how much it is."""
    now = datetime.now(UTC)
    async with call.change() as change:
        row = CustomerRow(
            user_id=said["user_id"],
            created_at=now,
            created_by=call.actor.name,
            updated_at=now,
            updated_by=call.actor.name,
            spend_adjustment=said.get("spend") or Decimal(0),
            **_columns(said, {}),
        )
        row = msgspec.structs.replace(row, budget_id=await budgets.held_to(change, None, said))
        await store.insert(change.db, row)
        await change.note(CUSTOMER, row.user_id, "customer:new", after=row)
        [made] = await whole(change.db, [row])
    return made


async def update(call: Call, said: dict[str, Any]) -> Customer:
    """Change what a request names of a customer."""
    async with call.change() as change:
        before = await _locked(change, said["user_id"])
        row = msgspec.structs.replace(
            before,
            updated_at=datetime.now(UTC),
            updated_by=call.actor.name,
            budget_id=await budgets.held_to(change, before.budget_id, said),
            **_columns(said, before.extra),
        )
        await store.update(change.db, row)
        await change.note(CUSTOMER, row.user_id, "customer:update", before=before, after=row)
        [changed] = await whole(change.db, [row])
    return changed


async def set_blocked(call: Call, ids: list[str], blocked: bool) -> list[Customer]:
    """Block customers or let them in again; one who is not known yet is made to be blocked."""
    now = datetime.now(UTC)
    rows: list[CustomerRow] = []
    async with call.change() as change:
        for id in sorted(set(ids)):
            before = await store.by_id_for_update(change.db, id)
            if before is None and not blocked:
                raise missing(id)
            row = before or CustomerRow(
                user_id=id, created_at=now, created_by=call.actor.name, updated_at=now
            )
            row = msgspec.structs.replace(row, blocked=blocked, updated_at=now, updated_by=call.actor.name)
            await (store.insert if before is None else store.update)(change.db, row)
            action = "customer:block" if blocked else "customer:unblock"
            await change.note(CUSTOMER, id, action, before=before, after=row)
            rows.append(row)
        return await whole(change.db, rows)


async def delete(call: Call, ids: list[str]) -> int:
    """Delete all these customers or, when one of them is not there, none."""
    async with call.change() as change:
        for id in sorted(set(ids)):
            row = await _locked(change, id)
            await change.keep(CUSTOMER, id, row)
            await store.delete(change.db, id)
            await change.note(CUSTOMER, id, "customer:delete", before=row)
    return len(set(ids))


async def whole(db: Connection, rows: list[CustomerRow]) -> list[Customer]:
    """Return customers with their budgets and spend."""
    held = await budget_store.by_ids(db, [row.budget_id for row in rows if row.budget_id])
    ids = [row.user_id for row in rows]
    ever, now = await totals(db, CUSTOMER, ids), await figures.current(db, CUSTOMER, ids)
    adjusted = {row.user_id: ever.get(row.user_id, Decimal(0)) + row.spend_adjustment for row in rows}
    spent = figures.with_current(adjusted, now)
    return [
        Customer(row, budget and figures.as_of(budget, now.get(row.user_id)), spent[row.user_id])
        for row in rows
        for budget in [held.get(row.budget_id or "")]
    ]


def missing(id: str) -> NotFound:
    """Say that there is no such customer."""
    return NotFound(f"There is no customer {id}", param="user_id")


async def _locked(change: Change, id: str) -> CustomerRow:
    row = await store.by_id_for_update(change.db, id)
    if row is None:
        raise missing(id)
    return row


def _columns(said: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    check_limits(said)
    names = ("alias", "blocked", "allowed_model_region", "default_model", "models")
    row = {name: said[name] for name in names if name in said}
    if "models" in row:
        row["models"] = row["models"] or []
    if "object_permission" in said:
        extra = extra | {"object_permission": said["object_permission"]}
    return row | {"extra": {name: value for name, value in extra.items() if value is not None}}
