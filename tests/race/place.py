"""A system of several gateways with a provider that keeps the time of every call, and a Redis to hurt."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import redis
from race.provider import Provider

from tianji_testkit.http import call
from tianji_testkit.system import System

PRICE = Decimal("0.0002")
"""US dollars for a token of output; input is free."""
_CONFIG = f"""
litellm_settings:
  num_retries: 0
model_list:
  - model_name: m
    litellm_params:
      model: openai/some-model
      api_base: {{base}}
      api_key: sk-provider
      input_cost_per_token: 0
      output_cost_per_token: {PRICE}
"""
_WAIT_S = 60.0


@dataclass
class Place:
    """What a race works with."""

    system: System
    provider: Provider
    environ: dict[str, str]

    async def key(self, **fields: Any) -> tuple[str, str]:
        """Make a key; return it and its hash."""
        status, answer = await asyncio.to_thread(
            call, "POST", self.system.url + "/key/generate", fields, key=self.environ["TIANJI_MASTER_KEY"]
        )
        assert status == 200, answer
        return str(answer["key"]), str(answer["token"])

    async def billed(self, key_hash: str, calls: int) -> Decimal:
        """Return the sum of a key's rows, once there are as many as its calls."""
        deadline = asyncio.get_running_loop().time() + _WAIT_S
        while True:
            count, spent = await asyncio.to_thread(self._rows, key_hash)
            if count >= calls or asyncio.get_running_loop().time() > deadline:
                return spent
            await asyncio.sleep(0.3)

    def _rows(self, key_hash: str) -> tuple[int, Decimal]:
        with psycopg.connect(self.environ["DATABASE_URL"]) as db:
            row = db.execute(
                "SELECT count(*) FILTER (WHERE status = 'success'), coalesce(sum(cost_usd), 0)"
                " FROM spend_logs WHERE key_hash = %s",
                [key_hash],
            ).fetchone()
        assert row is not None
        return row[0], row[1]

    async def hurt(self, trouble: str, held_s: float = 3.0) -> None:
        """Do one thing to Redis: `kill`, `flush` or `freeze`; anything else does nothing."""
        if trouble == "kill":
            self.system.kill("redis")
        elif trouble == "flush":
            await asyncio.to_thread(self._flush)
        elif trouble == "freeze":
            self.system.kill("redis", signal.SIGSTOP)
            await asyncio.sleep(held_s)
            self.system.kill("redis", signal.SIGCONT)

    async def well(self) -> None:
        """Wait until every gateway has Redis again."""
        deadline = asyncio.get_running_loop().time() + _WAIT_S
        while asyncio.get_running_loop().time() < deadline:
            states = [await asyncio.to_thread(self._redis_state, url) for url in self.system.gateway_urls]
            if set(states) == {"connected"}:
                return
            await asyncio.sleep(0.2)

    def _redis_state(self, gateway: str) -> str:
        _, answer = call("GET", gateway + "/health/readiness", key="")
        return str(answer["servers"].get("redis"))

    def _flush(self) -> None:
        with redis.Redis.from_url(self.environ["REDIS_URL"]) as client:
            client.flushall()


@asynccontextmanager
async def place(folder: Path, gateways: int) -> AsyncIterator[Place]:
    """Run a system for as long as the block lasts."""
    async with Provider() as provider:
        system = System(folder, _CONFIG.format(base=provider.base), gateways=gateways)
        with system:
            yield Place(system, provider, await asyncio.to_thread(lambda: system.env))
