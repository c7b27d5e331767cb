"""When a budget's window begins and ends: the calendar, worked out from the clock alone.

Nothing is swept or remembered: the window follows from rule and time, so that no reset can be missed.
Windows of a rule follow each other without gap or overlap, also over changes of daylight-saving time.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tianji.config import durations
from tianji.limits.contract import Unit, Window, WindowRule

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_DAY_S = 86_400
_HOUR_S = 3600
_WEEK_D = 7
_MONTH_D = 30
_LONGEST_D = 36_500
_LARGEST: dict[str, int] = {"d": _LONGEST_D, "mo": _LONGEST_D // _MONTH_D} | {
    unit: _LONGEST_D * _DAY_S // seconds for unit, seconds in _SECONDS.items()
}


def rule(duration: str | None, zone: str = "UTC", offset_s: int = 0, anchor: float = 0.0) -> WindowRule:
    """Return the rule of a duration such as `30s`, `12h`, `7d`, `2w`, `1mo`, `daily`; None: for ever.

    A zone that is not known is UTC. Raises ValueError for what is no duration.
    """
    if duration is None:
        return WindowRule()
    count, spelled = durations.parted(duration)
    unit: Unit = "d" if spelled == "w" else spelled  # type: ignore[assignment]  # one of the form's units
    count *= _WEEK_D if spelled == "w" else 1
    if not 0 < count <= _LARGEST[unit]:
        raise ValueError(f"{duration!r} is no usable duration: it must be more than 0, at most 100 years")
    return WindowRule(count, unit, _known(zone), offset_s, anchor)


def window(rule: WindowRule, now: float, generation: int = 0) -> Window:
    """Return the window that `now` is in; `generation` counts the resets by hand."""
    if rule.unit == "all":
        starts, ends, name = 0.0, float("inf"), "all"
    else:
        starts, ends = _days(rule, now) if rule.unit in ("d", "mo") else _seconds(rule, now)
        began = datetime.fromtimestamp(starts, UTC)
        name = f"{rule.count}{rule.unit}:{began:%Y%m%dT%H%M%SZ}"
    return Window(f"{generation}:{name}" if generation else name, starts, ends)


def _days(rule: WindowRule, now: float) -> tuple[float, float]:
    """Days, weeks and months: they begin when the clock on the wall says so."""
    zone = ZoneInfo(rule.zone)
    today = datetime.fromtimestamp(now, zone).date()
    if now < _moment(today, rule.offset_s, zone):
        today -= timedelta(days=1)
    first, following = _period(rule, today, datetime.fromtimestamp(rule.anchor, zone).date())
    return _moment(first, rule.offset_s, zone), _moment(following, rule.offset_s, zone)


def _period(rule: WindowRule, today: date, anchor: date) -> tuple[date, date]:
    """Return the first day of the period that `today` is in, and of the one after it."""
    if rule.unit == "mo" or rule.count == _MONTH_D:
        months = rule.count if rule.unit == "mo" else 1
        since = (today.year - anchor.year) * 12 + today.month - anchor.month
        first = anchor.year * 12 + anchor.month - 1 + since // months * months
        return _month(first), _month(first + months)
    if rule.count == _WEEK_D:
        first_day = today - timedelta(days=today.weekday())
    else:
        first_day = today - timedelta(days=(today - anchor).days % rule.count)
    return first_day, first_day + timedelta(days=rule.count)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _seconds(rule: WindowRule, now: float) -> tuple[float, float]:
    """Lengths below a day are multiples of themselves since midnight, where they divide the day."""
    zone = ZoneInfo(rule.zone)
    length = rule.count * _SECONDS[rule.unit]
    if _DAY_S % length:
        begins = _moment(datetime.fromtimestamp(rule.anchor, zone).date(), 0, zone)
        starts = begins + (now - begins) // length * length
        return starts, starts + length
    today = datetime.fromtimestamp(now, zone).date()
    midnight = _moment(today, 0, zone)
    if now < midnight:  # the hour before midnight came twice
        today -= timedelta(days=1)
        midnight = _moment(today, 0, zone)
    tomorrow = _moment(today + timedelta(days=1), 0, zone)
    if length <= _HOUR_S:
        starts = midnight + (now - midnight) // length * length
        return starts, min(starts + length, tomorrow)
    edges = sorted({_moment(today, second, zone) for second in range(0, _DAY_S, length)} | {tomorrow})
    following = bisect_right(edges, now)
    return edges[following - 1], edges[following]


def _moment(day: date, second: int, zone: ZoneInfo) -> float:
    """Return when the clock of a zone shows so many seconds since midnight.

    A time that comes twice is meant the first time; one that is skipped is the moment of skipping.
    """
    wall = datetime.combine(day, time(), zone) + timedelta(seconds=second)
    shown = wall.timestamp()
    if datetime.fromtimestamp(shown, zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return shown
    return _transition(zone, wall.replace(fold=1).timestamp(), shown)


def _transition(zone: ZoneInfo, before: float, after: float) -> float:
    """Return the second in which a zone's clock was set, between two moments."""
    low, high = int(before), int(after)
    old = datetime.fromtimestamp(low, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return float(high)


@lru_cache(maxsize=256)
def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return "UTC"
    return zone
