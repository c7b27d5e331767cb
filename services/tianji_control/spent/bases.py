"""What a budget counts as spent when it is set, or set anew, on somebody who has spent already.

Gateways tell the ledger of each call's budgets. Of what was spent before there was a budget they know
nothing: the ledger's windows get it here, in the transaction that sets the budget.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec import Struct

from tianji.domain.limits import Limits
from tianji.domain.snapshot import KEY
from tianji.limits.calendar import Budget, budgets_of
from tianji.limits.windows import window
from tianji.store.rows import Connection, many, run
from tianji_control.spent.holders import (
    KINDS,
    NEVER,
    Generation,
    Q,
    calendar,
    generations,
    limits_of_one,
    named,
)
from tianji_control.spent.rolled import rolled
from tianji_control.written import Written

BUDGET_FIELDS = ("max_budget", "soft_budget", "budget_duration", "budget_id", "model_max_budget")
IN_EXTRA = ("budget_limits", "model_max_budget")
NANO = 1_000_000_000


class Who(Struct, frozen=True):
    """Somebody who is held to a budget."""

    kind: str
    id: str


class Sum(Struct, frozen=True):
    """What a window was charged."""

    bound: str
    window: str
    spent_nano: Decimal


async def follow(db: Connection, written: Iterable[Written]) -> None:
    """Have the ledger's windows follow what was written of holders; call it within the change."""
    for one in written:
        kind, id = one.kind, one.id
        if kind not in KINDS or one.after is None:
            continue
        adjusted = _adjustment(one.after)
        if adjusted != _adjustment(one.before):
            await begin_anew(db, kind, id, adjusted + await rolled(db, kind, id, 0))
        elif _terms(one.after) != _terms(one.before) and not (kind == KEY and one.before is None):
            await top_up(db, kind, id)


async def follow_budget(db: Connection, budget_id: str) -> None:
    """Do the same for all who are held to a budget that was changed."""
    for who in await many(db, Q.holders_of_budget, Who, id=budget_id):
        await top_up(db, who.kind, who.id)


async def top_up(db: Connection, kind: str, id: str) -> None:
    """Charge to a holder's windows of now what was spent in them and not charged."""
    held = await limits_of_one(db, kind, id)
    if held is None:
        return
    holder = named(kind, id)
    anew = (await generations(db, [holder])).get(holder, NEVER)
    for budget in await _in_order(db, kind, id, held):
        await _charge(db, kind, id, budget, anew)


async def begin_anew(db: Connection, kind: str, id: str, spent_usd: Decimal) -> None:
    """Let a holder's budgets count from now on, as if this much had been spent.

    A budget of which less was spent, one of several, counts on from that.
    """
    held = await limits_of_one(db, kind, id)
    holder = named(kind, id)
    anew = (await generations(db, [holder])).get(holder, NEVER)
    budgets = [] if held is None else await _in_order(db, kind, id, held)
    before = await charged(db, budgets, anew.generation)
    await run(db, Q.begin_anew, holder=holder, base_usd=spent_usd)
    now = time.time()
    for budget in budgets:
        base = spent_usd if budget.main else min(spent_usd, before.get(budget.bound, Decimal(0)))
        name = window(budget.rule, now, anew.generation + 1).id
        await run(db, Q.top_up, bound=budget.bound, window=name, spent_usd=base)


async def charged(db: Connection, budgets: Iterable[Budget], generation: int) -> dict[str, Decimal]:
    """Return in US dollars what budgets were charged in their windows of now; none is left out as 0."""
    now = time.time()
    names = {budget.bound: window(budget.rule, now, generation).id for budget in budgets}
    rows = await many(db, Q.window_sums, Sum, bounds=list(names), windows=list(names.values()))
    return {row.bound: row.spent_nano / NANO for row in rows}


async def _charge(db: Connection, kind: str, id: str, budget: Budget, anew: Generation) -> None:
    now = window(budget.rule, time.time(), anew.generation)
    begun = anew.generation and now.starts <= anew.since
    spent = await rolled(db, kind, id, anew.since if begun else now.starts, budget.model)
    if begun and budget.main:
        spent += anew.base_usd
    await run(db, Q.top_up, bound=budget.bound, window=now.id, spent_usd=spent)


async def _in_order(db: Connection, kind: str, id: str, held: Limits) -> list[Budget]:
    """Return a holder's budgets as the worker writes them, so that neither waits for the other for ever."""
    return sorted(budgets_of(kind, id, held, await calendar(db)), key=lambda budget: budget.bound)


def _adjustment(row: Struct | None) -> Decimal:
    return getattr(row, "spend_adjustment", Decimal(0))


def _terms(row: Struct | None) -> dict[str, Any]:
    """Return what a row says of budgets."""
    extra = getattr(row, "extra", {})
    said = {name: getattr(row, name, None) for name in BUDGET_FIELDS}
    said |= {f"extra.{name}": extra.get(name) for name in IN_EXTRA}
    return {name: value for name, value in said.items() if value}
