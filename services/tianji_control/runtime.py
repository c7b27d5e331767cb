"""What the parts of a control plane share: built once, passed explicitly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tianji.bus.client import Bus
from tianji.domain.sealed import Sealer
from tianji.errors import Unavailable
from tianji.obs.supervised import Work, forever, retried, stop
from tianji.store import migrate
from tianji.store.pool import OUTAGES, Store
from tianji_control import config_file, idempotency
from tianji_control.access.permits import Actor
from tianji_control.access.roles import Role
from tianji_control.change import Change
from tianji_control.config_file import FileConfig
from tianji_control.publish.confirm import Confirmation
from tianji_control.publish.fleet import Fleet
from tianji_control.publish.publisher import Publisher
from tianji_control.resources.config.apply import Applied, apply
from tianji_control.resources.prices import service as prices
from tianji_control.settings import ControlSettings

log = logging.getLogger(__name__)

FILE = Actor(role=Role.PROXY_ADMIN, user_id="config file")
"""Who changes what the config file changes."""


class Runtime:
    """The connections and services of one process."""

    def __init__(self, settings: ControlSettings, bus: Bus, file: FileConfig) -> None:
        self.settings = settings
        self.bus = bus
        self.file = file
        self.store = Store(settings.database_url, size=settings.database_pool)
        self.publisher = Publisher(self.store, bus)
        self.fleet = Fleet(bus)
        self.confirmation = Confirmation(self.store, bus, self.publisher, self.fleet)
        bus.on_reconnect(self.publisher.suspect)
        self.started = asyncio.Event()
        self._reload_wanted = asyncio.Event()
        self._told: set[str] = set()
        self._reloading = asyncio.Lock()

    @property
    def sealer(self) -> Sealer:
        """Seals the credentials of deployments."""
        return self.file.sealer

    def require_started(self) -> None:
        """Raise Unavailable while the control plane is not ready for requests."""
        if not self.started.is_set():
            raise Unavailable("The control plane is starting: it waits for its database")

    def want_reload(self) -> None:
        """Have the config file read again soon; safe to call from a signal handler of the loop."""
        self._reload_wanted.set()

    async def reload(self) -> tuple[Applied, list[int]]:
        """Read the config file again and store what changed; return that, and the notes to wait for.

        Raises ConfigRefused for a file with errors, which changes nothing.
        """
        async with self._reloading:
            file = await config_file.read(self.settings)
            self._tell_warnings(file)
            async with self.store.transaction() as db:
                change = Change(db, FILE)
                applied = await apply(change, file)
            self.file = file
            return applied, change.notes

    def background(self) -> list[asyncio.Task[None]]:
        """Start what goes on beside the requests; the caller stops it."""
        loops: dict[str, Work] = {
            "publisher": self._when_started(self.publisher.run),
            "fleet": self.fleet.run,
            "reload": self._when_started(self._reload_on_demand),
            "prices": self._when_started(self._reload_prices),
            "kept answers": self._when_started(lambda: idempotency.purge(self.store)),
        }
        return [
            asyncio.create_task(self._start(), name="start"),
            *(
                asyncio.create_task(forever(name, work, outages=OUTAGES, explained=self.cut_off))
                for name, work in loops.items()
            ),
        ]

    async def _reload_prices(self) -> None:
        await prices.reload_when_due(self.store, self.settings.model_cost_map_url)

    def cut_off(self) -> bool:
        """Say whether Postgres or NATS is away."""
        return self.store.away or not self.bus.connected

    async def _start(self) -> None:
        """Get ready for requests; a database that cannot be brought up to date is tried again."""
        await retried("start", self._prepare, outages=OUTAGES, explained=lambda: self.store.away)
        self.started.set()

    async def _prepare(self) -> None:
        await self.store.open()
        await asyncio.to_thread(migrate.up, self.settings.database_url)
        await self.reload()

    def _when_started(self, work: Work) -> Work:
        async def wait() -> None:
            await self.started.wait()
            await work()

        return wait

    async def _reload_on_demand(self) -> None:
        while True:
            await self._reload_wanted.wait()
            self._reload_wanted.clear()
            try:
                applied, _ = await self.reload()
            except config_file.ConfigRefused as refused:
                log.error("config file refused; the configuration stays as it was\n%s", refused.message)
            else:
                log.info("config file read again", extra=applied.counts())

    def _tell_warnings(self, file: FileConfig) -> None:
        for warning in file.warnings:
            if warning not in self._told:
                log.warning("%s", warning)
        self._told = set(file.warnings)


@asynccontextmanager
async def running(settings: ControlSettings) -> AsyncIterator[Runtime]:
    """Run a control plane's background for as long as the context lasts."""
    file = await config_file.read(settings)
    bus = await Bus.connect(settings.nats_url, "control")
    runtime = Runtime(settings, bus, file)
    tasks = runtime.background()
    try:
        yield runtime
    finally:
        await stop(tasks)
        await runtime.store.close()
        await bus.close()
