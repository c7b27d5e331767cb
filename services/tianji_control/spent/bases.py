"""What a budget counts as spent when it is set, or set anew, on somebody who has spent already.

Gateways tell the ledger of each call's budgets. Of what was spent before there was a budget they know
nothing: the ledger's windows get it here, in the transaction that sets the budget.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from tianji.domain.snapshot import KEY, TEAM
from tianji.limits.calendar import Budget, budgets_of
from tianji.limits.windows import window
from tianji.store.rows import Connection, many, run
from tianji_control.spent.holders import (
    KINDS,
    MEMBER,
    NEVER,
    Generation,
    Q,
    calendar,
    counted_as,
    generations,
    limits,
    named,
)
from tianji_control.spent.rolled import Since, rolled_all
from tianji_control.written import Written

BUDGET_FIELDS = ("max_budget", "soft_budget", "budget_duration", "budget_id", "model_max_budget")
IN_EXTRA = ("budget_limits", "model_max_budget")
OF_MEMBERS = ("team_member_budget", "team_member_budget_duration", "team_member_model_max_budget")
"""What a team says of the budgets of all its members."""
NANO = 1_000_000_000


class Who(Struct, frozen=True):
    """Somebody who is held to a budget."""

    kind: str
    id: str


class _Held(Struct, frozen=True):
    """A budget that somebody is held to."""

    id: str
    budget: Budget
    anew: Generation


class _Member(Struct, frozen=True):
    """A member of a team."""

    id: str


class Due(Struct, frozen=True):
    """What a window is to have been charged at least."""

    bound: str
    window: str
    spent_usd: Decimal


class Sum(Struct, frozen=True):
    """What a window was charged."""

    bound: str
    window: str
    spent_nano: Decimal


async def follow(db: Connection, written: Iterable[Written]) -> None:
    """Have the ledger's windows follow what was written of holders; call it within the change."""
    changed: list[Who] = []
    adjusted: dict[str, dict[str, Decimal]] = {}
    teams: list[str] = []
    for one in written:
        kind, id = one.kind, one.id
        if kind not in KINDS or one.after is None:
            continue
        if kind == TEAM and _of_members(one.after) != _of_members(one.before):
            teams.append(id)
        adjustment = _adjustment(one.after)
        if adjustment != _adjustment(one.before):
            adjusted.setdefault(kind, {})[id] = adjustment
        elif _terms(one.after) != _terms(one.before) and not (kind == KEY and one.before is None):
            changed.append(Who(kind, id))
    for kind, by_id in sorted(adjusted.items()):
        spent = await rolled_all(db, kind, [Since(id) for id in by_id])
        await begin_anew(
            db,
            kind,
            {id: adjustment + ever for (id, adjustment), ever in zip(by_id.items(), spent, strict=True)},
        )
    if teams:
        members = await many(db, Q.members_of_teams, _Member, ids=teams)
        await top_up(db, MEMBER, *[member.id for member in members])
    await _top_up_all(db, changed)


async def follow_budget(db: Connection, budget_id: str) -> None:
    """Do the same for all who are held to a budget that was changed."""
    await _top_up_all(db, await many(db, Q.holders_of_budget, Who, id=budget_id))


async def _top_up_all(db: Connection, holders: Iterable[Who]) -> None:
    ids: dict[str, set[str]] = {}
    for who in holders:
        ids.setdefault(who.kind, set()).add(who.id)
    for kind in sorted(ids):
        await top_up(db, kind, *ids[kind])


async def top_up(db: Connection, kind: str, *ids: str) -> None:
    """Charge to the windows of now of these holders what was spent in them and not charged."""
    await _charge(db, await _due(db, kind, await _held(db, kind, ids)))


async def begin_anew(db: Connection, kind: str, spent_usd: Mapping[str, Decimal]) -> None:
    """Let the budgets of holders count from now on, as if this much had been spent.

    A budget of which less was spent, one of several, counts on from that.
    """
    held = await _held(db, kind, spent_usd)
    before = await charged(db, [(one.budget, one.anew.generation) for one in held])
    own = await counted_as(db, kind, spent_usd)
    holders = [named(kind, own[id]) for id in spent_usd]
    await run(db, Q.begin_anew, holders=holders, bases_usd=list(spent_usd.values()))
    now = time.time()
    due = []
    for one in held:
        budget, base = one.budget, spent_usd[one.id]
        if not budget.main:
            base = min(base, before.get(budget.bound, Decimal(0)))
        due.append(Due(budget.bound, window(budget.rule, now, one.anew.generation + 1).id, base))
    await _charge(db, due)


async def begin_all_anew(db: Connection, kind: str, ids: Iterable[str]) -> None:
    """Let the budgets of many holders count from now on, as if nothing had been spent."""
    holders = [named(kind, id) for id in (await counted_as(db, kind, ids)).values()]
    await run(db, Q.begin_anew, holders=holders, bases_usd=[Decimal(0)] * len(holders))


async def charged(db: Connection, budgets: Iterable[tuple[Budget, int]]) -> dict[str, Decimal]:
    """Return in US dollars what budgets were charged in their windows of now; none is left out as 0.

    Beside each budget stands how often it was begun anew by hand.
    """
    now = time.time()
    names = {budget.bound: window(budget.rule, now, generation).id for budget, generation in budgets}
    if not names:
        return {}
    rows = await many(db, Q.window_sums, Sum, bounds=list(names), windows=list(names.values()))
    return {row.bound: row.spent_nano / NANO for row in rows}


async def charge(db: Connection, kind: str, id: str, budget: Budget, anew: Generation) -> None:
    """Charge to a budget's window of now what was spent in it and not charged."""
    await _charge(db, await _due(db, kind, [_Held(id, budget, anew)]))


async def _held(db: Connection, kind: str, ids: Iterable[str]) -> list[_Held]:
    """Return the budgets that hold these holders."""
    held = await limits(db, kind, list(ids))
    if not held:
        return []
    own = await counted_as(db, kind, held)
    anew = await generations(db, [named(kind, id) for id in own.values()])
    days = await calendar(db)
    return [
        _Held(id, budget, anew.get(named(kind, own[id]), NEVER))
        for id, one in held.items()
        for budget in budgets_of(kind, own[id], one, days)
    ]


async def _due(db: Connection, kind: str, held: Sequence[_Held]) -> list[Due]:
    """Say what was spent in the windows of now of budgets."""
    now = time.time()
    windows = [window(one.budget.rule, now, one.anew.generation) for one in held]
    begun = [
        bool(one.anew.generation) and its.starts <= one.anew.since
        for one, its in zip(held, windows, strict=True)
    ]
    spent = await rolled_all(
        db,
        kind,
        [
            Since(one.id, one.anew.since if anew else its.starts, one.budget.model)
            for one, its, anew in zip(held, windows, begun, strict=True)
        ],
    )
    return [
        Due(
            one.budget.bound,
            its.id,
            usd + one.anew.base_usd if anew and one.budget.main else usd,
        )
        for one, its, anew, usd in zip(held, windows, begun, spent, strict=True)
    ]


async def _charge(db: Connection, due: Sequence[Due]) -> None:
    once = {(one.bound, one.window): astuple(one) for one in due}  # two budgets of one period are one
    if once:
        bounds, windows, spent = zip(*once.values(), strict=True)
        await run(db, Q.top_up, bounds=list(bounds), windows=list(windows), spent_usd=list(spent))


def _adjustment(row: Struct | None) -> Decimal:
    return getattr(row, "spend_adjustment", Decimal(0))


def _of_members(row: Struct | None) -> dict[str, Any]:
    """Return what a team says of its members' budgets."""
    extra = getattr(row, "extra", {})
    return {name: extra[name] for name in OF_MEMBERS if extra.get(name) is not None}


def _terms(row: Struct | None) -> dict[str, Any]:
    """Return what a row says of budgets."""
    extra = getattr(row, "extra", {})
    said = {name: getattr(row, name, None) for name in BUDGET_FIELDS}
    said |= {f"extra.{name}": extra.get(name) for name in IN_EXTRA}
    return {name: value for name, value in said.items() if value}
