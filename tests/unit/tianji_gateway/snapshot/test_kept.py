import tracemalloc

import msgspec

from tianji.domain.keys import KeyRecord, hash_of
from tianji.domain.limits import Limits
from tianji.domain.snapshot import KEY, record_name
from tianji_gateway.snapshot.kept import MISSING_S, Held, Kept


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_record_used_longest_ago_goes_first() -> None:
    kept = Kept(2)
    for name in ("a", "b"):
        kept.put(name, Held(b"", 1, 1))
    kept.get("a")

    kept.put("c", Held(b"", 1, 1))

    assert [name for name, _ in kept.latest(9)] == ["a", "c"]


def test_a_missing_name_is_forgotten_after_a_while() -> None:
    clock = Clock()
    kept = Kept(10, clock)
    kept.put("a", Held(None, 0, 1))
    assert kept.get("a") is not None

    clock.now = MISSING_S

    assert kept.get("a") is None
    assert len(kept) == 0


def test_missing_names_evict_no_record() -> None:
    kept = Kept(10)
    for number in range(10):
        kept.put(f"real {number}", Held(b"", 1, 1))

    for number in range(1000):
        kept.put(f"guess {number}", Held(None, 0, 1))

    assert len(kept.latest(99)) == 10
    assert len(kept) == 12


def test_a_name_that_appears_is_missing_no_more() -> None:
    kept = Kept(10)
    kept.put("a", Held(None, 0, 1))

    kept.put("a", Held(b"now", 2, 1))

    assert kept.get("a") == Held(b"now", 2, 1)
    assert len(kept) == 1


def test_a_cached_key_takes_less_than_a_kilobyte() -> None:
    kept = Kept(20_000)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(5_000):
        hash = hash_of(str(number))
        record = KeyRecord(
            hash=hash,
            name="sk-...abcd",
            alias=f"somebody's key {number}",
            user_id=f"user-{number:032}",
            team_id=f"team-{number:032}",
            models=["gpt-4o", "claude-sonnet"],
            limits=Limits(max_budget="100.0"),
            metadata={"tags": ["production"]},
        )
        kept.put(record_name(KEY, hash), Held(msgspec.json.encode(record), 1000 + number, 1))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (after - before) / 5_000 < 1024


def test_changes_grow_with_what_is_new_and_not_with_use() -> None:
    kept = Kept(10)
    figures = [kept.changes]
    for value in (b"1", b"1", b"2", None, None):
        kept.put("key.a", Held(value, 1, 1))
        kept.get("key.a")
        figures.append(kept.changes)

    assert figures == [0, 1, 1, 2, 3, 3]
