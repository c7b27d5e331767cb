"""What is measured of processes, and how figures are shown."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from tianji_testkit import processes

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int) -> float:
    """Return the memory that a process and all it started hold, each page counted once."""
    return sum(_pss_kib(one) for one in processes.tree(pid)) / 1024


def cpu_s(pid: int) -> float:
    """Return the processor time that a process and all it started have used."""
    used = 0.0
    for one in processes.tree(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        used += (int(fields[11]) + int(fields[12])) * _TICK_S
    return used


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all does not pass."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]


def spread_ms(seconds: Sequence[float]) -> str:
    """Show durations."""
    p50, p99, worst = quantile(seconds, 0.5) * 1e3, quantile(seconds, 0.99) * 1e3, max(seconds) * 1e3
    return f"p50 {p50:.3f} ms, p99 {p99:.3f} ms, worst {worst:.1f} ms"


class Table:
    """Figures, printed as they come."""

    def __init__(self, title: str) -> None:
        self._began = time.monotonic()
        print(f"\n{title}", flush=True)

    def row(self, name: str, figure: str) -> None:
        """Show one figure."""
        print(f"  {time.monotonic() - self._began:6.1f} s  {name:<58} {figure}", flush=True)


def _pss_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
