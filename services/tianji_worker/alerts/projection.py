"""What will have been spent when a window ends, if it goes on as it has begun."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

_FORM = re.compile(r"(?:\d+:)?(\d+)(s|m|h|d|mo):(\d{8}T\d{6}Z)")
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_MONTH_D = 30
_EARLY = Decimal("0.1")
"""The share of a window that must be over: what its first calls cost says little."""


class Ahead(NamedTuple):
    """What is to be expected of a window."""

    starts: datetime
    ends: datetime
    spend_nano: Decimal

    def passes(self, limit: Decimal) -> datetime:
        """Return when so much will have been spent."""
        return self.starts + (self.ends - self.starts) * float(limit / self.spend_nano)


def projected(window_id: str, spent: Decimal, at: float) -> Ahead | None:
    """Return what to expect of a window; None for one without an end, or that has just begun or is over."""
    found = _FORM.fullmatch(window_id)
    if found is None or spent <= 0:
        return None
    starts = datetime.strptime(found[3], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ends = _end(starts, int(found[1]), found[2])
    over = (datetime.fromtimestamp(at, UTC) - starts) / (ends - starts)
    if not _EARLY <= over < 1:
        return None
    return Ahead(starts, ends, spent / Decimal(over))


def _end(starts: datetime, count: int, unit: str) -> datetime:
    """Return when a window ends, to the hour: its days may begin in any time zone."""
    if unit != "mo" and not (unit == "d" and count == _MONTH_D):
        return starts + count * _UNITS[unit]
    near = starts + timedelta(days=1)  # in the month that the window is named after, whatever the zone
    months = near.year * 12 + near.month - 1 + (count if unit == "mo" else 1)
    first = near.replace(year=months // 12, month=months % 12 + 1, day=1)
    return starts + (first - near.replace(day=1))
