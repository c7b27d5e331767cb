"""The days that reports are about, as queries name them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from tianji.errors import BadRequest
from tianji_control.moments import moment

LONGEST = timedelta(days=3 * 366)
RECENT = timedelta(days=30)
EARLIEST, LATEST = date(2000, 1, 1), date(9998, 12, 31)
"""Beyond them a day has no neighbour, or no call."""


class Days(Struct, frozen=True):
    """Whole days of UTC, both included."""

    since: date
    until: date


def days(start_date: str | None, end_date: str | None) -> Days:
    """Read a span that must be named. Raises BadRequest."""
    since, until = moment(start_date, "start_date"), moment(end_date, "end_date")
    if since is None or until is None:
        raise BadRequest("Name start_date and end_date, as 2026-01-31", param="start_date")
    if until < since:
        raise BadRequest("start_date must be on or before end_date", param="start_date")
    check_length(since, until)
    if not EARLIEST <= since.date() <= until.date() <= LATEST:
        raise BadRequest(f"Days are told from {EARLIEST} to {LATEST}", param="start_date")
    return Days(since.date(), until.date())


def check_length(since: datetime, until: datetime) -> None:
    """Raise BadRequest where a span has more days than are told one by one."""
    if until - since > LONGEST:
        raise BadRequest(f"At most {LONGEST.days} days are told at once", param="start_date")


def days_or_recent(start_date: str | None, end_date: str | None) -> Days:
    """Read a span; the last 30 days where none is named."""
    return days(start_date, end_date) if start_date or end_date else recent()


def recent() -> Days:
    """Return the last 30 days."""
    today = datetime.now(UTC).date()
    return Days(today - RECENT, today)
