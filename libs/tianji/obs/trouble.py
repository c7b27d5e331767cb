"""A fault that goes on: told when it lasts, unless it follows from one that was told already."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

Explained = Callable[[], bool]
"""Says whether a server is away now, which is told once, by whoever keeps the connection."""

LASTS_S = 5.0
"""Longer than it takes to notice that a server is away or stands still: that is told elsewhere."""


def unexplained() -> bool:
    """Say that nothing explains a fault."""
    return False


class Trouble:
    """What keeps one piece of work from going on."""

    def __init__(
        self,
        log: logging.Logger,
        begins: str,
        ends: str,
        *,
        explained: Explained = unexplained,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`begins` and `ends` are the lines."""
        self._log = log
        self._begins = begins
        self._ends = ends
        self._explained = explained
        self._clock = clock
        self._since: float | None = None
        self._told = False

    def failed(self, fault: BaseException | None = None) -> None:
        """Note that it failed (again)."""
        now = self._clock()
        if self._explained():
            self._since = None  # what lasts beyond the explanation counts from its end
        elif self._since is None:
            self._since = now
        lasts = self._since is not None and now - self._since >= LASTS_S
        level = logging.WARNING if lasts and not self._told else logging.DEBUG
        self._told |= lasts
        self._log.log(level, self._begins, extra={"fault": " ".join(str(fault).split())} if fault else None)

    def over(self) -> None:
        """Note that it works."""
        self._since = None
        if self._told:
            self._told = False
            self._log.info(self._ends)
