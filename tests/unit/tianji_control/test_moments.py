"""Points in time as queries spell them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tianji_control.envelope import WrongFields
from tianji_control.moments import moment


@pytest.mark.parametrize(
    ("text", "end", "means"),
    [
        ("2026-01-31", False, datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31", True, datetime(2026, 2, 1, tzinfo=UTC)),
        ("2026-01-31 13:00:00", True, datetime(2026, 1, 31, 13, tzinfo=UTC)),
        ("9999-12-31", True, datetime(9999, 12, 31, tzinfo=UTC)),
        ("2026-01-31T23:00:00-05:00", False, datetime(2026, 2, 1, 4, tzinfo=UTC)),
    ],
)
def test_a_day_counts_in_full_where_it_ends_a_span(text: str, end: bool, means: datetime):
    assert moment(text, "end_date", end=end) == means


@pytest.mark.parametrize(
    "text", ["2026-02-30", "nonsense", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(WrongFields):
        moment(text, "start_date")


def test_another_zone_s_evening_is_of_the_day_that_it_is_in_utc() -> None:
    found = moment("2026-01-31T23:00:00-05:00", "start_date")
    assert found is not None
    assert found.date().isoformat() == "2026-02-01"
