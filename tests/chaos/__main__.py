"""Pulls every plug of a running system at random and checks that nothing was refused, lost or counted twice.

make chaos SEED=7 SECONDS=90 GATEWAYS=3
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import SystemRandom

import msgspec
import psycopg
from chaos import books
from chaos.archive import Archive
from chaos.books import Line
from chaos.load import MODELS, Load
from chaos.plan import faults
from chaos.provider import Provider
from chaos.troubles import Joined, Troubles

from tianji.embedded import ports
from tianji_cli.http import is_ready
from tianji_testkit.http import call
from tianji_testkit.system import System, clean_environ

QUIET_S = 90.0
"""How long the ledger may take to be complete after everything runs again."""

KEYS = 6
CONFIG = """
litellm_settings:
  num_retries: 2
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


def main() -> int:
    """Run once and return 0 where nothing differs."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(1_000_000))
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--gateways", type=int, default=2)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--keep", type=Path, help="an empty folder for homes and logs that are to be kept")
    options = parser.parse_args()
    print(f"seed {options.seed}: {options.seconds:g} s, {options.gateways} gateways", flush=True)
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        return asyncio.run(_run(options, options.keep))
    with tempfile.TemporaryDirectory(prefix="tianji-chaos-") as folder:
        return asyncio.run(_run(options, Path(folder)))


async def _run(options: argparse.Namespace, folder: Path) -> int:
    async with Provider() as provider:
        config = CONFIG + _deployments(provider.root)
        system = System(folder, config, gateways=options.gateways)
        with system, Archive(system.home / "spool", folder / "spool-archive") as archive:
            return await _shake(options, folder, system, provider, archive)


async def _shake(
    options: argparse.Namespace, folder: Path, system: System, provider: Provider, archive: Archive
) -> int:
    environ = await asyncio.to_thread(lambda: system.env)
    joined = Joined({**clean_environ(), **environ}, ports.free(), folder / "worker2.log")
    joined.keep()
    load = Load(system.gateway_urls, await _keys(system.url, environ["TIANJI_MASTER_KEY"]), options.seed)
    troubles = Troubles(system, joined)
    try:
        start = time.monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(load.run(options.clients))
            await troubles.cause(faults(options.seed, options.seconds, options.gateways))
            await asyncio.sleep(max(0.0, start + options.seconds - time.monotonic()))
            troubles.heal()
            load.stopping = True
        for at, fault in troubles.done:
            print(f"{fault}  (at {at:.1f})")
        quiet_s = await _quiet(environ["DATABASE_URL"], archive)
        own = await asyncio.to_thread(_own_word, system)
    finally:
        troubles.heal()
        joined.stop()
    ledger = books.read(environ["DATABASE_URL"])
    lines = [*books.compare(load.calls, provider.calls, archive.read(), ledger, troubles), *own]
    _tell(load, troubles, lines, quiet_s)
    return 1 if any(line.difference for line in lines) else 0


def _deployments(root: str) -> str:
    known = {"gpt": ("openai/gpt-4o-mini", root + "/v1"), "claude": ("anthropic/claude-haiku-4-5", root)}
    return "".join(
        DEPLOYMENT.format(name=name, model=known[name][0], base=known[name][1], price=books.PRICES[name])
        for name in MODELS
    )


async def _keys(url: str, master_key: str) -> list[str]:
    made = [
        await asyncio.to_thread(call, "POST", url + "/key/generate", {"key_alias": f"k{n}"}, key=master_key)
        for n in range(KEYS)
    ]
    return [str(answer["key"]) for _, answer in made]


async def _quiet(database_url: str, archive: Archive) -> float:
    """Wait until every call that began has a row, and a little longer for what there should not be."""
    start = time.monotonic()
    while time.monotonic() - start < QUIET_S:
        await asyncio.sleep(1.0)
        try:
            rows = await asyncio.to_thread(_ids, database_url)
        except psycopg.OperationalError:
            continue
        if archive.read().began.keys() <= rows:
            break
    waited = time.monotonic() - start
    await asyncio.sleep(2.0)
    return waited


def _ids(database_url: str) -> set[str]:
    with psycopg.connect(database_url, connect_timeout=5) as db:
        return {str(row[0]) for row in db.execute("SELECT id FROM spend_logs")}


def _own_word(system: System) -> list[Line]:
    """Ask the product itself whether its books are right, once its control plane is back."""
    deadline = time.monotonic() + QUIET_S
    while not is_ready(system.control_url) and time.monotonic() < deadline:
        time.sleep(0.2)
    checked = system.tianji("spend", "reconcile", "--wait", "30")
    listed = system.tianji("spend", "dead-letters", "list", "--json")
    dead = msgspec.json.decode(listed.stdout)["total"] if listed.returncode == 0 else listed.stderr
    told = [checked.stdout + checked.stderr] if checked.returncode else []
    return [
        Line("exit status of tianji spend reconcile", checked.returncode, 0, told),
        Line("dead letters", dead, 0, []) if isinstance(dead, int) else Line("dead letters", 1, 0, [dead]),
    ]


def _tell(load: Load, troubles: Troubles, lines: list[Line], quiet_s: float) -> None:
    endings = Counter(call.ending for call in load.calls)
    print(f"\n{len(load.calls)} calls: " + ", ".join(f"{n} {how}" for how, n in sorted(endings.items())))
    overheads = sorted(
        call.overhead_ms
        for call in load.calls
        if call.ending == "complete"
        and not call.retries
        and not troubles.frozen(call.gateway, call.began, call.ended)
    )
    if overheads:
        p50, p99 = overheads[len(overheads) // 2], overheads[len(overheads) * 99 // 100]
        print(f"added by gateways that ran: p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {overheads[-1]:.0f} ms")
    print(f"the ledger was complete {quiet_s:.0f} s after the end\n")
    print(f"{'':58} {'left':>12} {'right':>12} {'difference':>12}")
    for line in lines:
        print(f"{line.what:58} {line.left!s:>12} {line.right!s:>12} {line.difference!s:>12}")
        for case in line.cases[:10]:
            print(f"      {case}")


if __name__ == "__main__":
    sys.exit(main())
