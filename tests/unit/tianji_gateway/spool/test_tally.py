"""Tallies: the same records give the same counts, by the hour of the calls."""

from __future__ import annotations

from uuid import UUID

from tianji.domain.events import HourCount
from tianji_gateway.spool.tally import HOUR_MS, Count, Tally, hour_of


def id_in(hour: int, number: int) -> str:
    return str(UUID(int=((hour * HOUR_MS + number) << 80) | (7 << 76) | (2 << 62) | number))


def test_the_hour_is_that_of_the_id():
    assert hour_of(id_in(492_000, 0)) == 492_000
    assert hour_of(id_in(492_000, HOUR_MS - 1)) == 492_000
    assert hour_of(id_in(492_001, 0)) == 492_001
    assert hour_of("no id at all") == 0


def test_calls_count_in_their_hour_and_in_their_field():
    tally = Tally(3)
    tally.add([Count(id_in(5, 1), "began"), Count(id_in(4, 2), "ended")], 100)
    tally.add([Count(id_in(5, 3), "began"), Count(id_in(5, 1), "interrupted")], 250)

    told = tally.told("g1-7")

    assert (told.gateway_id, told.segment, told.first_id, told.covered) == ("g1-7", 3, id_in(5, 1), 250)
    assert told.hours == [HourCount(hour=4, ended=1), HourCount(hour=5, began=2, interrupted=1)]


def test_what_was_told_is_told_again_only_when_there_is_more():
    tally = Tally(1)
    assert tally.shipped
    tally.add([], 40)
    assert tally.shipped
    tally.add([Count(id_in(1, 1), "began")], 50)
    told = tally.told("g")
    tally.add_one(Count(id_in(1, 2), "began"))
    tally.acknowledged(told)

    assert not tally.shipped
    tally.acknowledged(tally.told("g"))
    assert tally.shipped
