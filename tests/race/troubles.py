"""What happens midway: Redis dies, forgets or stands still; a gateway dies or stands still."""

from __future__ import annotations

import asyncio
import os
import signal

import redis
from race.place import Place

GATEWAY = "gateway"
TROUBLES = ("none", "kill", "flush", "freeze", GATEWAY, "pause")
_FROZEN_S = 3.0
_PAUSED_S = 12.0
"""Longer than anything that a gateway has is kept for it."""


async def hurt(place: Place, trouble: str) -> None:
    """Do one thing to Redis (`kill`, `flush`, `freeze`) or to one gateway (`gateway`, `pause`)."""
    if trouble == "kill":
        place.system.kill("redis")
    elif trouble == "flush":
        await asyncio.to_thread(_flush, place.environ["REDIS_URL"])
    elif trouble == "freeze":
        await _stand_still(place.system.pids["redis"][0], _FROZEN_S)
    elif trouble == GATEWAY:
        os.kill(place.system.pids["gateway"][-1], signal.SIGKILL)
    elif trouble == "pause":
        await _stand_still(place.system.pids["gateway"][-1], _PAUSED_S)


async def _stand_still(pid: int, for_s: float) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(for_s)
    finally:
        os.kill(pid, signal.SIGCONT)


def _flush(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.flushall()
