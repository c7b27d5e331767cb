"""The snapshot of now, and how long ago it was known to be current."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from time import monotonic

from tianji.errors import Unavailable
from tianji_gateway.snapshot.model import Snapshot
from tianji_gateway.snapshot.params import number_of

LEAST_AGE_S = 10.0
"""A healthy gateway knows every three seconds that it is current; a shorter limit would refuse at random."""


class Holder:
    """Holds the current snapshot; replaced in one assignment."""

    def __init__(self, max_age_s: float | None = None, clock: Callable[[], float] = monotonic) -> None:
        """`max_age_s` goes before `general_settings.max_snapshot_age`; neither means no limit."""
        self._max_age_s = max_age_s
        self._clock = clock
        self._current: Snapshot | None = None
        self._current_at = -math.inf
        self._limit_s: float | None = None
        self.ready = asyncio.Event()
        """Set once there is a snapshot, from then on for ever."""

    @property
    def current(self) -> Snapshot:
        """Return the snapshot of now; take it once per request.

        Raises Unavailable before the first, and when it is older than the operator allows.
        """
        if self._current is None:
            raise Unavailable("this gateway has no configuration yet: it has not reached the control plane")
        if self.too_old:
            raise Unavailable(
                f"this gateway has had no news of keys and configuration for {self.age_s:.0f} s; "
                f"max_snapshot_age lets it serve for {self._limit_s:g} s without"
            )
        return self._current

    @property
    def revision(self) -> int:
        """The revision of now, 0 before the first."""
        return self._current.revision if self._current else 0

    @property
    def age_s(self) -> float:
        """Return how long ago what is served was known to be current; infinite when it never was."""
        return self._clock() - self._current_at

    @property
    def too_old(self) -> bool:
        """Whether the snapshot may not be served from any more."""
        return self._limit_s is not None and self.age_s > self._limit_s

    def swap(self, snapshot: Snapshot) -> None:
        """Serve from `snapshot` from now on."""
        limit_s = self._max_age_s or number_of(snapshot.settings.general.get("max_snapshot_age"))
        self._limit_s = max(limit_s, LEAST_AGE_S) if limit_s else None
        self._current = snapshot
        self.ready.set()

    def confirm(self, age_s: float = 0.0) -> None:
        """Note that what is served is current, or was `age_s` ago."""
        self._current_at = max(self._current_at, self._clock() - age_s)
