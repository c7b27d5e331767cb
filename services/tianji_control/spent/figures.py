"""`spend` and `budget_reset_at` of holders whose budgets begin anew by themselves."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from tianji.domain.limits import Limits
from tianji.domain.snapshot import CUSTOMER, KEY
from tianji.limits.calendar import Budget, Calendar
from tianji.limits.contract import Window
from tianji.limits.windows import window
from tianji.store.rows import Connection, many
from tianji_control.publish.compile import SOURCES
from tianji_control.publish.limited import limits_of
from tianji_control.publish.rows import Limited
from tianji_control.spent.bases import charged
from tianji_control.spent.holders import (
    MEMBER,
    NEVER,
    ORGANIZATION_MEMBER,
    Generation,
    calendar,
    counted_as,
    generations,
    limits,
    named,
)
from tianji_control.spent.rolled import Since, rolled_all
from tianji_control.spent.totals import totals

R = TypeVar("R", bound=Struct)


class Now(Struct, frozen=True):
    """What a holder has spent in the window of now, and when that ends."""

    spend_usd: Decimal
    resets_at: datetime | None


class _Asked(Struct, frozen=True):
    """A holder whose figures are asked for."""

    id: str
    limits: Limits | None
    budget: Budget
    anew: Generation

    @property
    def charged(self) -> bool:
        """Whether what is spent is charged to the budget."""
        limits = self.limits
        return limits is not None and (limits.max_budget is not None or limits.soft_budget is not None)

    def window(self) -> Window:
        """Return the window of now."""
        return window(self.budget.rule, time.time(), self.anew.generation)


async def of(db: Connection, kind: str, ids: Sequence[str]) -> tuple[dict[str, Decimal], dict[str, Now]]:
    """Return what holders have spent, in the window of now where there is one, else ever; and `current`."""
    now = await current(db, kind, ids)
    return with_current(await totals(db, kind, ids), now), now


async def current(db: Connection, kind: str, ids: Sequence[str]) -> dict[str, Now]:
    """Return the figures of those of these holders whose budget has a duration or was begun anew by hand.

    Without a duration, keys and customers say by themselves how far they are from what was ever spent.
    """
    if not ids:
        return {}
    source = SOURCES[kind]
    own = await counted_as(db, kind, ids)
    anew = await generations(db, [named(kind, id) for id in own.values()])
    asked: list[_Asked] = []
    days: Calendar | None = None
    for row in await many(db, source.rows, source.row, ids=sorted(set(ids))):
        id = getattr(row, source.id)
        holder = named(kind, own[id])
        generation = anew.get(holder, NEVER)
        by_hand = generation.generation and kind not in (KEY, CUSTOMER)
        if isinstance(row, Limited) and (row.budget_duration or by_hand):
            days = days or await calendar(db)
            budget = Budget(holder, days.rule(row.budget_duration, row.made or 0.0))
            asked.append(_Asked(id, limits_of(row), budget, generation))
    spent = await _spent(db, kind, asked)
    return {one.id: Now(spent[one.id], _moment(one.window().ends)) for one in asked}


async def of_member(db: Connection, team_id: str, user_id: str) -> Decimal:
    """Return what a member has spent of a team: in the window of now, where their budget has a duration."""
    id = f"{team_id}:{user_id}"
    return (await of_members(db, [id]))[id].spend_usd


async def of_members(db: Connection, ids: Sequence[str]) -> dict[str, Now]:
    """Return the figures of members of teams, as `of_member` does; their ids are `<team>:<user>`."""
    if not ids:
        return {}
    held, days = await limits(db, MEMBER, ids), await calendar(db)
    anew = await generations(db, [named(MEMBER, id) for id in ids])
    asked = []
    for id in ids:
        own = held.get(id, Limits())
        budget = Budget(named(MEMBER, id), days.rule(own.duration, own.made or 0.0))
        asked.append(_Asked(id, own, budget, anew.get(named(MEMBER, id), NEVER)))
    spent = await _spent(db, MEMBER, asked)
    return {one.id: Now(spent[one.id], _moment(one.window().ends)) for one in asked}


async def in_organizations(db: Connection, ids: Sequence[str]) -> dict[str, Now]:
    """Return the figures of members of organizations; their ids are `<organization>:<user>`.

    Without a budget it is what was ever spent.
    """
    held, days = await limits(db, ORGANIZATION_MEMBER, ids), await calendar(db)
    own = {
        id: Budget(named(ORGANIZATION_MEMBER, id), days.rule(terms.duration, terms.made or 0.0))
        for id, terms in held.items()
        if terms.max_budget is not None or terms.soft_budget is not None
    }
    spent = await charged(db, [(budget, 0) for budget in own.values()])
    ever = await totals(db, "organization_member", ids)
    found = {id: Now(spend_usd, None) for id, spend_usd in ever.items()}
    for id, budget in own.items():
        ends = window(budget.rule, time.time(), 0).ends
        found[id] = Now(spent.get(budget.bound, Decimal(0)), _moment(ends))
    return found


def as_of(row: R, now: Now | None) -> R:
    """Return a holder's row with the time at which its budget begins anew, if it does by itself."""
    if now is None or now.resets_at is None:
        return row
    return replace(row, budget_reset_at=now.resets_at)


def with_current(spent: Mapping[str, Decimal], now: Mapping[str, Now]) -> dict[str, Decimal]:
    """Return what holders have spent: in the window of now where there is one, else ever."""
    return {**spent, **{id: one.spend_usd for id, one in now.items()}}


def _moment(ends: float) -> datetime | None:
    return None if math.isinf(ends) else datetime.fromtimestamp(ends, UTC)


async def _spent(db: Connection, kind: str, asked: Sequence[_Asked]) -> dict[str, Decimal]:
    """Return what was charged to budgets; what was spent, where there is none to be charged."""
    some = [one for one in asked if one.charged]
    sums = await charged(db, [(one.budget, one.anew.generation) for one in some])
    spent = {one.id: sums.get(one.budget.bound, Decimal(0)) for one in some}
    rest: dict[str, tuple[Since, Decimal]] = {}
    for one in asked:
        if not one.charged:
            starts, anew = one.window().starts, one.anew
            begun = anew.generation and starts <= anew.since
            rest[one.id] = (
                Since(one.id, anew.since if begun else starts),
                anew.base_usd if begun else Decimal(0),
            )
    told = await rolled_all(db, kind, [since for since, _ in rest.values()])
    return spent | {id: base + usd for (id, (_, base)), usd in zip(rest.items(), told, strict=True)}
