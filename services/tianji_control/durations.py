"""Durations as LiteLLM's API spells them: `30s`, `30m`, `12h`, `30d`, `2w`, `1mo`."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta

from tianji.errors import BadRequest

_FORM = re.compile(r"(\d+)\s*(s|m|h|d|w|mo)")
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_MONTH = timedelta(days=30)
_LONGEST = timedelta(days=365_000)
_LONGEST_DIGITS = 12


def after(now: datetime, duration: str, param: str) -> datetime:
    """Return the time one duration from now. Raises BadRequest naming the parameter."""
    count, unit = _parse(duration, param)
    return _months_after(now, count) if unit == "mo" else now + count * _UNITS[unit]


def _parse(duration: str, param: str) -> tuple[int, str]:
    found = _FORM.fullmatch(duration.strip())
    if found and len(found[1]) <= _LONGEST_DIGITS:
        count, unit = int(found[1]), found[2]
        if 0 < count <= _LONGEST / _UNITS.get(unit, _MONTH):
            return count, unit
    raise BadRequest(
        f"{param}: {duration!r} is not a duration; write a number with s, m, h, d, w or mo, such as 30d",
        param=param,
    )


def _months_after(start: datetime, months: int) -> datetime:
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)
