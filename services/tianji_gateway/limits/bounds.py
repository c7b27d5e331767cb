"""From the limits of one holder to its bounds: worked out once, as long as the limits stay the same."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal
from functools import lru_cache

from msgspec import Struct

from tianji.domain.access import covers_model
from tianji.domain.limits import Limits
from tianji.limits.calendar import Calendar, window_bound
from tianji.limits.contract import DAY_S, NO_LIMIT, OF_DAYS, Bound, Kind, WindowRule

NANO = 1_000_000_000
_HOLDERS = 65_536


class Holder(Struct, frozen=True):
    """Whose limits these are."""

    kind: str
    """The first part of its bounds' ids, such as `key` or `team`."""
    id: str
    who: str = ""
    """What messages call it; the id where nothing else is said."""

    @property
    def bound_id(self) -> str:
        """Name the holder as bounds and the ledger do."""
        return f"{self.kind}:{self.id}" if self.id else self.kind


class Part(Struct, frozen=True, eq=False):
    """The bounds of one holder. Compared by identity: it is made once."""

    bounds: tuple[Bound, ...]


@lru_cache(maxsize=_HOLDERS)
def part_of(
    holder: Holder, limits: Limits, models: tuple[str, ...], calendar: Calendar, raised: bool
) -> Part:
    """Return what a holder is held to in a call of a model that goes by these names.

    `raised` says whether a budget that is raised for a time is raised now.
    """
    return Part((*_budgets(holder, limits, calendar, raised), *_rates(holder, limits), *_of_models(
        holder, limits, models, calendar)))  # fmt: skip


def nano(usd: str) -> int:
    """Return US dollars as whole nano-USD, rounded down: no limit is passed by a fraction."""
    return min(int((Decimal(usd) * NANO).to_integral_value(ROUND_FLOOR)), NO_LIMIT)


def _budgets(holder: Holder, limits: Limits, calendar: Calendar, raised: bool) -> Iterator[Bound]:
    if limits.max_budget is not None or limits.soft_budget is not None:
        most = NO_LIMIT if limits.max_budget is None else nano(limits.max_budget)
        if raised and limits.more is not None:
            most = min(most + nano(limits.more), NO_LIMIT)
        soft = nano(limits.soft_budget) if limits.soft_budget is not None else 0
        yield _budget(holder, holder.bound_id, most, limits.duration, limits, calendar, soft)
    for window in limits.windows:
        id = window_bound(holder.bound_id, window.duration)
        yield _budget(holder, id, nano(window.max_budget), window.duration, limits, calendar)


def _budget(
    holder: Holder,
    id: str,
    most: int,
    duration: str | None,
    limits: Limits,
    calendar: Calendar,
    soft: int = 0,
) -> Bound:
    made = limits.made or 0.0
    return Bound(
        id=id,
        kind="budget",
        limit=most,
        who=holder.who,
        rule=calendar.rule(duration, made),
        generation=limits.generation,
        soft=soft,
        born=0.0 if limits.carried else made,
        changed=limits.changed or made,
    )


def _rates(holder: Holder, limits: Limits) -> Iterator[Bound]:
    kinds: tuple[tuple[Kind, int | None], ...] = (
        ("parallel", limits.parallel),
        ("rpm", limits.rpm),
        ("tpm", limits.tpm),
        ("itpm", limits.itpm),
        ("otpm", limits.otpm),
        ("rpd", limits.rpd),
        ("tpd", limits.tpd),
    )
    for kind, most in kinds:
        if most is not None and kind in OF_DAYS:
            rule, id = _day(limits.day_offset_s), holder.bound_id
            yield Bound(id=id, kind=kind, limit=min(most, NO_LIMIT), who=holder.who, rule=rule, per_s=DAY_S)
        elif most is not None:
            yield Bound(id=holder.bound_id, kind=kind, limit=min(most, NO_LIMIT), who=holder.who)


def _day(offset_s: int | None) -> WindowRule:
    return WindowRule() if offset_s is None else WindowRule(1, "d", offset_s=offset_s)


def _of_models(
    holder: Holder, limits: Limits, models: tuple[str, ...], calendar: Calendar
) -> Iterator[Bound]:
    """Yield the bounds of the first entry that stands for the model; an exact name goes before a pattern."""
    entries = sorted(limits.models, key=lambda entry: "*" in entry.model)
    entry = next((e for e in entries if any(covers_model(e.model, name) for name in models)), None)
    if entry is None:
        return
    own = Limits(
        max_budget=entry.max_budget,
        duration=entry.duration,
        tpm=entry.tpm,
        rpm=entry.rpm,
        itpm=entry.itpm,
        otpm=entry.otpm,
        generation=limits.generation,
        made=limits.made,
        changed=limits.changed,
        carried=limits.carried,
    )
    of_model = Holder(f"{holder.kind}_model", f"{holder.id}:{entry.model}", holder.who)
    yield from _budgets(of_model, own, calendar, raised=False)
    yield from _rates(of_model, own)
