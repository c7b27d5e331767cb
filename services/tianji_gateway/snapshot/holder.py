"""The snapshot of now."""

from __future__ import annotations

import asyncio

from tianji.errors import Unavailable
from tianji_gateway.snapshot.model import Snapshot


class Holder:
    """Holds the current snapshot; replaced in one assignment."""

    def __init__(self) -> None:
        self._current: Snapshot | None = None
        self.ready = asyncio.Event()
        """Set once there is a snapshot, from then on for ever."""

    @property
    def current(self) -> Snapshot:
        """Return the snapshot of now; take it once per request. Raises Unavailable before the first."""
        if self._current is None:
            raise Unavailable("this gateway has no configuration yet: it has not reached the control plane")
        return self._current

    @property
    def revision(self) -> int:
        """The revision of now, 0 before the first."""
        return self._current.revision if self._current else 0

    def swap(self, snapshot: Snapshot) -> None:
        """Serve from `snapshot` from now on."""
        self._current = snapshot
        self.ready.set()
