"""Durations and the times that follow from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianji.errors import BadRequest
from tianji_control.durations import after, next_reset

NOW = datetime(2026, 1, 29, 13, 45, 10, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("30s", NOW + timedelta(seconds=30)),
        ("30m", NOW + timedelta(minutes=30)),
        ("12h", NOW + timedelta(hours=12)),
        ("30d", NOW + timedelta(days=30)),
        ("2w", NOW + timedelta(days=14)),
        ("1mo", datetime(2026, 2, 28, 13, 45, 10, tzinfo=UTC)),
        ("13mo", datetime(2027, 2, 28, 13, 45, 10, tzinfo=UTC)),
    ],
)
def test_a_duration_from_now(duration: str, expected: datetime) -> None:
    assert after(NOW, duration, "duration") == expected


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("1d", datetime(2026, 1, 30, tzinfo=UTC)),
        ("7d", datetime(2026, 2, 2, tzinfo=UTC)),
        ("1w", datetime(2026, 2, 2, tzinfo=UTC)),
        ("2w", datetime(2026, 2, 9, tzinfo=UTC)),
        ("30d", datetime(2026, 2, 1, tzinfo=UTC)),
        ("1mo", datetime(2026, 2, 1, tzinfo=UTC)),
        ("3mo", datetime(2026, 4, 1, tzinfo=UTC)),
        ("3d", datetime(2026, 2, 1, tzinfo=UTC)),
        ("1h", datetime(2026, 1, 29, 14, tzinfo=UTC)),
        ("6h", datetime(2026, 1, 29, 18, tzinfo=UTC)),
        ("15m", datetime(2026, 1, 29, 14, tzinfo=UTC)),
        ("30s", datetime(2026, 1, 29, 13, 45, 30, tzinfo=UTC)),
    ],
)
def test_budgets_begin_anew_at_round_times(duration: str, expected: datetime) -> None:
    assert next_reset(NOW, duration) == expected


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    st.integers(1, 500),
    st.sampled_from(["s", "m", "h", "d", "w", "mo"]),
)
def test_the_next_reset_is_always_ahead(now: datetime, count: int, unit: str) -> None:
    assert next_reset(now, f"{count}{unit}") > now
    assert after(now, f"{count}{unit}", "duration") > now


@pytest.mark.parametrize("text", ["", "5", "d", "0d", "-1d", "1.5h", "1y", "9" * 30 + "d", "999999999d"])
def test_what_is_no_duration_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        after(NOW, text, "duration")
    assert refused.value.param == "duration"
