"""The rules of tags."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from tianji.domain.snapshot import TAG
from tianji.errors import NotFound
from tianji.store.rows import Connection
from tianji_control.call import Call
from tianji_control.resources.budgets import service as budgets
from tianji_control.resources.budgets import store as budget_store
from tianji_control.resources.budgets.service import BudgetFields
from tianji_control.resources.budgets.store import BudgetRow
from tianji_control.resources.tags import store
from tianji_control.resources.tags.store import TagRow
from tianji_control.spent import figures


class TagFields(BudgetFields, kw_only=True):
    """The body of `/tag/new` and `/tag/update`."""

    name: str
    description: str | None = None
    models: list[str] | None = None
    model_info: dict[str, str] | None = None


class Tag(Struct, frozen=True):
    """A tag with what belongs to it."""

    row: TagRow
    budget: BudgetRow | None
    spend: Decimal


async def create(call: Call, said: dict[str, Any]) -> Tag:
    """Make a tag, with a budget of its own where the request says how much it is."""
    now = datetime.now(UTC)
    async with call.change() as change:
        row = TagRow(
            name=said["name"],
            budget_id=await budgets.held_to(change, None, said),
            created_at=now,
            created_by=call.actor.name,
            updated_at=now,
            updated_by=call.actor.name,
            **_columns(said),
        )
        await store.insert(change.db, row)
        await change.note(TAG, row.name, "tag:new", after=row)
        [made] = await whole(change.db, [row])
    return made


async def update(call: Call, said: dict[str, Any]) -> Tag:
    """Change what a request names of a tag."""
    async with call.change() as change:
        before = await store.by_name_for_update(change.db, said["name"])
        if before is None:
            raise missing(said["name"])
        row = msgspec.structs.replace(
            before,
            budget_id=await budgets.held_to(change, before.budget_id, said),
            updated_at=datetime.now(UTC),
            updated_by=call.actor.name,
            **_columns(said),
        )
        await store.update(change.db, row)
        await change.note(TAG, row.name, "tag:update", before=before, after=row)
        [changed] = await whole(change.db, [row])
    return changed


async def delete(call: Call, name: str) -> None:
    """Remove a tag; what was spent under it stays in the ledger."""
    async with call.change() as change:
        row = await store.by_name_for_update(change.db, name)
        if row is None:
            raise missing(name)
        await change.keep(TAG, name, row)
        await store.delete(change.db, name)
        await change.note(TAG, name, "tag:delete", before=row)


async def whole(db: Connection, rows: list[TagRow]) -> list[Tag]:
    """Return tags with their budgets and spend."""
    held = await budget_store.by_ids(db, [row.budget_id for row in rows if row.budget_id])
    names = [row.name for row in rows]
    spent, now = await figures.of(db, TAG, names)
    return [
        Tag(row, budget and figures.as_of(budget, now.get(row.name)), spent.get(row.name, Decimal(0)))
        for row in rows
        for budget in [held.get(row.budget_id or "")]
    ]


def missing(name: str) -> NotFound:
    """Say that there is no such tag."""
    return NotFound(f"There is no tag {name}", param="name")


def _columns(said: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {name: said[name] for name in ("description",) if name in said}
    row |= {name: said[name] or [] for name in ("models",) if name in said}
    return row | {name: said[name] or {} for name in ("model_info",) if name in said}
