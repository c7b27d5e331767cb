"""When budgets next begin anew, by the calendar that gateways go by."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from tianji.errors import BadRequest
from tianji.limits import windows
from tianji.limits.calendar import Calendar
from tianji.store.rows import Connection
from tianji_control import durations
from tianji_control.spent.holders import calendar

FIELD = "budget_duration"
WINDOWS = "budget_limits"


async def begun(db: Connection, said: Mapping[str, Any], made: datetime) -> dict[str, Any]:
    """Return when the budget begins anew that a request says the duration of; nothing when it says none.

    `made` is when its holder was made. Raises BadRequest for what is no duration.
    """
    return told(await calendar(db), said, made) if FIELD in said else {}


def told(days: Calendar, said: Mapping[str, Any], made: datetime) -> dict[str, Any]:
    """Return the same by a calendar that is known."""
    if FIELD not in said:
        return {}
    return {"budget_reset_at": next_reset(days, said[FIELD], made) if said[FIELD] else None}


def next_reset(days: Calendar, duration: str, made: datetime, param: str = FIELD) -> datetime | None:
    """Return when a budget of this duration next begins anew. Raises BadRequest naming the parameter."""
    check(duration, param)
    return ends(days, duration, made)


def check(duration: str, param: str = FIELD) -> None:
    """Raise BadRequest, naming the parameter, for what is no duration of a budget."""
    durations.after(datetime.now(UTC), duration, param)
    try:
        windows.rule(duration)
    except ValueError as fault:
        raise BadRequest(f"{param}: {fault}", param=param) from None


def ends(days: Calendar, duration: str | None, made: datetime) -> datetime | None:
    """Return when a budget's window of now ends; None for one that never begins anew."""
    window = windows.window(days.rule(duration or None, made.timestamp()), time.time())
    return None if math.isinf(window.ends) else datetime.fromtimestamp(window.ends, UTC)


R = TypeVar("R", bound=Struct)


async def with_ends(db: Connection, rows: Sequence[R]) -> list[R]:
    """Return rows whose `budget_limits` tell when each of them begins anew."""
    if not any(_several(row) for row in rows):
        return list(rows)
    days = await calendar(db)
    return [_with_ends(days, row) for row in rows]


def _with_ends(days: Calendar, row: R) -> R:
    made: datetime = row.created_at  # type: ignore[attr-defined]  # of all who may have several
    told = [{**one, "reset_at": ends(days, one.get(FIELD), made)} for one in _several(row)]
    return replace(row, extra=row.extra | {WINDOWS: told}) if told else row  # type: ignore[attr-defined]


def _several(row: Struct) -> list[dict[str, Any]]:
    """Return the budgets of one holder that have each a window of their own."""
    return getattr(row, "extra", {}).get(WINDOWS) or []
