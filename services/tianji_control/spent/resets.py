"""When budgets next begin anew, by the calendar that gateways go by."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tianji.errors import BadRequest
from tianji.limits import windows
from tianji.limits.calendar import Calendar
from tianji.store.rows import Connection
from tianji_control import durations
from tianji_control.spent.holders import calendar

FIELD = "budget_duration"


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
