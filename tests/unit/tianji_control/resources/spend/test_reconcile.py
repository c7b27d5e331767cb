"""What differs between counts and rows, seen at two moments of a system that goes on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianji_control.resources.spend.reconcile import Figures, differences


def figures(**numbers: int) -> Figures:
    return Figures(gateway_id="g1-7", **numbers)


def test_what_agrees_says_nothing():
    whole = figures(
        began=5,
        ended=4,
        interrupted=1,
        uncalled=2,
        ended_rows=4,
        interrupted_rows=1,
        uncalled_rows=2,
    )

    assert differences(whole, whole, lives=False) == {}
    assert (whole.rows, whole.under_way) == (7, 0)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (figures(began=3, ended=3, ended_rows=2), {"rows_missing": 1}),
        (figures(began=3, ended=3, ended_rows=4), {"rows_uncounted": 1}),
        (figures(uncalled=2), {"rows_missing": 2}),
        (
            figures(began=2, ended=1, interrupted=1, ended_rows=2),
            {"rows_missing": 1, "rows_uncounted": 1},
        ),
        (figures(began=1, ended=2, ended_rows=2), {"never_began": 1}),
        (figures(began=2, ended=1, ended_rows=1), {"never_ended": 1}),
    ],
)
def test_what_does_not_fit_is_named_with_its_number(found: Figures, expected: dict[str, int]):
    assert differences(found, found, lives=False) == expected


def test_a_living_process_may_have_calls_under_way():
    assert differences(figures(began=2), figures(began=2), lives=True) == {}


@given(
    st.lists(st.sampled_from(["begins", "ends", "is counted", "is written"]), max_size=60),
    st.integers(0, 60),
)
def test_a_system_that_goes_on_gives_no_false_alarm(steps: list[str], first_look: int):
    """Counts and rows follow the truth at their own pace; at the end both have caught up."""
    began = ended = 0
    counted, rows = (0, 0), 0
    first = figures()
    for number, step in enumerate(steps):
        if step == "begins":
            began += 1
        elif step == "ends":
            ended = min(ended + 1, began)
        elif step == "is counted":
            counted = (began, ended)
        else:
            rows = ended
        if number == first_look:
            first = figures(began=counted[0], ended=counted[1], ended_rows=rows)
    last = figures(began=began, ended=ended, ended_rows=ended)

    assert differences(first, last, lives=True) == {}
