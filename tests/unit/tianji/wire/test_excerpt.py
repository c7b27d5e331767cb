"""A part of a stream stands for the whole."""

from __future__ import annotations

from tianji.wire.excerpt import Keeper


def test_what_fits_is_kept_whole() -> None:
    keeper = Keeper[str](10)
    for piece in ("one", "two"):
        keeper.add(piece)

    assert (keeper.parts, keeper.times) == (["one", "two"], 1.0)


def test_what_does_not_fit_is_only_measured() -> None:
    keeper = Keeper[bytes](10)
    for _ in range(1000):
        keeper.add(b"fives")

    assert b"".join(keeper.parts) == b"fives" * 2
    assert keeper.times == 500


def test_what_was_counted_is_forgotten() -> None:
    keeper = Keeper[str](1)
    keeper.add("counted")
    keeper.clear()

    assert (keeper.parts, keeper.times) == ([], 1.0)
    keeper.add("more")
    assert (keeper.parts, keeper.times) == (["more"], 1.0)
