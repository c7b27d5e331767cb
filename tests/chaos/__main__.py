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

from chaos.books import Line
from chaos.load import Load
from chaos.plan import faults
from chaos.scene import Scene, scene, tell
from chaos.troubles import Troubles


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
    async with scene(folder, options.gateways) as place:
        return await _shake(options, place)


async def _shake(options: argparse.Namespace, place: Scene) -> int:
    load = place.load(options.seed)
    troubles = place.troubles
    start = time.monotonic()
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run(options.clients))
        await troubles.cause(faults(options.seed, options.seconds, options.gateways))
        await asyncio.sleep(max(0.0, start + options.seconds - time.monotonic()))
        troubles.heal()
        load.stopping = True
    for at, fault in troubles.done:
        print(f"{fault}  (at {at:.1f})")
    quiet_s = await place.quiet()
    own = await asyncio.to_thread(place.own_word)
    lines = [*place.compare(load.calls), *own]
    _tell(load, troubles, lines, quiet_s)
    return 1 if any(line.difference for line in lines) else 0


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
    tell(lines)


if __name__ == "__main__":
    sys.exit(main())
