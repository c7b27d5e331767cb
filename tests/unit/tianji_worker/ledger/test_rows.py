"""From events to rows: everything is kept, nothing that cannot be a row gets through."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.adapt import Transformer
from psycopg.postgres import types
from psycopg.pq import Format

from tianji.domain.events import SpendEvent
from tianji.wire.neutral import Usage
from tianji_worker.ledger.rows import COLUMNS, NAME_BYTES, Poison, row_of

TODAY = date(2026, 11, 21)


def id_at(moment: datetime) -> str:
    milliseconds = int(moment.timestamp() * 1000)
    return str(UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | 1))


def event(**changes: Any) -> SpendEvent:
    values: dict[str, Any] = {
        "id": id_at(datetime(2026, 11, 20, 23, 59, 59, 999000, UTC)),
        "started_at": 1.0,
        "ended_at": 2.0,
    }
    return SpendEvent(**(values | changes))


def columns_of(event: SpendEvent) -> dict[str, Any]:
    return dict(zip(COLUMNS, row_of(msgspec.json.encode(event), TODAY).values, strict=True))


def array_in(text: str) -> list[str]:
    loader = Transformer().get_loader(types["text"].array_oid, Format.TEXT)
    return loader.load(text.encode())


def test_the_day_is_that_of_the_id_whatever_the_clocks_say():
    assert row_of(msgspec.json.encode(event(started_at=1.8e9)), TODAY).day == date(2026, 11, 20)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2026, 11, 23, 23, 59)))
def test_every_day_up_to_two_ahead_is_taken(moment: datetime):
    moment = moment.replace(tzinfo=UTC)
    assert columns_of(event(id=id_at(moment)))["day"] == moment.date().isoformat()


@pytest.mark.parametrize("day", [date(2019, 12, 31), TODAY + timedelta(days=3), date(8000, 1, 1)])
def test_a_day_that_cannot_be_makes_no_partition(day: date):
    with pytest.raises(Poison, match="out of range"):
        columns_of(event(id=id_at(datetime(day.year, day.month, day.day, tzinfo=UTC))))


def test_an_id_beyond_the_calendar_is_poison():
    with pytest.raises(Poison, match="out of range"):
        columns_of(event(id="ffffffff-ffff-7fff-bfff-ffffffffffff"))


def test_usage_and_money_are_kept_exactly():
    found = columns_of(
        event(
            usage=Usage(
                input_tokens=9, cache_write_1h_tokens=2, web_searches=3, cost_usd="0.10", estimated=True
            ),
            cost_usd="0.00000000000000000000000001",
            cost_parts={"input": "0.1"},
        )
    )

    assert (found["input_tokens"], found["cache_write_1h_tokens"], found["web_searches"]) == (9, 2, 3)
    assert found["usage_estimated"] is True
    assert str(found["provider_cost_usd"]) == "0.10"
    assert Decimal(found["cost_usd"]) == Decimal("1e-26")
    assert found["cost_parts"] == '{"input":"0.1"}'


@pytest.mark.parametrize(
    "amount", ["NaN", "sNaN", "Infinity", "-0.1", "1e10", "1e-31", "1e999999999", "ten", ""]
)
def test_what_is_no_amount_is_poison(amount: str):
    with pytest.raises(Poison, match="cost_usd"):
        columns_of(event(cost_usd=amount))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(SpendEvent.__struct_fields__), ANYTHING, max_size=6))
def test_whatever_fields_say_is_a_row_or_poison(fields: dict[str, Any]):
    said = {"type": "ended", **msgspec.to_builtins(event())} | fields
    try:
        row = row_of(msgspec.json.encode(said), TODAY)
    except Poison:
        return
    found = dict(zip(COLUMNS, row.values, strict=True))
    assert "\x00" not in "".join(map(str, row.values))
    assert all(len(found[name].encode()) <= NAME_BYTES for name in ("model", "key_hash", "api_base"))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_row_or_poison(data: bytes):
    with pytest.raises(Poison):
        row_of(data, TODAY)


@pytest.mark.parametrize(("tokens", "fits"), [(0, True), (10**12, True), (-1, False), (10**12 + 1, False)])
def test_tokens_that_no_call_can_take_are_poison(tokens: int, fits: bool):
    said = event(usage=Usage(reasoning_tokens=tokens))
    if fits:
        assert columns_of(said)["reasoning_tokens"] == tokens
    else:
        with pytest.raises(Poison, match="out of range"):
            columns_of(said)


def test_deep_nesting_is_poison_not_a_crash():
    deep = (
        b'{"type":"ended","id":"x","started_at":1,"ended_at":2,"metadata":{"a":'
        + b"[" * 99_999
        + b"]" * 99_999
        + b"}}"
    )
    with pytest.raises(Poison, match="not a spend event"):
        row_of(deep, TODAY)


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_text_is_kept_but_for_nul(text: str):
    found = columns_of(event(end_user=text, metadata={"k": [text]}, tags=[text]))

    clean = text.replace("\x00", "")
    assert found["end_user"] == clean
    assert array_in(found["tags"]) == [clean]
    assert msgspec.json.decode(found["metadata"]) == {"k": [clean]}
