"""A system of several gateways with a provider that keeps the time of every call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
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
    litellm_params: &params
      model: openai/some-model
      api_base: {{base}}
      api_key: sk-provider
      input_cost_per_token: 0
      output_cost_per_token: {PRICE}
  - model_name: n
    litellm_params: *params
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
        answer = await self._made("/key/generate", fields)
        return str(answer["key"]), str(answer["token"])

    async def team(self, **fields: Any) -> str:
        """Make a team; return its id."""
        return str((await self._made("/team/new", fields))["team_id"])

    async def billed(self, key_hash: str, calls: int) -> Decimal:
        """Return the sum of a key's rows, once there are as many as calls that its provider saw."""
        deadline = asyncio.get_running_loop().time() + _WAIT_S
        while True:
            count, spent = await asyncio.to_thread(self._rows, key_hash)
            if count >= calls or asyncio.get_running_loop().time() > deadline:
                return spent
            await asyncio.sleep(0.3)

    def _rows(self, key_hash: str) -> tuple[int, Decimal]:
        with psycopg.connect(self.environ["DATABASE_URL"]) as db:
            row = db.execute(
                "SELECT count(*) FILTER (WHERE status IN ('success', 'interrupted')),"
                " coalesce(sum(cost_usd), 0) FROM spend_logs WHERE key_hash = %s",
                [key_hash],
            ).fetchone()
        assert row is not None
        return row[0], row[1]

    async def well(self) -> None:
        """Wait until every gateway serves and has Redis again."""
        deadline = asyncio.get_running_loop().time() + _WAIT_S
        while asyncio.get_running_loop().time() < deadline:
            states = [await asyncio.to_thread(self._redis_state, url) for url in self.system.gateway_urls]
            if set(states) == {"connected"}:
                return
            await asyncio.sleep(0.2)

    async def _made(self, path: str, fields: dict[str, Any]) -> Any:
        url, key = self.system.url + path, self.environ["TIANJI_MASTER_KEY"]
        status, answer = await asyncio.to_thread(call, "POST", url, fields, key=key)
        assert status == 200, answer
        return answer

    def _redis_state(self, gateway: str) -> str:
        try:
            _, answer = call("GET", gateway + "/health/readiness", key="")
        except OSError:
            return "away"
        return str(answer["servers"].get("redis"))


@asynccontextmanager
async def place(folder: Path, gateways: int) -> AsyncIterator[Place]:
    """Run a system for as long as the block lasts."""
    async with Provider() as provider:
        system = System(folder, _CONFIG.format(base=provider.base), gateways=gateways)
        with system:
            yield Place(system, provider, await asyncio.to_thread(lambda: system.env))
