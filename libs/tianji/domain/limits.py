"""What a holder of limits may use: the part of records that gateways enforce.

Structs of this module are compared and hashed by value: what follows from them is worked out once.
"""

from __future__ import annotations

from msgspec import Struct


class BudgetWindow(Struct, frozen=True, omit_defaults=True):
    """One more budget of a holder, in a window of its own. Money is US dollars as decimal text."""

    max_budget: str
    duration: str | None = None


class ModelLimits(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a holder may use of one model group."""

    model: str
    max_budget: str | None = None
    duration: str | None = None
    tpm: int | None = None
    rpm: int | None = None
    itpm: int | None = None
    otpm: int | None = None


class Limits(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Budgets and rates of one holder. What is not set limits nothing and takes no space."""

    max_budget: str | None = None
    soft_budget: str | None = None
    duration: str | None = None
    """The window of both budgets, such as `30d`; none means that they never begin anew."""
    windows: tuple[BudgetWindow, ...] = ()
    more: str | None = None
    """What `max_budget` is raised by, until `more_until` (seconds since 1970)."""
    more_until: float | None = None
    tpm: int | None = None
    rpm: int | None = None
    tpd: int | None = None
    rpd: int | None = None
    day_offset_s: int | None = None
    """Seconds after midnight (UTC) at which `tpd` and `rpd` begin anew; None: they slide over 24 hours."""
    itpm: int | None = None
    """Tokens that go in, and with `otpm` those that come out, in a minute."""
    otpm: int | None = None
    loose: tuple[str, ...] = ()
    """Which of `rpm` and `tpm` hold only while the model that is called has failed lately."""
    parallel: int | None = None
    models: tuple[ModelLimits, ...] = ()
    generation: int = 0
    """How often the budgets were begun anew by hand."""
    made: float | None = None
    """When its holder was made, seconds since 1970."""
    changed: float | None = None
    """When a budget of it may last have been set, if not then."""
    carried: bool = False
    """Whether the holder came with spend, or was given another figure by hand."""
