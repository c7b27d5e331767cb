"""The calendar of budgets, as a table of cases, and what holds for any rule at any time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianji.limits.contract import WindowRule
from tianji.limits.windows import rule, window

FOREVER = float("inf")


def at(text: str, zone: str = "UTC", fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


CASES = [
    # duration, zone, now, starts, ends (walls of the zone)
    ("30s", "UTC", "2026-03-01T10:00:42", "2026-03-01T10:00:30", "2026-03-01T10:01:00"),
    ("1m", "UTC", "2026-03-01T10:00:42", "2026-03-01T10:00:00", "2026-03-01T10:01:00"),
    ("15m", "UTC", "2026-03-01T10:44:59", "2026-03-01T10:30:00", "2026-03-01T10:45:00"),
    ("90m", "UTC", "2026-03-01T10:44:59", "2026-03-01T10:30:00", "2026-03-01T12:00:00"),
    ("1h", "UTC", "2026-03-01T10:00:00", "2026-03-01T10:00:00", "2026-03-01T11:00:00"),
    ("hourly", "Asia/Kolkata", "2026-03-01T10:20:00", "2026-03-01T10:00:00", "2026-03-01T11:00:00"),
    ("6h", "America/New_York", "2026-01-05T13:00:00", "2026-01-05T12:00:00", "2026-01-05T18:00:00"),
    ("24h", "UTC", "2026-03-01T10:00:00", "2026-03-01T00:00:00", "2026-03-02T00:00:00"),
    ("1d", "UTC", "2026-03-01T00:00:00", "2026-03-01T00:00:00", "2026-03-02T00:00:00"),
    ("daily", "Asia/Tokyo", "2026-03-01T23:59:59", "2026-03-01T00:00:00", "2026-03-02T00:00:00"),
    ("7d", "UTC", "2026-11-21T12:00:00", "2026-11-16T00:00:00", "2026-11-23T00:00:00"),
    ("1w", "UTC", "2026-11-16T00:00:00", "2026-11-16T00:00:00", "2026-11-23T00:00:00"),
    ("weekly", "UTC", "2026-11-22T23:59:59", "2026-11-16T00:00:00", "2026-11-23T00:00:00"),
    ("30d", "UTC", "2026-01-31T12:00:00", "2026-01-01T00:00:00", "2026-02-01T00:00:00"),
    ("30d", "UTC", "2026-02-28T23:59:59", "2026-02-01T00:00:00", "2026-03-01T00:00:00"),
    ("1mo", "UTC", "2026-02-14T00:00:00", "2026-02-01T00:00:00", "2026-03-01T00:00:00"),
    ("1mo", "UTC", "2028-02-29T12:00:00", "2028-02-01T00:00:00", "2028-03-01T00:00:00"),
    ("monthly", "UTC", "2026-12-31T23:59:59", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
    ("1mo", "Asia/Tokyo", "2026-02-01T00:30:00", "2026-02-01T00:00:00", "2026-03-01T00:00:00"),
    # daylight saving begins: the day has 23 hours
    ("1d", "Europe/Berlin", "2026-03-29T12:00:00", "2026-03-29T00:00:00", "2026-03-30T00:00:00"),
    ("12h", "Europe/Berlin", "2026-03-29T11:59:59", "2026-03-29T00:00:00", "2026-03-29T12:00:00"),
    ("1h", "Europe/Berlin", "2026-03-29T03:10:00", "2026-03-29T03:00:00", "2026-03-29T04:00:00"),
    ("2h", "America/New_York", "2026-03-08T03:30:00", "2026-03-08T03:00:00", "2026-03-08T04:00:00"),
    ("30d", "America/New_York", "2026-03-20T00:00:00", "2026-03-01T00:00:00", "2026-04-01T00:00:00"),
    # and ends: the day has 25 hours
    ("1d", "Europe/Berlin", "2026-10-25T23:00:00", "2026-10-25T00:00:00", "2026-10-26T00:00:00"),
    ("6h", "America/New_York", "2026-11-01T05:59:59", "2026-11-01T00:00:00", "2026-11-01T06:00:00"),
    ("7d", "America/New_York", "2026-11-01T12:00:00", "2026-10-26T00:00:00", "2026-11-02T00:00:00"),
    # a midnight that does not exist: the clock goes from 23:59:59 to 01:00
    ("1d", "Africa/Cairo", "2026-04-24T01:30:00", "2026-04-24T01:00:00", "2026-04-25T00:00:00"),
]


@pytest.mark.parametrize(("duration", "zone", "now", "starts", "ends"), CASES)
def test_a_window_follows_the_calendar(duration: str, zone: str, now: str, starts: str, ends: str) -> None:
    found = window(rule(duration, zone), at(now, zone))

    assert (found.starts, found.ends) == (at(starts, zone), at(ends, zone))


def test_an_hour_that_comes_twice_is_two_windows() -> None:
    hourly = rule("1h", "Europe/Berlin")

    first = window(hourly, at("2026-10-25T02:30:00", "Europe/Berlin"))
    second = window(hourly, at("2026-10-25T02:30:00", "Europe/Berlin", fold=1))

    assert first.ends == second.starts
    assert first.id != second.id


def test_a_length_that_fits_no_calendar_counts_from_the_day_the_budget_was_set() -> None:
    five_days = rule("5d", anchor=at("2026-03-03T15:00:00"))

    found = window(five_days, at("2026-03-14T09:00:00"))

    assert (found.starts, found.ends) == (at("2026-03-13T00:00:00"), at("2026-03-18T00:00:00"))


def test_hours_that_do_not_divide_a_day_run_on_over_midnight() -> None:
    found = window(rule("48h", anchor=at("2026-03-03T15:00:00")), at("2026-03-06T01:00:00"))

    assert (found.starts, found.ends) == (at("2026-03-05T00:00:00"), at("2026-03-07T00:00:00"))


def test_several_months_count_from_the_month_the_budget_was_set_in() -> None:
    quarter = rule("3mo", anchor=at("2026-02-20T15:00:00"))

    found = window(quarter, at("2027-01-31T00:00:00"))

    assert (found.starts, found.ends) == (at("2026-11-01T00:00:00"), at("2027-02-01T00:00:00"))


def test_days_begin_at_the_time_of_day_that_is_set() -> None:
    noon = rule("1d", "Asia/Tokyo", offset_s=12 * 3600)

    found = window(noon, at("2026-03-02T11:59:59", "Asia/Tokyo"))

    assert found.starts == at("2026-03-01T12:00:00", "Asia/Tokyo")
    assert found.ends == at("2026-03-02T12:00:00", "Asia/Tokyo")


def test_months_begin_at_the_time_of_day_that_is_set() -> None:
    found = window(rule("1mo", offset_s=12 * 3600), at("2026-03-01T11:00:00"))

    assert (found.starts, found.ends) == (at("2026-02-01T12:00:00"), at("2026-03-01T12:00:00"))


def test_a_budget_without_a_duration_never_begins_anew() -> None:
    found = window(rule(None), at("2026-03-01T11:00:00"))

    assert (found.id, found.starts, found.ends) == ("all", 0, FOREVER)


def test_a_reset_by_hand_is_another_counter_of_the_same_window() -> None:
    now = at("2026-03-01T11:00:00")

    assert window(rule(None), now, 2).id == "2:all"
    assert window(rule("1d"), now, 1).id == "1:1d:20260301T000000Z"


def test_a_clock_that_jumps_back_finds_the_window_it_was_in() -> None:
    daily = rule("1d")
    before = window(daily, at("2026-03-01T23:59:59"))
    window(daily, at("2026-03-02T00:00:01"))

    assert window(daily, at("2026-03-01T23:59:59")) == before


def test_an_unknown_zone_is_utc() -> None:
    assert rule("1d", "Mars/Olympus").zone == "UTC"


@pytest.mark.parametrize("duration", ["", "0d", "-1d", "d", "1y", "1.5h", "soon", "99999999d", "1d1h"])
def test_what_is_no_duration_is_refused(duration: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        rule(duration)


ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu",
    "America/Havana", "Pacific/Apia",
]  # fmt: skip
RULES = st.builds(
    rule,
    st.one_of(
        st.builds("{}{}".format, st.integers(1, 100), st.sampled_from(["s", "m", "h", "d", "w"])),
        st.builds("{}mo".format, st.integers(1, 14)),
    ),
    st.sampled_from(ZONES),
    st.sampled_from([0, 3600, 9000, 43_200]),
    st.floats(at("2020-01-01T00:00:00"), at("2026-01-01T00:00:00")),
)


@given(RULES, st.integers(int(at("2010-12-01T00:00:00")), int(at("2030-01-01T00:00:00"))))
def test_windows_follow_each_other_without_gap_or_overlap(rule: WindowRule, now: int) -> None:
    here = window(rule, now)
    following = window(rule, here.ends)
    before = window(rule, here.starts - 0.001)

    assert here.starts <= now < here.ends
    assert window(rule, here.starts) == here
    assert window(rule, here.ends - 0.001) == here
    assert following.starts == here.ends
    assert before.ends == here.starts
    assert len({before.id, here.id, following.id}) == 3
    assert datetime.fromtimestamp(here.starts, UTC).strftime("%Y%m%dT%H%M%SZ") in here.id
