"""The budgets that the configuration sets: when each was set, and what it counts as spent from then on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from tianji.domain.limits import Limits
from tianji.domain.snapshot import CUSTOMER, SETTINGS, TAG
from tianji.limits.calendar import budgets_of, calendar_of
from tianji.limits.configured import (
    DEPLOYMENT,
    PROVIDER,
    PROXY,
    of_customers,
    of_deployment,
    of_providers,
    of_proxy,
    of_tags,
)
from tianji.limits.windows import window
from tianji.store.rows import Connection, many, run, value
from tianji_control.publish.limited import limits_in
from tianji_control.resources.settings import store as settings
from tianji_control.resources.settings.store import Sections
from tianji_control.spent.bases import charge
from tianji_control.spent.holders import NEVER, Q, limits
from tianji_control.written import Written


class Stored(Struct, frozen=True):
    """A budget as it was last set."""

    bound: str
    terms: dict[str, Any]


class Priced(Struct, frozen=True):
    """A deployment that has a budget."""

    id: str
    params: dict[str, Any]


def concerns(one: Written) -> bool:
    """Say whether a write may have changed which budgets the configuration sets."""
    if one.kind != DEPLOYMENT:
        return one.kind == SETTINGS
    before, after = (of_deployment(getattr(row, "params", {})) for row in (one.before, one.after))
    return before != after


async def follow(db: Connection) -> bool:
    """Note which budgets of the configuration were set anew, and have them count what was spent before.

    Return whether there are any: then gateways are to be told the settings again. Call it within the change.
    """
    sections = await settings.in_force(db)
    days = calendar_of(sections.calls)
    stored = {row.bound: row.terms for row in await many(db, Q.configured_budgets, Stored)}
    changed = False
    seen: set[str] = set()
    for kind, id, held in sorted(await _held(db, sections), key=lambda one: one[:2]):
        for budget in budgets_of(kind, id, held, days):
            seen.add(budget.bound)
            terms = msgspec.to_builtins(held)
            if stored.get(budget.bound) == terms:
                continue
            changed = True
            await run(db, Q.set_configured_budget, bound=budget.bound, terms=Jsonb(terms))
            if kind != CUSTOMER:
                await charge(db, kind, id, budget, NEVER)
            elif budget.main:
                await run(db, Q.recharge_customers, window=window(budget.rule, time.time()).id)
    if gone := stored.keys() - seen:
        await run(db, Q.forget_configured_budgets, bounds=list(gone))
    return changed or bool(gone)


async def _held(db: Connection, sections: Sections) -> list[tuple[str, str, Limits]]:
    """Return who is held to what; a tag that calls have given limits is left to them."""
    tags = dict(of_tags(sections.calls))
    own = await limits(db, TAG, list(tags))
    priced = await many(db, Q.deployments_with_budgets, Priced)
    return [
        (PROXY, "", of_proxy(sections.calls)),
        (CUSTOMER, "", await _of_customers(db, sections.calls) or Limits()),
        *_of(PROVIDER, dict(of_providers(sections.router))),
        *_of(TAG, {name: held for name, held in tags.items() if name not in own}),
        *_of(DEPLOYMENT, {row.id: of_deployment(row.params) for row in priced}),
    ]


async def _of_customers(db: Connection, calls: Mapping[str, Any]) -> Limits | None:
    """Return what customers without limits of their own are held to; they begin with what they have spent."""
    named = calls.get("max_end_user_budget_id")
    terms = await value(db, Q.budget_terms, dict[str, Any], id=named) if isinstance(named, str) else None
    return limits_in(terms) or of_customers(calls)


def _of(kind: str, held: dict[str, Limits]) -> Iterator[tuple[str, str, Limits]]:
    for id, one in held.items():
        yield kind, id, one
