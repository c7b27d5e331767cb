"""A system under test with all that watches it: provider, spool archive, a second worker, troubles."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psycopg
import redis
from chaos import books
from chaos.archive import Archive
from chaos.books import Line
from chaos.load import MODELS, Call, Load
from chaos.provider import Provider
from chaos.troubles import Joined, Troubles

from tianji.bus.client import Bus
from tianji.bus.subjects import SEED_LIMITS
from tianji.embedded import ports
from tianji.limits import keys as limit_keys
from tianji.limits.seeding import Counter, SeedRequest
from tianji_cli.http import is_ready
from tianji_testkit.http import call
from tianji_testkit.system import System, clean_environ

QUIET_S = 90.0
"""How long the ledger may take to be complete after everything runs again."""

CLOSED_S = 20.0
"""After how long the spool of a killed gateway has been taken over, and its end is in the ledger."""

KEYS = 6
CONFIG = """
general_settings:
  budget_failure_mode: serve
litellm_settings:
  num_retries: 2
  max_budget: 1000
model_list:
"""
DEPLOYMENT = """
  - model_name: {name}
    litellm_params:
      model: {model}
      api_base: {base}
      api_key: sk-provider
      input_cost_per_token: {price[0]:f}
      output_cost_per_token: {price[1]:f}
"""


@dataclass
class Scene:
    """What a run works with."""

    system: System
    provider: Provider
    archive: Archive
    troubles: Troubles
    keys: list[str]
    database_url: str
    redis_url: str
    nats_url: str

    def load(self, seed: int, name: str = "") -> Load:
        """Make clients; `name` tells their calls from those of others."""
        return Load(self.system.gateway_urls, self.keys, seed, name)

    async def quiet(self) -> float:
        """Wait until every call that began has a row, and a little longer for what there should not be."""
        start = time.monotonic()
        while time.monotonic() - start < QUIET_S:
            await asyncio.sleep(1.0)
            try:
                rows = await asyncio.to_thread(_ids, self.database_url)
            except psycopg.OperationalError:
                continue
            if self.archive.read().began.keys() <= rows:
                break
        waited = time.monotonic() - start
        await asyncio.sleep(CLOSED_S)
        await self._seed()
        return waited

    async def _seed(self) -> None:
        """Have the ledger tell Redis all budgets' counters, as gateways do that find one missing."""
        known = await asyncio.to_thread(books.read, self.database_url)
        counters = [Counter(bound, window) for bound, window in known.windows]
        bus = await Bus.connect(self.nats_url, "chaos")
        try:
            await bus.wait_connected(10)
            await bus.request(SEED_LIMITS, msgspec.json.encode(SeedRequest(counters)), 10)
        finally:
            await bus.close()

    async def well(self) -> None:
        """Wait until every part runs again and has what it needs."""
        urls = [self.system.control_url, self.system.worker_url, *self.system.gateway_urls]
        deadline = time.monotonic() + QUIET_S
        while time.monotonic() < deadline:
            if await asyncio.to_thread(lambda: all(map(is_ready, urls))):
                return
            await asyncio.sleep(0.2)

    def own_word(self) -> list[Line]:
        """Ask the product itself whether its books are right, once its control plane is back."""
        deadline = time.monotonic() + QUIET_S
        while not is_ready(self.system.control_url) and time.monotonic() < deadline:
            time.sleep(0.2)
        checked = self.system.tianji("spend", "reconcile", "--wait", "30")
        listed = self.system.tianji("spend", "dead-letters", "list", "--json")
        told = [checked.stdout + checked.stderr] if checked.returncode else []
        reconciled = Line("exit status of tianji spend reconcile", checked.returncode, 0, told)
        if listed.returncode:
            return [reconciled, Line("dead letters", 1, 0, [listed.stderr])]
        return [reconciled, Line("dead letters", msgspec.json.decode(listed.stdout)["total"], 0, [])]

    def compare(self, calls: list[Call]) -> list[Line]:
        """Compare what everybody counted."""
        ledger = books.read(self.database_url)
        lines = books.compare(calls, self.provider.calls, self.archive.read(), ledger, self.troubles)
        return [*lines, books.counted(ledger, _counters(self.redis_url, ledger.windows))]


@asynccontextmanager
async def scene(folder: Path, gateways: int) -> AsyncIterator[Scene]:
    """Run a system for as long as the block lasts."""
    async with Provider() as provider:
        system = System(folder, CONFIG + _deployments(provider.root), gateways=gateways)
        with system, Archive(system.home / "spool", folder / "spool-archive") as archive:
            environ = await asyncio.to_thread(lambda: system.env)
            joined = Joined({**clean_environ(), **environ}, ports.free(), folder / "worker2.log")
            joined.keep()
            keys = await _keys(system.url, environ["TIANJI_MASTER_KEY"])
            troubles = Troubles(system, joined)
            try:
                urls = environ["DATABASE_URL"], environ["REDIS_URL"], environ["NATS_URL"]
                yield Scene(system, provider, archive, troubles, keys, *urls)
            finally:
                troubles.heal()
                joined.stop()


def tell(lines: Iterable[Line]) -> None:
    """Print the comparison."""
    print(f"{'':58} {'left':>12} {'right':>12} {'difference':>12}")
    for line in lines:
        print(f"{line.what:58} {line.left!s:>12} {line.right!s:>12} {line.difference!s:>12}")
        for case in line.cases[:10]:
            print(f"      {case}")


def _deployments(root: str) -> str:
    known = {"gpt": ("openai/gpt-4o-mini", root + "/v1"), "claude": ("anthropic/claude-haiku-4-5", root)}
    return "".join(
        DEPLOYMENT.format(name=name, model=known[name][0], base=known[name][1], price=books.PRICES[name])
        for name in MODELS
    )


async def _keys(url: str, master_key: str) -> list[str]:
    """Make keys; most have a budget that nobody reaches, and half of them a team that has one.

    Two get a new value, and are called with both.
    """
    team = {"team_id": "team", "max_budget": 1000, "budget_duration": "1mo"}
    await asyncio.to_thread(call, "POST", url + "/team/new", team, key=master_key)
    made = []
    for n in range(KEYS):
        fields = (
            {"key_alias": f"k{n}"}
            | ({"max_budget": 1000} if n else {})
            | ({"team_id": "team"} if n % 2 else {})
        )
        made.append(await asyncio.to_thread(call, "POST", url + "/key/generate", fields, key=master_key))
    keys = [str(answer["key"]) for _, answer in made]
    for key in keys[:2]:  # the first of them without a budget
        body = {"key": key, "grace_period": "1d"}
        made.append(await asyncio.to_thread(call, "POST", url + "/key/regenerate", body, key=master_key))
    return keys + [str(answer["key"]) for _, answer in made[KEYS:]]


def _counters(url: str, known: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Read what Redis has of these counters; those that it does not know whole are left out."""
    found: dict[tuple[str, str], int] = {}
    with redis.Redis.from_url(url) as client:
        epoch = client.get(limit_keys.EPOCH)
        for at in known:
            settled, full = client.hmget(limit_keys.budget(*at), "settled", "full")
            if settled is not None and full == epoch:
                found[at] = int(settled)
    return found


def _ids(database_url: str) -> set[str]:
    with psycopg.connect(database_url, connect_timeout=5) as db:
        return {str(row[0]) for row in db.execute("SELECT id FROM spend_logs")}
