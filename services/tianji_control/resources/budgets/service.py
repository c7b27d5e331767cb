"""The rules of budgets."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from tianji.domain.snapshot import SETTINGS
from tianji.errors import BadRequest
from tianji.store.rows import Connection
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.limits import check_limits
from tianji_control.resources.budgets import store
from tianji_control.resources.budgets.store import BudgetRow
from tianji_control.resources.config.store import GLOBAL
from tianji_control.spent import bases, configured, resets
from tianji_control.spent.holders import calendar

KIND = "budget"
NAMES = ("budget_id", "end_user_budget_id")
"""Fields of keys and organizations that name a budget."""


class BudgetFields(Struct, kw_only=True):
    """What a request may say of a budget."""

    budget_id: str | None = None
    max_budget: Decimal | None = None
    soft_budget: Decimal | None = None
    max_parallel_requests: int | None = None
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    tpd_limit: int | None = None
    model_max_budget: dict[str, Any] | None = None
    budget_duration: str | None = None
    budget_reset_at: datetime | None = None


AMOUNTS = tuple(name for name in BudgetFields.__struct_fields__ if name != "budget_id")
"""The fields that make a budget, without its name."""


async def create(change: Change, said: dict[str, Any]) -> BudgetRow:
    """Make a budget within a change; the caller has checked who may."""
    now = datetime.now(UTC)
    row = BudgetRow(
        budget_id=said.get("budget_id") or str(uuid.uuid4()),
        created_at=now,
        created_by=change.actor.name,
        updated_at=now,
        updated_by=change.actor.name,
        **_columns(said),
    )
    await store.insert(change.db, row)
    await change.record(KIND, row.budget_id, "budget:new", after=row)
    return row


async def rewrite(change: Change, budget_id: str, said: dict[str, Any]) -> BudgetRow:
    """Change what a request names of a budget, within a change."""
    before = await store.by_id_for_update(change.db, budget_id)
    if before is None:
        raise missing(budget_id)
    now = datetime.now(UTC)
    row = msgspec.structs.replace(before, updated_at=now, updated_by=change.actor.name, **_columns(said))
    await store.update(change.db, row)
    change.notes += await store.tell_holders(change.db, budget_id)
    await change.record(KIND, budget_id, "budget:update", before=before, after=row)
    await bases.follow_budget(change.db, budget_id)
    if await configured.follow(change.db):
        await change.tell(SETTINGS, GLOBAL)
    return row


async def delete(call: Call, budget_id: str) -> BudgetRow:
    """Remove a budget."""
    async with call.change() as change:
        before = await store.by_id_for_update(change.db, budget_id)
        if before is None:
            raise missing(budget_id)
        change.notes += await store.tell_holders(change.db, budget_id)
        await store.delete(change.db, budget_id)
        await change.record(KIND, budget_id, "budget:delete", before=before)
        [shown] = await as_of_now(change.db, [before])
    return shown


async def held_to(change: Change, before: str | None, said: dict[str, Any]) -> str | None:
    """Return the budget that somebody is held to: the one that is named, or their own, made or changed."""
    amounts = {name: said[name] for name in AMOUNTS if name in said}
    named = said.get("budget_id", before)
    if named is not None and not await store.by_ids(change.db, [named]):
        raise missing(named)
    if not any(value is not None for value in amounts.values()) and (named is None or not amounts):
        return named
    if said.get("budget_id") is not None:
        message = "Name a budget by budget_id, or say how much it is; not both"
        raise BadRequest(message, type="bad_request_error", param="budget_id")
    if named is None:
        return (await create(change, amounts)).budget_id
    return (await rewrite(change, named, amounts)).budget_id


async def as_of_now(db: Connection, rows: list[BudgetRow]) -> list[BudgetRow]:
    """Return budgets with the time at which they next begin anew, where they do by themselves."""
    if not any(row.budget_duration for row in rows):
        return rows
    days = await calendar(db)
    return [
        msgspec.structs.replace(row, budget_reset_at=resets.ends(days, row.budget_duration, row.created_at))
        if row.budget_duration
        else row
        for row in rows
    ]


async def check_named(db: Connection, said: dict[str, Any], before: dict[str, Any] | None = None) -> None:
    """Raise BadRequest where a request names a budget anew that is not there: it would limit nothing."""
    named = {name: said[name] for name in NAMES if said.get(name) and said[name] != (before or {}).get(name)}
    there = await store.by_ids(db, list(named.values())) if named else {}
    for name, budget_id in named.items():
        if budget_id not in there:
            message = f"There is no budget {budget_id}; make it first, with /budget/new"
            raise BadRequest(message, type="bad_request_error", param=name)


def missing(budget_id: str) -> BadRequest:
    """Say that there is no such budget."""
    return BadRequest(f"There is no budget {budget_id}", type="bad_request_error", param="budget_id")


def _columns(said: dict[str, Any]) -> dict[str, Any]:
    check_limits(said)
    row = {name: said[name] for name in AMOUNTS if name in said}
    if "model_max_budget" in row:
        row["model_max_budget"] = row["model_max_budget"] or {}
    if "budget_duration" in said:
        row["budget_duration"] = said["budget_duration"] or None
        if said["budget_duration"]:
            resets.check(said["budget_duration"])
    return row
