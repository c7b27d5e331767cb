"""From a gateway's counts to rows of `spend_counts`. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from tianji.domain.events import SpendCounts
from tianji_worker.ledger.rows import Poison

VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_decoder = msgspec.json.Decoder(SpendCounts)


class CountRow(NamedTuple):
    """How many calls of one hour one spool file tells of."""

    hour: datetime
    gateway_id: str
    segment: int
    first_id: str
    covered: int
    began: int
    ended: int
    interrupted: int
    uncalled: int


def counts_of(payload: bytes) -> list[CountRow]:
    """Turn a gateway's counts into rows. Raises Poison."""
    try:
        told = _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Poison(f"not counts: {fault}") from None
    if told.version > VERSION:
        raise Poison(f"counts of version {told.version} are newer than this worker's {VERSION}")
    if "\x00" in told.gateway_id + told.first_id:
        raise Poison("the name of a gateway or a call holds a NUL, which Postgres does not take")
    return [
        CountRow(
            _moment(one.hour),
            told.gateway_id,
            told.segment,
            told.first_id,
            told.covered,
            one.began,
            one.ended,
            one.interrupted,
            one.uncalled,
        )
        for one in told.hours
    ]


def newest(rows: Iterable[CountRow]) -> list[CountRow]:
    """Keep of each file and hour the row that covers most, in the order of the key."""
    kept: dict[tuple[datetime, str, int, str], CountRow] = {}
    for row in rows:
        key = row[:4]
        if key not in kept or kept[key].covered < row.covered:
            kept[key] = row
    return [kept[key] for key in sorted(kept)]


def _moment(hour: int) -> datetime:
    try:
        return _EPOCH + timedelta(hours=hour)
    except OverflowError:
        raise Poison(f"hour {hour} is out of range") from None
