"""Signals to process trees: a server's helpers and a gateway's workers are hit with it."""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from pathlib import Path


def children() -> dict[int, list[int]]:
    """Return who started whom, over the whole machine."""
    found: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            found[int(fields[1])].append(int(stat.parent.name))
    return found


def tree(pid: int) -> list[int]:
    """Return a process and all that it started, the oldest first."""
    below = children()
    found = [pid]
    for one in found:
        found += below[one]
    return found


def send(pids: list[int], number: signal.Signals) -> None:
    """Signal all that are still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass
