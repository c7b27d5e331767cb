"""What was written last is handed on from memory, as far as it is held."""

from __future__ import annotations

import msgspec

from tianji.domain.events import Began, SpendEvent
from tianji_gateway.spool import records
from tianji_gateway.spool.fresh import Fresh
from tianji_gateway.spool.journal import Journal
from tianji_gateway.spool.segments import Segments
from tianji_gateway.spool.settings import SpoolSettings

ROOM_FOR_TWO = 500


def record(call_id: str) -> records.Record:
    return records.ended(SpendEvent(id=call_id, started_at=1.0, ended_at=2.0))


def write(journal: Journal, *call_ids: str) -> None:
    for call_id in call_ids:
        journal.began(call_id, msgspec.json.encode(Began(id=call_id, started_at=1.0)))
        journal.ended(record(call_id))


def shipped(journal: Journal, limit: int) -> list[str]:
    taken: list[str] = []
    while (batch := journal.batch(limit)) is not None:
        taken += [record.id for record in batch.records]
        journal.acknowledged(batch)
    return taken


def test_no_file_is_read_for_what_is_still_in_memory(tmp_path, monkeypatch):
    segments = Segments(tmp_path, SpoolSettings())
    journal = Journal(segments)
    write(journal, "a", "b", "c")
    with monkeypatch.context() as patched:
        patched.delattr(Segments, "read")
        first = journal.batch(2)
        assert first is not None and [record.id for record in first.records] == ["a", "b"]
        assert [count.field for count in first.counts] == ["began", "ended", "began", "ended"]
        assert journal.batch(2) == first  # until the bus has it
        journal.acknowledged(first)
        rest = journal.batch(2)
        assert rest is not None and [record.id for record in rest.records] == ["c"]
        journal.acknowledged(rest)

    assert journal.backlog == 0 and journal.batch(2) is None


def test_what_memory_has_no_room_for_comes_from_the_files_in_its_order(tmp_path):
    journal = Journal(Segments(tmp_path, SpoolSettings(segment_bytes=700)), Fresh(ROOM_FOR_TWO))
    write(journal, *(f"c{number}" for number in range(9)))
    assert shipped(journal, 4) == [f"c{number}" for number in range(9)]
    write(journal, "later")
    assert shipped(journal, 4) == ["later"]


def test_a_batch_from_a_file_may_go_beyond_what_memory_begins_with(tmp_path):
    fresh = Fresh(ROOM_FOR_TWO)
    journal = Journal(Segments(tmp_path, SpoolSettings()), fresh)
    write(journal, "a", "b", "c", "d")  # the last ones find no room
    first = journal.batch(2)
    assert first is not None
    journal.acknowledged(first)
    write(journal, "e", "f")  # room again, behind a gap

    assert shipped(journal, 3) == [
        call for call in "abcdef" if call not in {record.id for record in first.records}
    ]
    assert fresh.batch(1, 0, 9) is None
