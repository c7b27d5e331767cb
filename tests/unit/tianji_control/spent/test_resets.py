"""When budgets next begin anew, as answers tell it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianji.errors import BadRequest
from tianji.limits.calendar import Calendar
from tianji_control.spent.resets import check, ends, next_reset

UTC_DAYS = Calendar()
TOKYO = Calendar("Asia/Tokyo", 9 * 3600)
"""Days there begin at nine in the morning: at midnight of UTC."""
KOLKATA = Calendar("Asia/Kolkata")
MADE = datetime(2026, 1, 29, 13, 45, tzinfo=UTC)


@given(
    st.integers(1, 500),
    st.sampled_from(["s", "m", "h", "d", "w", "mo"]),
    st.sampled_from([UTC_DAYS, TOKYO, KOLKATA]),
)
def test_the_next_reset_is_always_ahead(count: int, unit: str, days: Calendar) -> None:
    found = next_reset(days, f"{count}{unit}", MADE)
    assert found is not None and found.timestamp() > time.time() - 1


def test_days_begin_where_the_configuration_says() -> None:
    here = next_reset(KOLKATA, "1d", MADE)
    there = next_reset(TOKYO, "1d", MADE)
    assert here is not None and here.astimezone(ZoneInfo("Asia/Kolkata")).time() == datetime.min.time()
    assert there is not None and there.astimezone(UTC).time() == datetime.min.time()


def test_lengths_that_fit_no_calendar_count_from_the_day_of_making() -> None:
    found = next_reset(UTC_DAYS, "2w", MADE)
    assert found is not None
    since = found - datetime(2026, 1, 29, tzinfo=UTC)
    assert since % timedelta(days=14) == timedelta()


@pytest.mark.parametrize("duration", ["", "daily", "1y", "0d", "200000d", "9999999h"])
def test_what_is_no_duration_of_a_budget_is_refused(duration: str) -> None:
    with pytest.raises(BadRequest) as refused:
        check(duration)
    assert refused.value.param == "budget_duration"


def test_a_budget_without_a_duration_never_begins_anew() -> None:
    assert ends(UTC_DAYS, None, MADE) is None and ends(UTC_DAYS, "", MADE) is None
