"""The page on failures claims nothing that no test shows."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHOWN = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> list[str]:
    """Return the rows of the page's tables."""
    lines = (ROOT / "docs/operations/failure.md").read_text().splitlines()
    return [line for line in lines if line.startswith("| ") and "shown by" not in line and "---" not in line]


def test_every_row_names_a_test() -> None:
    assert [row for row in rows() if not SHOWN.search(row)] == []


def test_every_test_that_is_named_is_there() -> None:
    named = [shown for row in rows() for shown in SHOWN.findall(row)]

    assert [name for file, name in named if f"def {name}(" not in (ROOT / file).read_text()] == []
