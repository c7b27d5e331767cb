"""Remembers that NATS does not answer, so that one request finds out and the next ones need not wait."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic

_log = logging.getLogger(__name__)

PROBE_S = 1.0
"""How often NATS is asked again, beside the requests, while it does not answer."""

TELL_S = 5.0
"""A silence that lasts this long is told; a lost connection is told at once, and elsewhere."""


class Breaker:
    """Open while NATS does not answer: then nobody waits for it."""

    def __init__(self, connected: Callable[[], bool], clock: Callable[[], float] = monotonic) -> None:
        """`connected` says whether there is a connection: one that is lost is told by the bus."""
        self._connected = connected
        self._clock = clock
        self._since: float | None = None
        self._probe_at = 0.0
        self._told = False

    @property
    def open(self) -> bool:
        """Whether NATS failed to answer when it was last asked."""
        return self._since is not None

    def failed(self) -> None:
        """Note that NATS did not answer."""
        now = self._clock()
        if self._since is None:
            self._since = now
        self._probe_at = now + PROBE_S
        if not self._told and self._connected() and now - self._since >= TELL_S:
            self._told = True
            _log.warning("NATS is connected but answers no look-up: keys that are in use here go on")

    def answered(self) -> None:
        """Note that NATS answered."""
        self._since = None
        if self._told:
            self._told = False
            _log.info("NATS answers look-ups again")

    def probe_due(self) -> bool:
        """Say whether it is time to ask again; who is told so does it."""
        now = self._clock()
        if self._since is None or now < self._probe_at:
            return False
        self._probe_at = now + PROBE_S
        return True
