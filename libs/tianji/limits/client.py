"""Redis: the only caller of it. One connection, one message at a time, every wait bounded.

One connection keeps messages in order; a message that a server, stopped for a while, reads when a
later one has been done, is told by its number and does nothing.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import MovedError, NoScriptError, RedisError

from tianji.limits import keys
from tianji.limits.scripts import EPOCH, TRADE, Script
from tianji.limits.trades import (
    Answer,
    BudgetOp,
    BudgetReply,
    EpochChanged,
    Op,
    ParallelReply,
    RateOp,
    RateReply,
    Reply,
    StoreAway,
)
from tianji.obs import metrics

_log = logging.getLogger(__name__)

WAIT_S = 0.25
"""The longest that a message may take, connecting included; a request waits for it once."""
ALIVE_S = 5.0
"""How long a process counts as alive that says nothing."""


class RedisLink:
    """One connection to Redis, made anew after each fault; commands in order."""

    def __init__(self, url: str, name: str, wait_s: float = WAIT_S) -> None:
        """`name` is what Redis shows of the connection."""
        self._url = url
        self._options: dict[str, Any] = {
            "client_name": name, "retry": Retry(NoBackoff(), 0), "socket_timeout": wait_s,
            "socket_connect_timeout": wait_s, "health_check_interval": 0, "protocol": 2,
        }  # fmt: skip
        self._pool = ConnectionPool.from_url(url, **self._options)
        self._connection: AbstractConnection | None = None
        self._wait_s = wait_s
        self.where = urlsplit(url).hostname or "Redis"
        self.run_id = ""
        """Which run of the server it is; told with each new connection."""
        self.policy = ""
        """What the server does when its memory is full."""

    async def connect(self) -> bool:
        """Have a connection; return whether it is a new one."""
        if self._connection is not None:
            return False
        connection = self._pool.make_connection()
        self._connection = connection
        await connection.connect()
        await connection.send_command("INFO")
        said = dict(
            line.split(":", 1)
            for line in (await connection.read_response()).decode().split("\r\n")
            if ":" in line
        )
        self.run_id = said.get("run_id", "")
        self.policy = said.get("maxmemory_policy", "") if said.get("maxmemory", "0") != "0" else ""
        return True

    async def run(self, script: Script, names: Sequence[str], args: Sequence[Any]) -> Any:
        """Run a script on the connection that is there, with its text where Redis has it not."""
        assert self._connection is not None
        try:
            return await self._send("EVALSHA", script.sha, len(names), *names, *args)
        except NoScriptError:
            return await self._send("EVAL", script.text, len(names), *names, *args)

    def move(self, host: str, port: int) -> None:
        """Go to another node of a cluster with the next connection."""
        self._pool = ConnectionPool.from_url(self._url, **self._options)
        self._pool.connection_kwargs |= {"host": host, "port": port}

    async def drop(self) -> None:
        """Cut the connection; what was sent may still be done."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)

    async def _send(self, *command: Any) -> Any:
        connection = self._connection
        assert connection is not None
        await connection.send_command(*command, check_health=False)
        return await connection.read_response()


class RedisStore:
    """The shared store of all gateway processes, in Redis."""

    def __init__(
        self,
        url: str,
        process: str,
        *,
        barrier_s: float,
        wait_s: float = WAIT_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`process` must name this process only; `barrier_s` is how long a new data set grants little."""
        self._link = RedisLink(url, f"tianji-{process}", wait_s)
        self._process = process
        self._barrier_s = barrier_s
        self._wait_s = wait_s
        self._sequence = int(clock() * 1000)
        self._down = False
        self.epoch = ""
        self.calls = 0
        """Scripts sent so far."""

    async def trade(self, ops: list[tuple[str, Op]]) -> Answer:
        """Do all of `ops` in one script."""
        try:
            async with asyncio.timeout(self._wait_s):
                answer = await self._trade(ops)
        except MovedError as moved:
            self._link.move(moved.host, moved.port)
            await self._lost(moved)
            raise StoreAway("Redis is a cluster, another node of it is asked from now on") from None
        except (RedisError, OSError, TimeoutError, ValueError) as fault:
            await self._lost(fault)
            raise StoreAway(f"Redis at {self._link.where} does not answer") from None
        except asyncio.CancelledError:
            await self._link.drop()  # its answer must not be taken for the next one's
            raise
        if self._down:
            self._down = False
            _log.info("Redis at %s answers again: limits are shared again", self._link.where)
        metrics.server_up.labels(server="redis").set(1)
        return answer

    async def close(self) -> None:
        """Cut the connection."""
        await self._link.drop()

    async def _trade(self, ops: list[tuple[str, Op]]) -> Answer:
        if await self._link.connect():
            self._warn_of_eviction()
            await self._enter()
        names = [keys.EPOCH, keys.sequence(self._process), keys.ALIVE, *(key for key, _ in ops)]
        for key, op in ops:
            if isinstance(op, RateOp) and op.part is not None:
                names += keys.part(key, op.part.name), keys.active(key)
        packed = msgspec.msgpack.encode([op for _, op in ops])
        while True:
            self._sequence += 1
            self._count()
            said = await self._link.run(
                TRADE, names, [self._process, self._sequence, self.epoch, self._barrier_s, ALIVE_S, packed]
            )
            status, *rest = msgspec.msgpack.decode(said)
            if status == "done":
                live, time_ms, replies = rest
                return Answer(
                    [_reply(op, got) for (_, op), got in zip(ops, replies, strict=True)],
                    live,
                    time_ms,
                    self.epoch,
                )
            if status == "stale":
                self._sequence = int(rest[0])
            else:
                await self._enter()

    async def _enter(self) -> None:
        """Learn the epoch. Raises EpochChanged when it is another one."""
        self._count()
        link = self._link
        epoch = (await link.run(EPOCH, [keys.EPOCH], [secrets.token_hex(4), link.run_id])).decode()
        if epoch != self.epoch:
            self.epoch = epoch
            raise EpochChanged(epoch)

    def _count(self) -> None:
        self.calls += 1
        metrics.limit_store_calls.inc()

    async def _lost(self, fault: BaseException) -> None:
        await self._link.drop()
        metrics.server_up.labels(server="redis").set(0)
        if not self._down:
            self._down = True
            _log.warning(
                "Redis at %s does not answer (%s): limits go by what this process holds",
                self._link.where,
                type(fault).__name__,
            )

    def _warn_of_eviction(self) -> None:
        if self._link.policy not in ("", "noeviction"):
            _log.warning(
                "Redis at %s drops keys when its memory is full (maxmemory-policy %s), "
                "so that budgets could be forgotten: set it to noeviction",
                self._link.where,
                self._link.policy,
            )


def _reply(op: Op, got: list[Any]) -> Reply:
    if isinstance(op, BudgetOp):
        return msgspec.convert(got, BudgetReply, strict=False)
    if isinstance(op, RateOp):
        return msgspec.convert(got, RateReply, strict=False)
    return msgspec.convert(got, ParallelReply, strict=False)
