"""What nats-py raises, turned into the family of the house."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats.errors

from tianji.errors import Unavailable


@asynccontextmanager
async def deadline(what: str, timeout_s: float) -> AsyncIterator[None]:
    """Bound a conversation with NATS and raise Unavailable for whatever goes wrong in it."""
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except (nats.errors.Error, TimeoutError, OSError) as fault:
        raise Unavailable(f"{what}: NATS did not do it ({type(fault).__name__})") from fault
