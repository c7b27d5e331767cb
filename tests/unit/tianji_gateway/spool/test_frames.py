"""Frames against every kind of damage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianji_gateway.spool.frames import HEAD_BYTES, MARKER, MAX_PAYLOAD_BYTES, Reader, frame

texts = st.text(st.characters(codec="utf-8"), max_size=60).map(str.encode)
records = st.lists(texts, max_size=6)


def read(data: bytes, *, complete: bool = True) -> list[bytes]:
    return [found.payload for found in Reader(data, complete=complete)]


@given(records)
def test_what_was_written_is_read(payloads):
    assert read(b"".join(map(frame, payloads))) == payloads


@given(records)
def test_a_cut_at_any_byte_costs_only_the_record_it_hits(payloads):
    data = b"".join(map(frame, payloads))
    for cut in range(len(data) + 1):
        whole, length = 0, 0
        while whole < len(payloads) and length + HEAD_BYTES + len(payloads[whole]) <= cut:
            length += HEAD_BYTES + len(payloads[whole])
            whole += 1
        torn = Reader(data[:cut], complete=True)

        assert [found.payload for found in torn] == payloads[:whole]
        assert torn.skipped == cut - length


@given(records, st.data())
def test_a_flipped_byte_costs_only_the_record_it_hits(payloads, data):
    whole = b"".join(map(frame, payloads))
    if not whole:
        return
    where = data.draw(st.integers(0, len(whole) - 1))
    bits = data.draw(st.integers(1, 255))
    damaged = whole[:where] + bytes([whole[where] ^ bits]) + whole[where + 1 :]
    end, hit = 0, -1
    while end <= where:
        hit += 1
        end += HEAD_BYTES + len(payloads[hit])

    assert read(damaged) == payloads[:hit] + payloads[hit + 1 :]


@given(st.binary(max_size=200), texts)
def test_garbage_never_raises_and_a_record_behind_it_is_found(garbage, payload):
    good = frame(payload)
    # A length in the garbage can reach into the record; behind a marker of its own it is always found.
    assert read(garbage + good)[-1:] == [payload]


@given(records, st.data())
def test_reading_in_pieces_is_reading_at_once(payloads, data):
    whole = b"".join(map(frame, payloads))
    cut = data.draw(st.integers(0, len(whole)))
    first = Reader(whole[:cut], complete=False)
    seen = [found.payload for found in first]

    rest = read(whole[first.position :])

    assert seen + rest == payloads
    assert first.skipped == 0


def test_a_client_cannot_forge_a_record():
    inner = frame(b"forged").decode("latin-1").encode()  # the only way such bytes can get into text
    outer = bytearray(frame(b'{"user":"' + inner + b'"}'))
    outer[-1] ^= 1

    assert read(bytes(outer) + frame(b"next")) == [b"next"]
    assert MARKER not in inner


def test_a_record_too_long_to_read_back_is_refused():
    assert read(frame(b"x" * MAX_PAYLOAD_BYTES)) == [b"x" * MAX_PAYLOAD_BYTES]
    with pytest.raises(ValueError, match="longer than"):
        frame(b"x" * (MAX_PAYLOAD_BYTES + 1))
