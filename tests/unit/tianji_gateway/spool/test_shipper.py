"""How events are put together into messages."""

from __future__ import annotations

from tianji_gateway.spool.records import ENDED, Record
from tianji_gateway.spool.shipper import packed


def record(size: int) -> Record:
    return Record(ENDED, "id", b"x" * size, "ended")


def sizes(records: list[Record], most: int) -> list[list[int]]:
    return [[len(one.payload) for one in some] for some in packed(records, most)]


def test_events_share_a_message_as_long_as_they_fit_in_their_order():
    assert sizes([record(n) for n in (4, 3, 1, 9, 2)], 10) == [[4, 3], [1], [9], [2]]
    assert sizes([record(4), record(4)], 10) == [[4, 4]]


def test_an_event_that_fits_nowhere_goes_alone():
    assert sizes([record(n) for n in (1, 50, 1, 1)], 10) == [[1], [50], [1, 1]]


def test_nothing_makes_no_message():
    assert sizes([], 10) == []
