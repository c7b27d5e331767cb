from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianji.wire.sse import ServerEvent, Splitter, boundary

STREAM = (
    "\ufeff: hello\n\nevent: a\ndata: one\ndata:two\n\ndata:  grüß\nid: 4\nretry: 3\n\n"
    "data\n\nevent: none\n\ndata: {}\n\n"
)
EVENTS = [ServerEvent(b"one\ntwo", b"a"), ServerEvent(" grüß".encode()), ServerEvent(b""), ServerEvent(b"{}")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@given(data=st.data())
def test_events_are_the_same_however_the_bytes_are_cut(end: str, data: st.DataObject):
    raw = STREAM.replace("\n", end).encode()
    cuts = sorted({0, *data.draw(st.lists(st.integers(0, len(raw)), max_size=20)), len(raw)})
    splitter = Splitter()

    events = [event for at, to in pairwise(cuts) for event in splitter.feed(raw[at:to])]

    assert events + splitter.close() == EVENTS


def test_an_event_is_given_out_as_soon_as_its_blank_line_is_there():
    splitter = Splitter()

    assert splitter.feed(b"data: a\n") == []
    assert splitter.feed(b"\ndata: b") == [ServerEvent(b"a")]
    assert splitter.close() == [ServerEvent(b"b")]


def test_a_return_at_the_very_end_is_waited_for():
    assert boundary(b"data: a\r\n\r") == 0
    assert boundary(b"data: a\r\n\r\n") == 11
    assert boundary(b"") == 0
