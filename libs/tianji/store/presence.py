"""Whether Postgres is there: found out beside the work, and told in one line per change."""

from __future__ import annotations

import asyncio
import logging

from psycopg import AsyncConnection, Error, OperationalError

from tianji.obs import metrics
from tianji.store.rows import Connection

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 5
RETRY_S = 0.25
LOOK_EVERY_S = 2.0
ANSWER_S = 2.0
"""A server that takes this long to say 1 stands still."""


class Presence:
    """Watches Postgres over a connection of its own: one that is lost is noticed at once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._here = asyncio.Event()
        self._told = False

    @property
    def away(self) -> bool:
        """Whether Postgres was away, or stood still, when it was last asked."""
        return not self._here.is_set()

    async def wait(self) -> None:
        """Return once Postgres is there."""
        await self._here.wait()

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            try:
                await self._look_on(await self._connect())
            except (Error, OSError) as fault:
                self._went(fault)
            except Exception as fault:  # noqa: BLE001  a supervised loop: counted, told, begun anew
                metrics.loop_failures.labels("postgres").inc()
                self._went(fault)
            await asyncio.sleep(RETRY_S)

    async def _connect(self) -> Connection:
        """Connect so that the kernel gives the connection up when its other end has vanished."""
        return await AsyncConnection.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_TIMEOUT_S,
            tcp_user_timeout=10_000,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
        )

    async def _look_on(self, db: Connection) -> None:
        """Look again and again until the connection is lost; raises then."""
        try:
            while True:
                await self._look(db)
                # Nobody notifies it: this waits, and notices when the connection is lost.
                async for _ in db.notifies(timeout=LOOK_EVERY_S):
                    continue
        finally:
            await db.close()

    async def _look(self, db: Connection) -> None:
        asked = asyncio.create_task(_ask(db), name="postgres-presence")
        try:
            await asyncio.wait({asked}, timeout=ANSWER_S)
            if not asked.done():
                self._went(TimeoutError("it is connected and does not answer"))
            # Not given up: psycopg would wait for the server to take the statement back.
            await asked
        finally:
            asked.cancel()
        self._came()

    def _came(self) -> None:
        self._here.set()
        if self._told:
            self._told = False
            log.info("Postgres answers")

    def _went(self, fault: Exception) -> None:
        self._here.clear()
        if not self._told:
            self._told = True
            log.warning("waiting for Postgres", extra={"fault": _reason(fault)})


async def _ask(db: Connection) -> None:
    await db.execute("SELECT 1")


def _reason(fault: Exception) -> str:
    """Return why a connection failed, in one line; the driver's text never holds the password."""
    plain = isinstance(fault, OperationalError | OSError)
    return " ".join(str(fault).split()) if plain else type(fault).__name__
