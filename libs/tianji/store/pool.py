"""The pool of connections to Postgres."""

from __future__ import annotations

import asyncio
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

import msgspec
from psycopg import AsyncConnection, OperationalError
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from tianji.errors import Unavailable
from tianji.obs import supervised
from tianji.obs.supervised import Faults, stop
from tianji.store.presence import CONNECT_TIMEOUT_S, Presence
from tianji.store.rows import Connection

OUTAGES: Faults = (*supervised.OUTAGES, OperationalError)
"""What says that Postgres or another server is away."""

STATEMENT_TIMEOUT_S = 30
WAIT_FOR_CONNECTION_S = 5
RECONNECT_S = 2
"""The pool waits twice as long after each vain attempt, and begins anew on demand after so long."""

_AWAY = "The database cannot be reached; try again in a moment"


class Store:
    """A bounded pool; connections live in UTC and give up on statements that take too long."""

    def __init__(self, url: str, *, size: int = 10, statement_timeout_s: float = STATEMENT_TIMEOUT_S) -> None:
        self.url = url
        self._presence = Presence(url)
        self._watching: asyncio.Task[None] | None = None
        self._statement_timeout_ms = int(statement_timeout_s * 1000)
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            kwargs={"autocommit": True, "connect_timeout": CONNECT_TIMEOUT_S},
            configure=self._configure,
            min_size=1,
            max_size=size,
            timeout=WAIT_FOR_CONNECTION_S,
            reconnect_timeout=RECONNECT_S,
            open=False,
        )
        self._held: ContextVar[Connection | None] = ContextVar("held", default=None)

    @property
    def away(self) -> bool:
        """Whether Postgres does not answer, which has been told in one line."""
        return self._presence.away

    async def open(self) -> None:
        """Wait for Postgres, as long as it takes, and open the pool."""
        if self._watching is None:
            self._watching = asyncio.create_task(self._presence.run(), name="postgres")
        await self._presence.wait()
        await self._pool.open(wait=True, timeout=CONNECT_TIMEOUT_S * 2)

    async def close(self) -> None:
        """Close the pool and its connections."""
        if self._watching is not None:
            await stop([self._watching])
        await self._pool.close(timeout=CONNECT_TIMEOUT_S)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection in autocommit mode.

        Raises Unavailable when none comes free in time, and where this one is lost meanwhile.
        """
        if (held := self._held.get()) is not None:
            yield held
            return
        try:
            connection = await self._open_one()
        except PoolTimeout:
            raise Unavailable(_AWAY) from None
        try:
            yield connection
        except OperationalError as fault:
            if connection.closed:
                raise Unavailable(_AWAY) from fault
            raise
        finally:
            await self._pool.putconn(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a transaction: committed at the end, undone by an exception."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a transaction, and the same one to all that this task does meanwhile."""
        async with self.transaction() as connection:
            before = self._held.set(connection)
            try:
                yield connection
            finally:
                self._held.reset(before)

    @property
    def holding(self) -> bool:
        """Whether what this task writes now is committed later, by whoever holds the connection."""
        return self._held.get() is not None

    async def alive(self) -> bool:
        """Say whether Postgres answers now."""
        if self.away:
            return False  # asked, one that stands still would keep us until it goes on
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S), self.connection() as connection:
                await connection.execute("SELECT 1")
        except (OperationalError, Unavailable, TimeoutError):
            return False
        return True

    @asynccontextmanager
    async def dedicated(self) -> AsyncIterator[Connection]:
        """Open a connection outside the pool, for session locks and LISTEN."""
        connection = await connect(self.url)
        try:
            await self._configure(connection)
            yield connection
        finally:
            await connection.close()

    async def _open_one(self) -> Connection:
        """Take a connection out of the pool, and those out of it that died with an earlier server."""
        while True:
            connection = await self._pool.getconn()
            if _is_open(connection):
                return connection
            await self._pool.putconn(connection)

    async def _configure(self, connection: Connection) -> None:
        set_json_loads(msgspec.json.decode, connection)
        await connection.execute("SET TIME ZONE 'UTC'")
        # Queries with optional filters are planned for what is asked; quick ones need no compiler.
        await connection.execute("SET plan_cache_mode = force_custom_plan")
        await connection.execute("SET jit = off")
        # Sums of a month by key, user and model at once stay in memory.
        await connection.execute("SET work_mem = '16MB'")
        await connection.execute(
            "SELECT set_config('statement_timeout', %s, false)", [str(self._statement_timeout_ms)]
        )


def _is_open(connection: Connection) -> bool:
    """Say whether an idle connection's server is still there, without asking it.

    What a server that went away has left behind has a last word and its end to read; a good one, as a
    rule, has nothing.
    """
    if connection.closed:
        return False
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    try:
        while waiting.poll(0):
            connection.pgconn.consume_input()
    except OperationalError:
        return False
    return True


async def connect(url: str) -> Connection:
    """Open one connection in autocommit mode."""
    return await AsyncConnection.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)
