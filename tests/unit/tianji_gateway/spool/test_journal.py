"""The journal beside a simple model, through kills at any byte."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tianji.domain.events import Began, SpendCounts, SpendEvent
from tianji_gateway.spool import records
from tianji_gateway.spool.frames import frame
from tianji_gateway.spool.fresh import Fresh
from tianji_gateway.spool.journal import Journal
from tianji_gateway.spool.segments import Segments
from tianji_gateway.spool.settings import SpoolSettings
from tianji_testkit.properties import times

SETTINGS = SpoolSettings(segment_bytes=700, segment_s=3600, sync="never")
FRESH_BYTES = 600
"""Room for a few records, so that some go to the bus from memory and others from their file."""


def began(call_id: str) -> Began:
    return Began(id=call_id, started_at=1.0, key_hash="k", reserved_usd="0.5")


def ended(call_id: str) -> SpendEvent:
    return SpendEvent(id=call_id, started_at=1.0, ended_at=2.0, cost_usd="0.1")


def decoded(payload: bytes) -> SpendEvent:
    return msgspec.json.decode(payload, type=SpendEvent)


class Spooling(RuleBasedStateMachine):
    """Calls begin and end, the bus takes events, processes die; no call is lost or bills two amounts."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.journal = Journal(Segments(self.folder, SETTINGS), Fresh(FRESH_BYTES))
        self.count = 0
        self.open: set[str] = set()
        self.done: set[str] = set()
        self.died: set[str] = set()
        self.bus: dict[str, list[SpendEvent]] = {}
        self.counts: dict[tuple[int, str], SpendCounts] = {}

    def teardown(self) -> None:
        self.restart()
        self.ship_everything()
        assert set(self.bus) == self.done | self.died
        for call_id, events in self.bus.items():
            # The ledger keeps the first row of an id: that one has to be the true one.
            assert events[0].status == ("success" if call_id in self.done else "interrupted")
        self.journal.seal()
        self.ship_counts()
        assert self.journal.finish()
        assert list(self.folder.iterdir()) == []
        assert self.sum_of("began") == self.count
        assert self.sum_of("ended") == len(self.done)
        assert self.sum_of("interrupted") == len(self.died)
        shutil.rmtree(self.folder)

    @rule()
    def a_call_begins(self) -> None:
        self.count += 1
        call_id = f"call-{self.count}"
        self.journal.began(call_id, records.encode(began(call_id)))
        self.open.add(call_id)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def a_call_ends(self, data: st.DataObject) -> None:
        call_id = data.draw(st.sampled_from(sorted(self.open)))
        self.journal.ended(records.ended(ended(call_id)))
        self.open.remove(call_id)
        self.done.add(call_id)

    @rule(limit=st.integers(1, 5), answered=st.booleans())
    def the_bus_takes_some(self, limit: int, answered: bool) -> None:
        batch = self.journal.batch(limit)
        if batch is None:
            return
        for record in batch.records:
            self.bus.setdefault(record.id, []).append(decoded(record.payload))
        if answered:
            self.journal.acknowledged(batch)

    @rule(answered=st.booleans())
    def the_bus_takes_the_counts(self, answered: bool) -> None:
        self.ship_counts(answered=answered)

    @rule()
    def the_growing_file_is_let_go(self) -> None:
        self.journal.seal()

    @rule()
    def the_process_is_killed(self) -> None:
        self.restart()

    @rule(data=st.data())
    def the_process_is_killed_while_it_writes(self, data: st.DataObject) -> None:
        newest = max(self.folder.iterdir(), default=None)
        if newest is None:
            return
        call_id = f"torn-{self.count}"
        torn = records.encode(began(call_id))
        with newest.open("ab") as file:
            file.write(frame(torn)[: data.draw(st.integers(0, len(frame(torn)) - 1))])
        self.restart()

    @invariant()
    def the_backlog_is_what_was_not_acknowledged(self) -> None:
        assert self.journal.backlog >= 0
        assert self.journal.open_calls == len(self.open)

    @invariant()
    def the_disk_holds_no_more_than_it_must(self) -> None:
        if self.journal.backlog == 0 and not self.open:
            self.journal.batch(1)
            self.ship_counts()
            self.journal.delete_finished()
            assert len(list(self.folder.iterdir())) <= 1

    def restart(self) -> None:
        self.journal = Journal(Segments(self.folder, SETTINGS), Fresh(FRESH_BYTES))
        self.journal.recover()
        self.died |= self.open
        self.open = set()

    def ship_counts(self, *, answered: bool = True) -> None:
        for tally in self.journal.unshipped_tallies():
            told = tally.told("g1")
            known = self.counts.get((told.segment, told.first_id))
            if known is None or known.covered < told.covered:
                self.counts[told.segment, told.first_id] = told
            if answered:
                tally.acknowledged(told)

    def sum_of(self, field: str) -> int:
        return sum(getattr(hour, field) for told in self.counts.values() for hour in told.hours)

    def ship_everything(self) -> None:
        while (batch := self.journal.batch(3)) is not None:
            for record in batch.records:
                self.bus.setdefault(record.id, []).append(decoded(record.payload))
            self.journal.acknowledged(batch)


TestSpooling = Spooling.TestCase
TestSpooling.settings = times(0.6, stateful_step_count=40)


def test_a_long_call_does_not_keep_old_files(tmp_path):
    journal = Journal(Segments(tmp_path, SETTINGS))
    journal.began("long", records.encode(began("long")))
    for number in range(50):
        journal.began(f"c{number}", records.encode(began(f"c{number}")))
        journal.ended(records.ended(ended(f"c{number}")))
    while (batch := journal.batch(7)) is not None:
        journal.acknowledged(batch)
    ship_counts(journal)
    journal.delete_finished()

    assert len(list(tmp_path.iterdir())) == 1

    after = Journal(Segments(tmp_path, SETTINGS))
    after.recover()
    events = [decoded(r.payload) for b in iter(lambda: after.batch(1), None) for r in _take(after, b)]
    # What was acknowledged before the kill may come again; the long call comes once, as interrupted.
    assert [e.cost_usd for e in events if e.id == "long"] == ["0.5"]
    assert [e.status for e in events if e.id == "long"] == ["interrupted"]


def ship_counts(journal: Journal) -> int:
    """Ship all counts and return how many ended calls they tell of."""
    told = [tally.told("g1") for tally in journal.unshipped_tallies()]
    for tally, one in zip(journal.unshipped_tallies(), told, strict=True):
        tally.acknowledged(one)
    return sum(hour.ended for one in told for hour in one.hours)


def _take(journal, batch):
    journal.acknowledged(batch)
    return batch.records


def test_a_damaged_file_gives_all_other_records(tmp_path):
    journal = Journal(Segments(tmp_path, SpoolSettings()))
    for number in range(20):
        journal.ended(records.ended(ended(f"c{number}")))
    journal.seal()
    file = next(tmp_path.iterdir())
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)

    after = Journal(Segments(tmp_path, SpoolSettings()))
    after.recover()
    assert after.backlog == 19
    batch = after.batch(100)
    assert batch is not None and len(batch.records) == 19
    after.acknowledged(batch)
    assert not after.finish()  # nobody knows yet how many there were
    assert ship_counts(after) == 19
    assert after.finish()
    assert after.damaged_bytes > 0
    assert list(tmp_path.iterdir()) == []


def test_a_call_that_is_written_anew_counts_once(tmp_path):
    began_calls, files = 0, set()
    journal = Journal(Segments(tmp_path, SETTINGS))
    journal.began("long", records.encode(began("long")))
    for number in range(60):
        journal.began(f"c{number}", records.encode(began(f"c{number}")))
        journal.ended(records.ended(ended(f"c{number}")))
        while (batch := journal.batch(7)) is not None:
            journal.acknowledged(batch)
        for tally in journal.unshipped_tallies(passed_only=True):
            told = tally.told("g1")
            began_calls += sum(hour.began for hour in told.hours)
            files.add(told.segment)
            tally.acknowledged(told)
    journal.seal()
    journal.ended(records.ended(ended("long")))
    while (batch := journal.batch(7)) is not None:
        journal.acknowledged(batch)
    for tally in journal.unshipped_tallies():
        began_calls += sum(hour.began for hour in tally.told("g1").hours)

    assert len(files) > 5
    assert began_calls == 61
