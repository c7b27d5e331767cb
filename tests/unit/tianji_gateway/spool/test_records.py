"""Records: small enough for the bus, and what becomes of a call whose process died."""

from __future__ import annotations

import msgspec

from tianji.domain.events import Began, SpendEvent
from tianji.wire.neutral import Usage
from tianji_gateway.spool import records

ID = "0193474e-0000-7000-8000-000000000000"


def test_an_event_too_long_for_the_bus_keeps_what_counts():
    event = SpendEvent(
        id=ID,
        started_at=1.0,
        ended_at=2.0,
        cost_usd="0.5",
        end_user="u" * 3_000_000,
        metadata={"big": "x" * 2_000_000},
        tags=["t" * 100_000] * 30,
        usage=Usage(input_tokens=7, extra={"raw": "y" * 2_000_000}),
    )

    payload = records.encode(event)

    assert len(payload) < records.MAX_RECORD_BYTES
    kept = msgspec.json.decode(payload, type=SpendEvent)
    assert (kept.id, kept.cost_usd, kept.usage.input_tokens) == (ID, "0.5", 7)
    assert kept.end_user == "u" * records.MAX_TEXT
    assert "tianji_dropped" in kept.metadata


def test_a_call_without_an_end_is_billed_what_was_reserved_and_says_so():
    began = Began(
        id=ID, started_at=100.0, key_hash="k", team_id="t", tags=["a"], reserved_usd="0.25", model="m"
    )

    event = records.interrupted(records.encode(began), last_seen=130.0)

    assert event is not None
    assert (event.id, event.status, event.cost_usd, event.started_at, event.ended_at) == (
        *(ID, "interrupted", "0.25"),
        *(100.0, 130.0),
    )
    assert (event.key_hash, event.team_id, event.tags, event.model) == ("k", "t", ["a"], "m")
    assert event.metadata == {"cost_estimated": True}


def test_what_is_no_record_is_told_apart():
    assert records.parse(b"\xff\x00") is None
    assert records.parse(b"[1]") is None
    assert records.parse(b'{"type":"other","id":"x"}') is None
    assert records.parse(b'{"type":"ended"}') is None
    assert records.parse(b'{"type":"ended","id":"x","later":1}') is not None
