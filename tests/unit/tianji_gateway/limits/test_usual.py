from __future__ import annotations

from tianji_gateway.limits.usual import UsualLengths


def test_the_longest_answers_of_late_count() -> None:
    lengths = UsualLengths()
    assert lengths.of(["a", "b"]) == 0
    for tokens in (100, 300, 50):
        lengths.note("a", tokens)
    lengths.note("b", 10)
    assert 290 < lengths.of(["a", "b"]) < 300
    assert lengths.of(["b"]) == 10


def test_one_long_answer_is_forgotten_among_many_short_ones() -> None:
    lengths = UsualLengths()
    lengths.note("a", 16_000)
    for _ in range(600):
        lengths.note("a", 100)
    assert lengths.of(["a"]) < 200
