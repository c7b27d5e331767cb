"""The configuration as it comes from NATS: all of it, then every change, revision by revision.

One session is one watch. It reads everything at its start, so that nothing depends on what
happened before it: a restarted, replaced or emptied NATS is one more session.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from tianji.bus.client import Bus
from tianji.bus.subjects import CONFIG_BUCKET
from tianji.bus.watch import Watch
from tianji.domain.snapshot import HEAD
from tianji.errors import Unavailable
from tianji.obs import metrics
from tianji_gateway.snapshot.apply import Revision, Staging

_log = logging.getLogger(__name__)

POLL_S = 3.0
"""How often the head is read past the watch: the watch is believed only as far as that agrees."""

Apply = Callable[[Revision], Awaitable[bool]]
"""Makes a revision the current one; returns whether it is."""


class ConfigFollower:
    """Follows the CONFIG bucket."""

    def __init__(self, bus: Bus, apply: Apply) -> None:
        self._bus = bus
        self._apply = apply
        self.synced = asyncio.Event()
        """Set while what NATS holds now is what is served."""
        self.filled = False
        """Whether the NATS of now holds a head: the control plane has filled it."""
        self.sequence = 0
        """The last sequence of the bucket that is acted on; 0 while no watch is up."""
        self.on_sequence: Callable[[], None] = lambda: None
        """Called when `sequence` has changed."""
        self.on_current: Callable[[], None] = lambda: None
        """Called when what is served was found to be what NATS holds."""
        self._refused = ""

    async def follow(self) -> None:
        """Apply revision after revision for as long as the watch lasts; ends by raising Unavailable."""
        try:
            async with self._bus.watch(CONFIG_BUCKET) as watch:
                await self._session(watch, Staging())
        finally:
            self.filled = False
            self.synced.clear()
            self._say(0)

    async def _session(self, watch: Watch, staging: Staging) -> None:
        loop = asyncio.get_running_loop()
        complete: Revision | None = None
        poll_at, owed = loop.time() + POLL_S, 0
        while True:
            if complete is not None and not watch.waiting:
                await self._act_on(complete)
                complete = None
            entry = await watch.next(within_s=max(0.0, poll_at - loop.time()))
            if entry is None:
                owed = await self._poll(staging, owed)
                poll_at = loop.time() + POLL_S
                continue
            revision = staging.take(entry.name, entry.value, entry.sequence)
            complete = revision or complete
            if entry.name == HEAD:
                self.filled = entry.value is not None
                if revision is None:
                    self._refuse(staging.waiting_for)

    async def _act_on(self, revision: Revision) -> None:
        self._refused = ""
        if await self._apply(revision):
            self.synced.set()
            self._current()
            self._say(revision.sequence)
        else:
            self.synced.clear()

    async def _poll(self, staging: Staging, owed: int) -> int:
        """Compare the head with what the watch has brought; return the sequence that it still owes.

        A head that the watch still owes at the next poll was lost: then the session ends.
        """
        found = await self._bus.kv_get(CONFIG_BUCKET, HEAD)
        if staging.sequence < owed:
            raise Unavailable("watching CONFIG: a revision was missed")
        sequence = found[1] if found else 0
        if sequence > staging.sequence:
            return sequence
        if staging.waiting_for and self.filled:
            self._refuse(staging.waiting_for)
        elif self.synced.is_set():
            self._current()
        return 0

    def _refuse(self, why: str) -> None:
        """Count and tell once that what is published is not a complete revision."""
        if why != self._refused:
            self._refused = why
            metrics.config_build_failures.inc()
            _log.error("the published configuration is not taken: %s", why)

    def _current(self) -> None:
        metrics.snapshot_taken_at.set(time.time())
        self.on_current()

    def _say(self, sequence: int) -> None:
        self.sequence = sequence
        self.on_sequence()
