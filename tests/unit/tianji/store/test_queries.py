"""Queries that are made of one text each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tianji.store.queries import Queries


def test_one_text_makes_a_query_of_each_combination(tmp_path: Path) -> None:
    path = tmp_path / "queries.sql"
    path.write_text(
        "-- part: newest_{direction}\n-- each: direction = ASC DESC\nORDER BY made {direction}\n\n"
        "-- name: list_{column}_{direction}\n-- each: column = alias expires; direction = ASC DESC\n"
        "SELECT '{}' FROM keys WHERE {column} > 0 ORDER BY {column} {direction};\n\n"
        "-- name: latest\nSELECT hash FROM keys <<newest_desc>>;\n"
    )
    assert dict(Queries(path)) == {
        "list_alias_asc": "SELECT '{}' FROM keys WHERE alias > 0 ORDER BY alias ASC",
        "list_alias_desc": "SELECT '{}' FROM keys WHERE alias > 0 ORDER BY alias DESC",
        "list_expires_asc": "SELECT '{}' FROM keys WHERE expires > 0 ORDER BY expires ASC",
        "list_expires_desc": "SELECT '{}' FROM keys WHERE expires > 0 ORDER BY expires DESC",
        "latest": "SELECT hash FROM keys ORDER BY made DESC",
    }


def test_two_queries_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "queries.sql"
    path.write_text("-- name: a_{x}\n-- each: x = B\nSELECT 1;\n\n-- name: a_b\nSELECT 2;\n")
    with pytest.raises(ValueError, match="two queries are named a_b"):
        Queries(path)
