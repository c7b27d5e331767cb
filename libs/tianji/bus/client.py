"""One connection to NATS per process: made in the background, kept for ever.

nats-py reconnects by itself; what it cannot do (come up without a server, survive a refused
password) is done here. Every conversation has a deadline and fails with `Unavailable`; without
a connection it fails at once instead of waiting in a buffer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from tianji.bus import layout, subjects
from tianji.bus.faults import Conversations
from tianji.bus.transport import Transport
from tianji.bus.watch import DELETIONS, OPERATION, Watch
from tianji.domain.fleet import FleetReport
from tianji.errors import Unavailable
from tianji.obs import metrics
from tianji.obs.supervised import stop

_log = logging.getLogger(__name__)

RETRY_S = 0.25
CONNECT_S = 2
PING_S = 1
"""A connection that is open but dead, to a stopped server say, is given up after two missed pings."""

READ_S = 1.0
WRITE_S = 5.0
LAYOUT_S = 15.0
CLOSE_S = 2.0


class Bus:
    """The process's connection to NATS. Make it with `Bus.connect`."""

    def __init__(self, url: str, name: str) -> None:
        """Use `connect`: this alone does not start to connect."""
        self._url = url
        self._name = name
        self._where = urlsplit(url).hostname or "NATS"
        self._client = Client()
        self._up = asyncio.Event()
        self._lost = asyncio.Event()
        self._conversations = Conversations()
        self._callbacks: list[Callable[[], None]] = []
        self._keeper: asyncio.Task[None] | None = None
        self._said_down = False
        self._tried = False

    @classmethod
    async def connect(cls, url: str, name: str) -> Bus:
        """Return at once, also when NATS is down; connecting goes on for ever in the background.

        User and password are part of the URL; several servers are separated by commas.
        """
        bus = cls(url, name)
        bus._keeper = asyncio.create_task(bus._keep(), name="bus")
        return bus

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._up.is_set()

    @property
    def nc(self) -> Client:
        """The nats-py client of now; ask again after each reconnect, it may be another one."""
        return self._client

    @property
    def js(self) -> JetStreamContext:
        """JetStream on the connection of now. Raises Unavailable without one."""
        self._require()
        return self._client.jetstream(timeout=WRITE_S)

    async def wait_connected(self, timeout_s: float) -> bool:
        """Wait for the connection; return whether it is there."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._up.wait()
        except TimeoutError:
            return False
        return True

    def on_reconnect(self, callback: Callable[[], None]) -> None:
        """Have `callback` called each time a connection is made, the first included.

        It is called at once when there is one already. It must return quickly: set an event.
        """
        self._callbacks.append(callback)
        if self.connected:
            callback()

    def talk(self, what: str, timeout_s: float) -> AbstractAsyncContextManager[None]:
        """Bound a conversation: `async with bus.talk("fetching", 5): await subscription.fetch()`.

        Raises Unavailable for every error of nats-py, at the deadline, and at once when the
        connection is lost meanwhile.
        """
        return self._conversations.bounded(what, timeout_s)

    async def ensure_layout(self) -> None:
        """Make or update all streams and buckets; call it again on reconnect: NATS may be new."""
        js = self.js
        async with self.talk("layout", LAYOUT_S):
            await layout.ensure(js)

    async def kv_get(self, bucket: str, name: str, timeout_s: float = READ_S) -> tuple[bytes, int] | None:
        """Return a value and its stream sequence, None when there is no such name.

        Raises Unavailable when NATS cannot tell: also when the bucket itself is not there.
        """
        js = self.js
        async with self.talk(f"reading {bucket}", timeout_s):
            try:
                found = await js.get_msg(f"KV_{bucket}", subject=f"$KV.{bucket}.{name}", direct=True)
            except NotFoundError:
                return None
        if found.headers and found.headers.get(OPERATION) in DELETIONS:
            return None
        return found.data or b"", found.seq or 0

    async def kv_put(self, bucket: str, name: str, value: bytes, timeout_s: float = WRITE_S) -> int:
        """Write a value and return its stream sequence."""
        return await self._kv_write(bucket, name, value, None, timeout_s)

    async def kv_delete(self, bucket: str, name: str, timeout_s: float = WRITE_S) -> int:
        """Delete a name, there or not, and return the stream sequence of the deletion."""
        headers = {OPERATION: "DEL", "Nats-TTL": f"{layout.DELETED_S}s"}
        return await self._kv_write(bucket, name, b"", headers, timeout_s)

    async def kv_all(self, bucket: str, timeout_s: float = 30.0) -> dict[str, tuple[bytes, int]]:
        """Return all names of a bucket with value and stream sequence, as of one moment."""
        found: dict[str, tuple[bytes, int]] = {}
        async with self.talk(f"reading all of {bucket}", timeout_s), self.watch(bucket) as watch:
            while not watch.caught_up:
                entry = await watch.next()
                if entry is None:
                    continue
                if entry.value is None:
                    found.pop(entry.name, None)
                else:
                    found[entry.name] = (entry.value, entry.sequence)
        return found

    async def last_sequence(self, bucket: str, timeout_s: float = READ_S) -> int:
        """Return the sequence of the last write to a bucket."""
        js = self.js
        async with self.talk(f"state of {bucket}", timeout_s):
            return int((await js.stream_info(f"KV_{bucket}")).state.last_seq)

    def watch(self, bucket: str, *, only_new: bool = False) -> Watch:
        """Follow a bucket: all it holds, then every change; or only the changes from now on.

        Use it as `async with`. It raises Unavailable as soon as it may have missed something.
        """
        return Watch(self, bucket, only_new=only_new)

    async def request(self, subject: str, body: bytes, timeout_s: float = READ_S) -> bytes:
        """Ask whoever serves a subject. Raises Unavailable, at once where nobody does."""
        self._require()
        async with self.talk(f"asking {subject}", timeout_s):
            return bytes((await self._client.request(subject, body, timeout=timeout_s)).data)

    async def publish_fleet(self, report: FleetReport) -> None:
        """Say what a gateway has applied; not stored and not acknowledged, so repeat it."""
        self._require()
        async with self.talk("fleet report", READ_S):
            await self._client.publish(subjects.fleet_subject(report.gateway_id), msgspec.json.encode(report))

    async def wait_lost(self) -> None:
        """Return as soon as the connection of now is lost."""
        await self._lost.wait()

    async def close(self, timeout_s: float = CLOSE_S) -> None:
        """Send what is written and close; give up politeness after `timeout_s`."""
        self._said_down = True  # a connection that is closed on purpose is not a lost one
        if self._keeper is not None:
            await stop([self._keeper])
            self._keeper = None
        if not self._tried:
            return  # nats-py cannot close what never began to connect
        try:
            async with self.talk("closing", timeout_s):
                await self._client.close()
        except Unavailable:
            _log.warning("the connection to NATS did not close within %s s", timeout_s)
        self._went_down()

    async def _kv_write(
        self, bucket: str, name: str, value: bytes, headers: dict[str, str] | None, timeout_s: float
    ) -> int:
        js = self.js
        async with self.talk(f"writing {bucket}", timeout_s):
            ack = await js.publish(f"$KV.{bucket}.{name}", value, timeout=timeout_s, headers=headers)
        return int(ack.seq)

    async def _keep(self) -> None:
        """Connect; begin anew with a fresh client where nats-py gives a connection up."""
        while True:
            self._client = Client()
            if not self._url.startswith(("ws:", "wss:")):
                self._client._transport = Transport()
            closed = asyncio.Event()
            self._tried = True
            await self._open(closed)
            await closed.wait()
            self._went_down()
            await asyncio.sleep(RETRY_S)

    async def _open(self, closed: asyncio.Event) -> None:
        async def on_closed() -> None:
            closed.set()

        async def on_lost() -> None:
            self._went_down()

        async def on_back() -> None:
            self._came_up()

        async def on_error(fault: Exception) -> None:
            self._say_down(fault)

        try:
            await self._client.connect(
                self._url.split(","),
                name=self._name,
                error_cb=on_error,
                disconnected_cb=on_lost,
                reconnected_cb=on_back,
                closed_cb=on_closed,
                connect_timeout=CONNECT_S,
                reconnect_time_wait=RETRY_S,  # type: ignore[arg-type]  # it is slept as it is
                max_reconnect_attempts=-1,
                ping_interval=PING_S,
            )
        except Exception as fault:  # noqa: BLE001  # supervised loop: told, counted, begun anew
            metrics.loop_failures.labels(loop="bus").inc()
            self._say_down(fault)
            closed.set()
        else:
            self._came_up()

    def _came_up(self) -> None:
        self._lost = asyncio.Event()
        self._said_down = False
        self._up.set()
        _log.info("connected to NATS at %s", self._where)
        for callback in self._callbacks:
            callback()

    def _went_down(self) -> None:
        if self._up.is_set():
            self._up.clear()
            self._lost.set()
            self._conversations.abandon()
            self._say_down(None)

    def _say_down(self, fault: Exception | None) -> None:
        """Log one line per change of state: retries that fail like the first are not told again."""
        if self._said_down or self._up.is_set():
            return
        self._said_down = True
        # Only these say no more than address and cause; another may quote the URL with its password.
        plain = isinstance(fault, OSError | nats.errors.Error)
        why = f" ({fault if plain else type(fault).__name__})" if fault else ""
        _log.warning("no connection to NATS at %s%s; trying on", self._where, why)

    def _require(self) -> None:
        if not self.connected:
            raise Unavailable("NATS is not reachable")
