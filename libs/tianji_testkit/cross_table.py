"""A pytest plugin: prints the cells of the cross product as a table, and why those that fail do.

    python -m pytest -p tianji_testkit.cross_table tests/integration/gateway/test_cross_product.py

A test belongs to a cell when it records the property `cell`: `front|dialect|whole or stream`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Cell = tuple[str, str, str]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table after all tests."""
    outcomes: dict[Cell, list[bool]] = defaultdict(list)
    reasons: dict[str, list[str]] = defaultdict(list)
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, ()):
            cell = dict(report.user_properties).get("cell")
            if cell is None:
                continue
            front, dialect, way = cell.split("|")
            outcomes[front, dialect, way].append(outcome == "passed")
            if outcome != "passed":
                reasons[_reason(report)].append(report.nodeid.partition("::")[2])
    if not outcomes:
        return
    terminalreporter.section("client formats in front of providers", sep="=")
    for line in table(outcomes):
        terminalreporter.write_line(line)
    held = sum(all(found) for found in outcomes.values())
    tests = [one for found in outcomes.values() for one in found]
    terminalreporter.write_line(
        f"\n{held} of {len(outcomes)} cells hold; {sum(tests)} of {len(tests)} conversations"
    )
    for reason, names in sorted(reasons.items(), key=lambda item: -len(item[1])):
        terminalreporter.write_line(f"\n{len(names)} x {reason}\n    e.g. {names[0]}")


def table(outcomes: Mapping[Cell, Iterable[bool]]) -> list[str]:
    """Return the lines of a table: a row per provider, a column per client format and way."""
    columns = list(dict.fromkeys((front, way) for front, _, way in outcomes))
    rows = list(dict.fromkeys(dialect for _, dialect, _ in outcomes))
    heads = [f"{front} {way}" for front, way in columns]
    first = max(len(row) for row in rows)
    lines = ["  ".join([" " * first, *heads])]
    for row in rows:
        marks = []
        for (front, way), head in zip(columns, heads, strict=True):
            found = list(outcomes.get((front, row, way), ()))
            mark = "-" if not found else "ok" if all(found) else f"{found.count(False)} FAIL"
            marks.append(mark.center(len(head)))
        lines.append("  ".join([row.ljust(first), *marks]).rstrip())
    return lines


def _reason(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longrepr)[:400]
