"""Rows in columns."""

from __future__ import annotations

from tianji_cli.table import table


def test_numbers_stand_to_the_right_and_words_to_the_left():
    assert table(["name", "calls"], [["a", 7], ["longer", 12345]]) == (
        "name    calls\na           7\nlonger  12345"
    )
