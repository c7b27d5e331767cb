"""Writes records to the two buckets, and tells a replaced bucket from the one that was filled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import islice

from msgspec import Struct

from tianji.bus.client import Bus

PARALLEL = 200
"""Writes under way at once: measured at five times the speed of one by one."""

READ_S = 2.0


class BucketState(Struct, frozen=True):
    """A bucket as NATS has it: `identity` is another one after the bucket was made anew."""

    identity: str
    last_sequence: int
    messages: int


async def state(bus: Bus, bucket: str) -> BucketState:
    """Ask NATS for a bucket's state."""
    js = bus.js
    async with bus.talk(f"state of {bucket}", READ_S):
        info = await js.stream_info(f"KV_{bucket}")
    created = info.created.isoformat() if info.created else ""
    return BucketState(created, int(info.state.last_seq), int(info.state.messages))


async def write(
    bus: Bus,
    bucket: str,
    values: Mapping[str, bytes | None],
    may: Callable[[], Awaitable[object]] | None = None,
) -> int:
    """Put values, delete where it is None, many at a time; return the highest sequence, 0 for none.

    `may` is awaited before each lot of them, and raises where nothing may be written any more.
    """
    items = iter(values.items())
    highest = 0
    while chunk := list(islice(items, PARALLEL)):
        if may is not None:
            await may()
        sequences = await asyncio.gather(*(_write(bus, bucket, name, value) for name, value in chunk))
        highest = max(highest, *sequences)
    return highest


async def delete(bus: Bus, bucket: str, names: Iterable[str]) -> int:
    """Delete names; return the highest sequence, 0 for none."""
    return await write(bus, bucket, dict.fromkeys(names))


async def _write(bus: Bus, bucket: str, name: str, value: bytes | None) -> int:
    if value is None:
        return await bus.kv_delete(bucket, name)
    return await bus.kv_put(bucket, name, value)
