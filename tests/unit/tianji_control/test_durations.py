"""Durations and the times that follow from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tianji.errors import BadRequest
from tianji_control.durations import after

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


@pytest.mark.parametrize("text", ["", "5", "d", "0d", "-1d", "1.5h", "1y", "9" * 30 + "d", "999999999d"])
def test_what_is_no_duration_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        after(NOW, text, "duration")
    assert refused.value.param == "duration"
