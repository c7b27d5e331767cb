"""Remembers that NATS does not answer, so that requests need not find out by waiting."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

from tianji.obs.trouble import Trouble

_log = logging.getLogger(__name__)

FRESH_S = 0.2
"""An answer proves for this long that NATS answers."""


class Breaker:
    """Open while NATS does not answer: then nobody waits for it."""

    def __init__(self, connected: Callable[[], bool], clock: Callable[[], float] = monotonic) -> None:
        """`connected` says whether there is a connection: one that is lost is told by the bus."""
        self._clock = clock
        self._answered_at = -FRESH_S
        self._trouble = Trouble(
            _log,
            "NATS is connected but answers no look-up: keys that are in use here go on",
            "NATS answers look-ups again",
            explained=lambda: not connected(),
            clock=clock,
        )
        self.open = False
        """Whether NATS failed to answer when it was last asked."""

    @property
    def fresh(self) -> bool:
        """Whether NATS has answered just now."""
        return not self.open and self._clock() - self._answered_at < FRESH_S

    def failed(self) -> None:
        """Note that NATS did not answer."""
        self.open = True
        self._trouble.failed()

    def answered(self) -> None:
        """Note that NATS answered."""
        self.open = False
        self._answered_at = self._clock()
        self._trouble.over()
