import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from tianji.bus.faults import NoAnswer
from tianji.bus.watch import Entry
from tianji.domain.keys import KeyRecord
from tianji.domain.snapshot import KEY, record_name
from tianji.errors import Unavailable
from tianji_gateway.snapshot import lookup
from tianji_gateway.snapshot.breaker import FRESH_S
from tianji_gateway.snapshot.lookup import KeyLookup
from tianji_gateway.snapshot.on_disk import SeenKey

HASH = "h" * 64
NAME = record_name(KEY, HASH)


def record(alias: str) -> bytes:
    return msgspec.json.encode(KeyRecord(hash=HASH, alias=alias))


class Watched:
    """A watch that says what a test puts into it."""

    def __init__(self, start_sequence: int) -> None:
        self.start_sequence = start_sequence
        self.entries: asyncio.Queue[Entry | Exception] = asyncio.Queue()

    async def __aenter__(self) -> "Watched":
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def next(self) -> Entry:
        entry = await self.entries.get()
        if isinstance(entry, Exception):
            raise entry
        return entry


class Line:
    """A bus whose answers a test can hold back."""

    def __init__(self) -> None:
        self.stored: dict[str, tuple[bytes, int]] = {}
        self.up = True
        self.connected = True
        self.reads = 0
        self.open = asyncio.Event()
        self.open.set()
        self.watched = Watched(10)

    async def kv_get(self, bucket: str, name: str, timeout_s: float) -> tuple[bytes, int] | None:
        self.reads += 1
        if not self.up:
            raise Unavailable("down")
        found = self.stored.get(name)
        try:
            async with asyncio.timeout(timeout_s):
                await self.open.wait()
        except TimeoutError:
            raise NoAnswer("too late") from None
        return found

    def watch(self, bucket: str, *, only_new: bool) -> Watched:
        return self.watched


class House:
    """A lookup on a line, and its watch."""

    def __init__(self, capacity: int = 100) -> None:
        self.line = Line()
        self.filled = True
        bus: Any = self.line
        self.keys = KeyLookup(bus, lambda: self.filled, capacity)
        self.said: list[int] = []
        self.keys.on_sequence = lambda: self.said.append(self.keys.sequence)

    @contextlib.asynccontextmanager
    async def watching(self, end: Exception | None = None) -> AsyncIterator[None]:
        task = asyncio.create_task(self.keys.follow())
        await self.settle()
        yield
        self.line.watched.entries.put_nowait(end or Unavailable("lost"))
        with pytest.raises(Unavailable):
            await task

    async def changed(self, value: bytes | None, sequence: int) -> None:
        if value is None:
            self.line.stored.pop(NAME, None)
        else:
            self.line.stored[NAME] = (value, sequence)
        self.line.watched.entries.put_nowait(Entry(NAME, value, sequence))
        while self.keys.sequence != sequence:  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def alias(self) -> str | None:
        found = await self.keys.key(HASH)
        return found.alias if found else None


async def test_a_key_is_read_once_and_then_known() -> None:
    house = House()
    house.line.stored[NAME] = (record("a"), 3)

    async with house.watching():
        assert [await house.alias() for _ in range(3)] == ["a", "a", "a"]

    assert house.line.reads == 1


async def test_a_hundred_requests_with_a_new_key_make_one_read() -> None:
    house = House()
    house.line.stored[NAME] = (record("a"), 3)

    async with house.watching():
        assert set(await asyncio.gather(*(house.alias() for _ in range(100)))) == {"a"}

    assert house.line.reads == 1


async def test_a_caller_that_hangs_up_takes_no_answer_from_the_others() -> None:
    house = House()
    house.line.stored[NAME] = (record("a"), 3)
    house.line.open.clear()

    async with house.watching():
        first, second = asyncio.create_task(house.alias()), asyncio.create_task(house.alias())
        await house.settle()
        first.cancel()
        house.line.open.set()

        assert await second == "a"


@pytest.mark.parametrize(("value", "after"), [(record("b"), "b"), (None, None)])
async def test_a_change_is_acted_on_once_it_is_confirmed(value: bytes | None, after: str | None) -> None:
    house = House()
    house.line.stored[NAME] = (record("a"), 3)

    async with house.watching():
        assert await house.alias() == "a"
        await house.changed(value, 11)

        assert house.said == [10, 11]
        assert await house.alias() == after

    assert house.line.reads == 1


async def test_a_new_key_is_seen_although_it_was_missing_a_moment_ago() -> None:
    house = House()

    async with house.watching():
        assert await house.alias() is None
        await house.changed(record("a"), 11)

        assert await house.alias() == "a"


async def test_a_change_overtakes_a_read_that_is_on_its_way() -> None:
    house = House()
    house.line.stored[NAME] = (record("old"), 3)
    house.line.open.clear()

    async with house.watching():
        reading = asyncio.create_task(house.alias())
        await house.settle()
        await house.changed(record("new"), 11)
        house.line.open.set()

        assert await reading == "new"
        assert await house.alias() == "new"


async def test_a_read_from_before_the_watch_is_not_joined_nor_kept() -> None:
    house = House()
    house.line.stored[NAME] = (record("old"), 3)
    house.line.open.clear()
    early = asyncio.create_task(house.alias())
    await house.settle()
    house.line.stored[NAME] = (record("new"), 9)

    async with house.watching():
        late = asyncio.create_task(house.alias())
        await house.settle()
        house.line.open.set()

        assert await late == "new"
        assert await early == "old"
        assert await house.alias() == "new"


async def test_after_the_watch_was_lost_everything_is_read_again() -> None:
    house = House()
    house.line.stored[NAME] = (record("a"), 3)
    async with house.watching():
        await house.alias()
    assert house.keys.sequence == 0
    house.line.stored[NAME] = (record("b"), 12)

    assert await house.alias() == "b"
    async with house.watching():
        assert await house.alias() == "b"

    assert house.line.reads == 3


async def test_a_known_key_goes_on_while_nats_is_down_and_an_unknown_one_is_not_refused() -> None:
    house = House()
    house.line.stored[NAME] = (record("a"), 3)
    async with house.watching():
        await house.alias()
    house.line.up = False

    assert [await house.alias() for _ in range(50)] == ["a"] * 50
    assert house.line.reads == 2
    with pytest.raises(Unavailable):
        await house.keys.key("another")


async def test_a_key_that_was_in_use_before_the_start_works_without_nats() -> None:
    house = House()
    house.keys.remember([SeenKey(NAME, record("a"))])
    house.line.up = False

    assert await house.alias() == "a"
    assert house.keys.seen(10) == [SeenKey(NAME, record("a"))]


async def test_a_key_that_was_in_use_before_the_start_is_checked_where_nats_answers() -> None:
    house = House()
    house.keys.remember([SeenKey(NAME, record("a"))])

    assert await house.alias() is None


async def test_a_nats_that_is_not_filled_yet_refuses_nobody() -> None:
    house = House()
    house.line.stored[NAME] = (record("a"), 3)
    async with house.watching():
        await house.alias()
    house.line.stored.clear()
    house.filled = False

    assert await house.alias() == "a"
    with pytest.raises(Unavailable):
        await house.keys.key("another")


async def test_a_pause_ends_when_the_watch_is_back() -> None:
    house = House()
    house.keys.remember([SeenKey(NAME, record("a"))])
    house.line.up = False
    await house.alias()
    house.line.up = True
    house.line.stored[NAME] = (record("b"), 12)

    async with house.watching():
        assert await house.alias() == "b"


async def test_a_damaged_record_is_no_refusal() -> None:
    house = House()
    house.line.stored[NAME] = (b"{", 3)

    with pytest.raises(Unavailable):
        await house.alias()


async def test_what_was_missed_between_the_consumer_and_its_first_change_is_never_unsaid() -> None:
    house = House()

    async with house.watching():
        house.line.watched.entries.put_nowait(Entry("x", b"", 7))
        await house.settle()

    assert house.said == [10, 10, 0]


async def test_a_replica_that_lags_behind_does_not_bring_back_what_was_before() -> None:
    house = House(capacity=1)

    async with house.watching():
        await house.changed(record("old"), 11)
        await house.changed(record("new"), 12)
        await house.keys.key("another")
        house.line.stored[NAME] = (record("old"), 11)

        assert await house.alias() == "new"


async def test_what_changes_and_is_not_in_use_takes_no_place_from_what_is() -> None:
    house = House(capacity=2)
    house.line.stored[NAME] = (record("a"), 3)

    async with house.watching():
        assert await house.alias() == "a"
        for number in range(100):
            house.line.watched.entries.put_nowait(Entry(f"key.{number}", b"{}", 11 + number))
        await house.settle()
        assert await house.alias() == "a"

    assert house.line.reads == 1


async def test_a_silent_nats_keeps_nobody_waiting_for_a_known_key() -> None:
    house = House()
    house.line.stored[NAME] = (record("a"), 3)
    async with house.watching(end=NoAnswer("silent")):
        await house.alias()
    house.line.open.clear()

    async with asyncio.timeout(10):
        assert [await house.alias() for _ in range(50)] == ["a"] * 50
    assert house.line.reads == 1


async def test_after_one_look_up_without_an_answer_the_next_ones_are_refused_at_once() -> None:
    house = House()
    house.line.up = False
    with pytest.raises(Unavailable):
        await house.keys.key("one")
    house.line.up = True
    house.line.open.clear()

    async with asyncio.timeout(10):
        for number in range(50):
            with pytest.raises(Unavailable, match="NATS does not answer"):
                await house.keys.key(f"other{number}")
    assert house.line.reads == 1


async def test_a_new_connection_is_asked_at_once() -> None:
    house = House()
    house.line.up = False
    with pytest.raises(Unavailable):
        await house.alias()
    house.line.up = True
    house.line.stored[NAME] = (record("a"), 3)

    house.keys.reconnected()

    assert await house.alias() == "a"


async def test_what_is_held_is_told_without_asking() -> None:
    house = House()
    house.line.stored[NAME] = (record("a"), 3)

    async with house.watching():
        assert not house.keys.holds(HASH)
        await house.alias()
        await house.keys.key("missing")

        assert house.keys.holds(HASH)
        assert house.keys.holds("missing")

    assert house.keys.holds(HASH)
    assert not house.keys.holds("missing")


async def test_a_key_that_came_by_the_watch_is_in_use_once_it_was_asked_for() -> None:
    house = House()

    async with house.watching():
        await house.changed(record("a"), 11)
        before = house.keys.seen(10), house.keys.changes
        assert await house.alias() == "a"

        assert before == ([], 0)
        assert house.keys.seen(10) == [SeenKey(NAME, record("a"))]
        assert house.keys.changes == 1


async def test_a_beat_without_an_answer_ends_what_waits_and_one_with_it_lets_ask_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House()
    house.line.stored[NAME] = (record("a"), 3)
    async with house.watching():
        house.line.open.clear()
        waiting = asyncio.create_task(house.alias())
        await asyncio.sleep(FRESH_S)
        monkeypatch.setattr(lookup, "ANSWER_S", 0.01)
        await house.keys.beat()
        with pytest.raises(NoAnswer):
            await asyncio.wait_for(waiting, 30)
        assert not house.keys.answering

        reads = house.line.reads
        with pytest.raises(Unavailable):
            await house.alias()
        assert house.line.reads == reads

        house.line.open.set()
        await house.keys.beat()
        assert house.keys.answering
        assert await house.alias() == "a"


async def test_a_process_that_stood_still_itself_blames_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "ANSWER_S", 0.01)
    monkeypatch.setattr(lookup, "STALL_S", -1.0)
    house = House()
    house.line.open.clear()

    await house.keys.beat()

    assert house.keys.answering


async def test_a_beat_is_left_out_when_nats_has_just_answered() -> None:
    house = House()
    house.line.stored[NAME] = (record("a"), 3)
    assert await house.alias() == "a"
    reads = house.line.reads

    await house.keys.beat()

    assert house.line.reads == reads
