"""Points in time as queries spell them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tianji_control.moments import moment


@pytest.mark.parametrize(
    ("text", "end", "means"),
    [
        ("2026-01-31", False, datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31", True, datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-01-31 13:00:00", True, datetime(2026, 1, 31, 13, tzinfo=UTC)),
        ("9999-12-31", True, datetime(9999, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_day_counts_in_full_where_it_ends_a_span(text: str, end: bool, means: datetime):
    assert moment(text, "end_date", end=end) == means
