"""The shuffle keeps to the weights and forgets nobody."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from tianji.strategies import simple_shuffle


class One(Struct, frozen=True):
    name: int
    weight: float


def _some(*weights: float) -> list[One]:
    return [One(number, weight) for number, weight in enumerate(weights)]


@given(st.lists(st.floats(0, 1e6), max_size=8), st.integers())
def test_every_candidate_comes_up_exactly_once(weights: list[float], seed: int) -> None:
    candidates = _some(*weights)

    ordered = simple_shuffle.order(candidates, Random(seed))

    assert sorted(one.name for one in ordered) == list(range(len(weights)))


def test_the_first_place_goes_by_weight() -> None:
    chance = Random(1)
    firsts = Counter(simple_shuffle.order(_some(8, 2), chance)[0].name for _ in range(5000))

    assert 0.77 < firsts[0] / 5000 < 0.83


def test_a_candidate_without_weight_comes_last() -> None:
    chance = Random(1)

    assert all(simple_shuffle.order(_some(0, 1, 3), chance)[-1].name == 0 for _ in range(200))


def test_candidates_without_any_weight_are_shuffled() -> None:
    chance = Random(1)
    firsts = {simple_shuffle.order(_some(0, 0, 0), chance)[0].name for _ in range(100)}

    assert firsts == {0, 1, 2}
