import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tianji.domain.snapshot import HEAD, Head, digest_of
from tianji_gateway.snapshot.apply import Staging
from tianji_testkit.properties import times

NAMES = st.sampled_from(["deployment.a", "deployment.b", "deployment.c", "settings.g"])
VALUES = st.one_of(st.none(), st.binary(max_size=3))


def head_of(revision: int, records: dict[str, bytes]) -> bytes:
    return msgspec.json.encode(Head(revision, digest_of(records), len(records)))


class Staged(RuleBasedStateMachine):
    """A publisher that writes revision after revision, a line that does what it likes, and a staging."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[tuple[str, bytes | None, int]] = []
        self.published: dict[int, dict[str, bytes]] = {}
        self.truth: dict[str, bytes] = {}
        self.applied = 0
        self.again()

    def again(self) -> None:
        self.staging = Staging()
        self.heard: set[int] = set()
        self.damaged: set[int] = set()

    def write(self, name: str, value: bytes | None) -> None:
        self.log.append((name, value, len(self.log) + 1))

    def take(self, name: str, value: bytes | None, sequence: int) -> None:
        revision = self.staging.take(name, value, sequence)
        self.heard.add(sequence)
        if revision is not None:
            assert revision.records == self.published[revision.number]
            self.applied = revision.number

    @rule(changes=st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=4))
    def publish(self, changes: list[tuple[str, bytes | None]]) -> None:
        for name, value in changes:
            if value is None:
                self.truth.pop(name, None)
            else:
                self.truth[name] = value
            self.write(name, value)
        revision = len(self.published) + 1
        self.published[revision] = dict(self.truth)
        self.write(HEAD, head_of(revision, self.truth))

    @precondition(lambda self: self.log)
    @rule(data=st.data())
    def deliver_anything(self, data: st.DataObject) -> None:
        self.take(*data.draw(st.sampled_from(self.log)))

    @precondition(lambda self: self.log)
    @rule()
    def deliver_the_rest_in_order(self) -> None:
        for message in self.log:
            if message[2] not in self.heard:
                self.take(*message)

    @precondition(lambda self: self.log)
    @rule(data=st.data(), junk=st.binary(min_size=4, max_size=6))
    def deliver_damaged(self, data: st.DataObject, junk: bytes) -> None:
        name, _, sequence = data.draw(st.sampled_from(self.log))
        if sequence not in self.heard:
            self.damaged.add(sequence)
            self.take(name, junk, sequence)

    @rule()
    def read_all_again(self) -> None:
        self.again()
        last = {name: (name, value, sequence) for name, value, sequence in self.log}
        for message in sorted(last.values(), key=lambda m: m[2]):
            self.take(*message)
        self.heard = set(range(1, len(self.log) + 1))

    @invariant()
    def all_heard_means_the_newest_is_applied(self) -> None:
        if self.published and not self.damaged and len(self.heard) == len(self.log):
            assert self.applied == len(self.published)
            assert self.staging.waiting_for == ""


Staged.TestCase.settings = times(1.5, stateful_step_count=30)
TestStaged = Staged.TestCase


def test_a_head_alone_says_what_is_missing() -> None:
    staging = Staging()

    assert staging.take(HEAD, head_of(7, {"deployment.a": b"1"}), 2) is None

    assert staging.waiting_for == "revision 7 has 1 records, 0 are here"


def test_an_empty_configuration_is_a_revision() -> None:
    revision = Staging().take(HEAD, head_of(1, {}), 1)

    assert revision is not None
    assert revision.records == {}


def test_a_damaged_head_is_no_revision() -> None:
    staging = Staging()

    assert staging.take(HEAD, b"{", 1) is None

    assert staging.waiting_for == "the head is missing or unreadable"


def test_a_revision_is_not_changed_by_what_comes_after_it() -> None:
    staging = Staging()
    staging.take("deployment.a", b"1", 1)
    revision = staging.take(HEAD, head_of(1, {"deployment.a": b"1"}), 2)

    staging.take("deployment.a", b"2", 3)

    assert revision is not None
    assert revision.records == {"deployment.a": b"1"}
    assert revision.sequence == 2
