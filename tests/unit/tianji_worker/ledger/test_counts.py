"""From counts to rows, and which of two counts of a file stands."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from tianji.domain.events import HourCount, SpendCounts
from tianji_worker.ledger.counts import counts_of, newest
from tianji_worker.ledger.rows import Poison

TOLD = SpendCounts(
    gateway_id="g1-7",
    segment=4,
    first_id="a",
    covered=900,
    hours=[HourCount(hour=490_000, began=3, ended=2), HourCount(hour=490_001, uncalled=1, interrupted=1)],
)


def test_each_hour_is_a_row():
    first, second = counts_of(msgspec.json.encode(TOLD))

    assert first == (datetime(2025, 11, 24, 16, tzinfo=UTC), "g1-7", 4, "a", 900, 3, 2, 0, 0)
    assert second == (datetime(2025, 11, 24, 17, tzinfo=UTC), "g1-7", 4, "a", 900, 0, 0, 1, 1)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"no json", "not counts"),
        (b'{"type":"ended","id":"x","started_at":1,"ended_at":2}', "not counts"),
        (msgspec.json.encode(msgspec.structs.replace(TOLD, version=2)), "newer"),
        (msgspec.json.encode(msgspec.structs.replace(TOLD, first_id="a\x00")), "NUL"),
        (msgspec.json.encode(msgspec.structs.replace(TOLD, hours=[HourCount(hour=10**9)])), "out of range"),
    ],
)
def test_what_can_be_no_row_is_poison(payload: bytes, why: str):
    with pytest.raises(Poison, match=why):
        counts_of(payload)


def test_of_two_counts_of_a_file_the_one_that_covers_more_stands():
    early, late, other = (
        counts_of(msgspec.json.encode(msgspec.structs.replace(TOLD, **changes)))[0]
        for changes in ({"covered": 10}, {"covered": 20}, {"first_id": "b", "covered": 1})
    )

    assert newest([late, early, other]) == newest([other, early, late]) == [late, other]
