"""What is told of a budget, and whose it is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tianji_worker.alerts.event import Amounts, alerts_of
from tianji_worker.alerts.holders import Name, named


@pytest.mark.parametrize(
    ("spent", "most", "soft", "told"),
    [
        (0, 0, None, []),
        (1, 0, None, ["budget_crossed 0"]),
        (84, 100, None, []),
        (85, 100, None, ["threshold_crossed 85"]),
        (94, 100, None, ["threshold_crossed 85"]),
        (95, 100, None, ["threshold_crossed 95"]),
        (100, 100, None, ["budget_crossed 0"]),
        (130, 100, 50, ["soft_budget_crossed 0", "budget_crossed 0"]),
        (49, None, 50, []),
        (50, None, 50, ["soft_budget_crossed 0"]),
        (50, None, 0, []),
        (50, None, None, []),
    ],
)
def test_amounts_are_told_when_they_are_reached(
    spent: int, most: int | None, soft: int | None, told: list[str]
) -> None:
    hard, warned = (None if one is None else Decimal(one) for one in (most, soft))
    found = alerts_of("key:k", "all", Decimal(spent), Amounts(most=hard, soft=warned), now=1e9)
    assert [f"{one.event} {one.percent}" for one in found] == told


@pytest.mark.parametrize(
    ("bound", "name"),
    [
        ("key:abc", Name("key", "abc")),
        ("key:abc@1d", Name("key", "abc", "1d")),
        ("team:a@b", Name("team", "a@b")),
        ("user:a@1.example.org", Name("user", "a@1.example.org")),
        ("member:t:google:1", Name("member", "t:google:1")),
        ("key_model:abc:gpt:4", Name("key", "abc", model="gpt:4")),
        ("proxy", Name("proxy", "")),
        ("moon:1", None),
    ],
)
def test_a_budget_says_whose_it_is(bound: str, name: Name | None) -> None:
    assert named(bound) == name
