"""What one gateway process opens at start and closes in reverse order at its end."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tianji import __version__
from tianji.bus.client import Bus
from tianji.domain.keys import hash_of
from tianji.domain.sealed import Sealer
from tianji.obs import logging as obs_logging
from tianji.providers import provider
from tianji.tokens.count import Counter
from tianji_gateway.access_log import AccessLog
from tianji_gateway.flow import observe
from tianji_gateway.flow.guesses import Guesses
from tianji_gateway.limits import seeds
from tianji_gateway.reach import Reach
from tianji_gateway.runtime import MEGABYTE, Runtime
from tianji_gateway.settings import GatewaySettings
from tianji_gateway.snapshot.build import Builder
from tianji_gateway.snapshot.feed import SnapshotFeed
from tianji_gateway.spool import Spool, SpoolSettings
from tianji_gateway.upstream.client import Client

_UNFIT = re.compile(r"[^A-Za-z0-9_-]")


@asynccontextmanager
async def process(settings: GatewaySettings) -> AsyncIterator[Runtime]:
    """Open everything, yield the runtime, close everything."""
    # With it comes the client of Redis, 9 MB that the process which starts the workers never needs.
    from tianji.limits.opening import open_limiter

    obs_logging.configure(settings.log_level, settings.log_format)
    process_id = _process_id(settings.gateway_id)
    home = Path(settings.home)
    async with AsyncExitStack() as stack:
        client = Client(trust_env=settings.upstream_trust_env, verify=settings.upstream_verify_tls)
        stack.push_async_callback(client.close)
        bus = await Bus.connect(settings.nats_url, process_id)
        stack.push_async_callback(bus.close)
        spool = Spool.open(home, process_id, SpoolSettings(failure_mode=settings.ledger_failure_mode))
        shipping = asyncio.create_task(spool.run(bus), name="spool")
        stack.push_async_callback(_ended, shipping)
        stack.push_async_callback(spool.close)
        builder = Builder(Sealer(settings.salt_key.reveal()), os.environ, provider)
        feed = SnapshotFeed(
            bus,
            builder,
            home / "snapshot",
            process_id,
            version=__version__,
            processes=settings.workers,
            capacity=settings.key_cache_size,
            max_age_s=settings.max_snapshot_age,
        )
        await feed.start()
        stack.push_async_callback(feed.stop)
        limiter = open_limiter(settings.redis_url, process_id, seeds.over(bus))
        limiter.start()
        stack.push_async_callback(limiter.close)
        redis = (lambda: limiter.connected) if settings.redis_url else None
        reach = Reach(client, settings.control_url, lambda: bus.connected and feed.answered, redis)
        looking = asyncio.create_task(reach.run(), name="reach")
        stack.push_async_callback(_ended, looking)
        stack.callback(observe.gathered.flush)
        access = None
        if logging.getLogger().isEnabledFor(logging.INFO):
            access = AccessLog(settings.log_format)
            stack.callback(access.flush)
        yield Runtime(
            settings=settings,
            process_id=process_id,
            snapshots=feed.snapshots,
            keys=feed.keys,
            guesses=Guesses(settings.unknown_keys_per_minute),
            spool=spool,
            client=client,
            counter=Counter(),
            limiter=limiter,
            master_hash=hash_of(settings.master_key.reveal()) if settings.master_key else None,
            body_limit=_bytes(settings.max_request_size_mb),
            access=access,
            reach=reach.now,
            in_step=lambda: feed.synced,
        )


def _process_id(gateway_id: str) -> str:
    """Return a name that no process bore before, though the system gives its ids out again.

    What earlier ones were charged stays theirs in the budgets' counters.
    """
    return f"{_UNFIT.sub('-', gateway_id)}-{os.getpid()}_{time.time_ns() // 1_000_000:x}"


def _bytes(megabytes: float | None) -> int | None:
    return int(megabytes * MEGABYTE) if megabytes else None


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
