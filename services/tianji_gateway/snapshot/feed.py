"""All of this package put together: start it, wait for `ready`, read `snapshots.current`."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tianji.bus.client import RETRY_S, Bus
from tianji.domain.fleet import FleetReport
from tianji.errors import Unavailable
from tianji.obs import metrics
from tianji.obs.supervised import stop
from tianji_gateway.snapshot.apply import Revision
from tianji_gateway.snapshot.build import Builder, BuildFailed
from tianji_gateway.snapshot.confirm import Confirmer
from tianji_gateway.snapshot.from_nats import ConfigFollower
from tianji_gateway.snapshot.holder import Holder
from tianji_gateway.snapshot.lookup import CAPACITY, KeyLookup
from tianji_gateway.snapshot.on_disk import OnDisk

_log = logging.getLogger(__name__)

Session = Callable[[], Awaitable[None]]

KEYS_ON_DISK = 5_000
KEEP_KEYS_EVERY_S = 2.0
"""A key that was used this long ago is on disk, also for the start after a `kill -9`."""
KEEP_AGE_EVERY_S = 10.0
LOOK_AGAIN_S = 30.0
START_S = 2.0
"""How long a start waits for NATS before it falls back on the copy on disk."""


class SnapshotFeed:
    """The configuration and the keys, kept true in the background."""

    def __init__(
        self,
        bus: Bus,
        builder: Builder,
        folder: Path,
        gateway_id: str,
        *,
        version: str = "",
        processes: int = 1,
        capacity: int = CAPACITY,
        max_age_s: float | None = None,
    ) -> None:
        """`folder` keeps the last good copy; `gateway_id` is unique per process.

        There are `processes` of one gateway; `capacity` counts keys, teams and users in memory;
        `max_age_s` is as in `Holder`.
        """
        self._bus = bus
        self._builder = builder
        self._disk = OnDisk(folder)
        self._gateway_id = gateway_id
        self._version = version
        self._processes = processes
        self._started_at = time.time()
        self._revision: Revision | None = None
        self._warnings: frozenset[str] = frozenset()
        self._applying = asyncio.Lock()
        self._swapped = asyncio.Event()
        self._saved: Revision | None = None
        self._keys_saved = 0
        self._tasks: list[asyncio.Task[None]] = []
        self.snapshots = Holder(max_age_s)
        """`snapshots.current` is the snapshot to serve from."""
        self._config = ConfigFollower(bus, self._apply)
        self.keys = KeyLookup(bus, lambda: self._config.filled, capacity)
        """Keys, teams and users."""
        self._confirmer = Confirmer(bus, self.report)
        self._config.on_sequence = self.keys.on_sequence = self._confirmer.changed
        self._config.on_current = self._known_current
        bus.on_reconnect(self.keys.reconnected)

    @property
    def ready(self) -> asyncio.Event:
        """Set once there is a snapshot to serve from."""
        return self.snapshots.ready

    @property
    def synced(self) -> bool:
        """Whether what is served is what NATS holds now."""
        return self._config.synced.is_set()

    @property
    def answered(self) -> bool:
        """Whether NATS, as far as there is a connection, answered when it was last asked."""
        return self.keys.answering

    def report(self) -> FleetReport:
        """Return what this process acts on now."""
        return FleetReport(
            gateway_id=self._gateway_id,
            revision=self.snapshots.revision,
            config_sequence=self._config.sequence,
            keys_sequence=self.keys.sequence,
            version=self._version,
            started_at=self._started_at,
            processes=self._processes,
        )

    async def start(self, patience_s: float = START_S) -> None:
        """Begin to follow NATS; return when in step with it, or with the copy on disk in its place.

        With neither there, it returns with `ready` not set, and sets it when NATS comes.
        """
        self.keys.remember(await asyncio.to_thread(self._disk.load_keys))
        self._tasks = [
            self._background("config", self._following(self._config.follow)),
            self._background("keys", self._following(self.keys.follow)),
            self._background("beat", self._following(self.keys.beat)),
            self._background("confirm", self._confirmer.run),
            self._background("config-on-disk", self._keep_config),
            self._background("keys-on-disk", self._keep_keys),
            self._background("age-on-disk", self._keep_age),
        ]
        try:
            async with asyncio.timeout(patience_s):
                await self._config.synced.wait()
        except TimeoutError:
            await self._start_from_disk()

    async def stop(self) -> None:
        """Tell the fleet, keep the keys in use, end. The bus stays open: it is the caller's."""
        await stop(self._tasks)
        self._tasks = []
        await self._confirmer.leave()
        await self._save_config()
        await self._save_keys()
        self._touch(self.snapshots.age_s)

    async def _start_from_disk(self) -> None:
        revision = await asyncio.to_thread(self._disk.load)
        if revision is not None and await self._apply(revision, only_first=True):
            self.snapshots.confirm(self._disk.age_s())
            _log.warning("NATS did not answer: serving revision %s from disk", revision.number)

    async def _apply(self, revision: Revision, *, only_first: bool = False) -> bool:
        """Build and swap. False: it cannot be built, and the one before stays in force."""
        async with self._applying:
            current = self._revision
            if current and current.number == revision.number and current.records == revision.records:
                return True
            if current and only_first:
                return False
            try:
                # In a thread: thousands of deployments take longer than a request may be held up.
                snapshot = await asyncio.to_thread(self._builder.build, revision)
            except BuildFailed as fault:
                metrics.config_build_failures.inc()
                _log.error("revision %s is not taken: %s", revision.number, fault.message)
                return False
            told = self._warnings
            self._revision, self._warnings = revision, frozenset(snapshot.warnings)
            self.snapshots.swap(snapshot)
        metrics.snapshot_revision.set(revision.number)
        _log.info("serving revision %s", revision.number)
        for warning in sorted(self._warnings - told):
            _log.warning("%s", warning)
        self._swapped.set()
        return True

    async def _keep_config(self) -> None:
        await self._swapped.wait()
        self._swapped.clear()
        await self._save_config()

    async def _save_config(self) -> None:
        """Keep the revision of now on disk, beside the request path and behind the confirmation."""
        revision = self._revision
        if revision is None or revision is self._saved:
            return
        try:
            await asyncio.to_thread(self._disk.save, revision)
        except OSError as fault:
            _log.warning("revision %s could not be kept on disk: %s", revision.number, fault.strerror)
        else:
            self._saved = revision

    async def _keep_age(self) -> None:
        await asyncio.sleep(KEEP_AGE_EVERY_S)
        self._touch(self.snapshots.age_s)

    def _touch(self, age_s: float) -> None:
        """Have the copy on disk say when it was last known to be current."""
        if self._saved is self._revision and math.isfinite(age_s):
            self._disk.touch(age_s)

    def _known_current(self) -> None:
        """Note that NATS holds what is served, and tells of changes of keys or can be asked for them."""
        if self.keys.following or self.keys.answering:
            self.snapshots.confirm()

    async def _keep_keys(self) -> None:
        await asyncio.sleep(KEEP_KEYS_EVERY_S)
        await self._save_keys()

    async def _save_keys(self) -> None:
        changes = self.keys.changes
        if changes == self._keys_saved:
            return
        seen = self.keys.seen(KEYS_ON_DISK)
        try:
            theirs = await asyncio.to_thread(self._disk.save_keys, seen, KEYS_ON_DISK, self.keys.knows)
        except BlockingIOError:
            return  # another process writes: the next time is soon
        except OSError as fault:
            _log.warning("the keys in use could not be kept on disk: %s", fault.strerror)
            return
        self._keys_saved = changes + self.keys.remember(theirs)

    def _following(self, follow: Session) -> Session:
        async def session() -> None:
            if await self._bus.wait_connected(LOOK_AGAIN_S):
                await follow()

        return session

    def _background(self, name: str, session: Session) -> asyncio.Task[None]:
        return asyncio.create_task(self._for_ever(name, session), name=f"snapshot-{name}")

    async def _for_ever(self, name: str, session: Session) -> None:
        """Begin one session after another: each that is lost, and each that is done."""
        while True:
            try:
                await session()
            except Unavailable as fault:
                _log.debug("%s: %s", name, fault.message)
            except Exception:  # noqa: BLE001  # supervised loop: logged, counted, begun anew
                metrics.loop_failures.labels(loop=f"snapshot-{name}").inc()
                _log.exception("the %s loop failed and begins anew", name)
            await asyncio.sleep(RETRY_S)
