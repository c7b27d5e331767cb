"""Gives the gateways one core and all that measures them another."""

from __future__ import annotations

import os
from pathlib import Path

from tianji_testkit import processes

_CORES = sorted(os.sched_getaffinity(0))
POSSIBLE = len(_CORES) > 1
GATEWAY_CORE = _CORES[0]
LOAD_CORE = _CORES[-1]


def pin(pid: int, core: int) -> None:
    """Keep a process, all that it started and all their threads on one core."""
    if not POSSIBLE:
        return
    for one in processes.tree(pid):
        try:
            for thread in Path(f"/proc/{one}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {core})
        except (FileNotFoundError, ProcessLookupError):
            continue
