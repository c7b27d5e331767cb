"""Takes each server away for a while, then all of them, and counts what was served, refused and recorded.

make outages SECONDS=60
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from chaos import books
from chaos.load import Call
from chaos.plan import CALM_S, Fault
from chaos.scene import Scene, scene, tell

ALONE = ("control", "postgres", "redis", "nats")
GATEWAYS = 2
CLIENTS = 12
AFTER_S = 2.0


class Outage(NamedTuple):
    """What one outage came to."""

    what: str
    served: int
    """Calls answered in full that began while the servers were away."""
    failed: list[Call]
    cut: int
    """Calls whose connection ended with the gateway that was killed; their clients tried another."""
    upstream: int
    rows: int
    recovered_s: float

    @property
    def good(self) -> bool:
        """Whether requests were served, none failed, and each has its one row."""
        return self.served > 0 and not self.failed and self.upstream == self.rows


def main() -> int:
    """Run once and return 0 where nothing failed and nothing differs."""
    parser = argparse.ArgumentParser(prog="make outages", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"{options.seconds:g} s for each outage, {GATEWAYS} gateways, {CLIENTS} clients", flush=True)
    with tempfile.TemporaryDirectory(prefix="tianji-outages-") as folder:
        return asyncio.run(_run(options, Path(folder)))


async def _run(options: argparse.Namespace, folder: Path) -> int:
    calls: list[Call] = []
    outages: list[Outage] = []
    async with scene(folder, GATEWAYS) as place:
        for number, targets in enumerate([*((name,) for name in ALONE), ALONE]):
            load = place.load(options.seed + number, f"{chr(ord('a') + number)}-")
            async with asyncio.TaskGroup() as group:
                group.create_task(load.run(CLIENTS))
                await asyncio.sleep(CALM_S)
                since = time.monotonic()
                if targets == ALONE:
                    group.create_task(_kill_a_gateway(place, options.seconds / 2))
                await place.troubles.hold(targets, options.seconds)
                until = time.monotonic()
                await place.well()
                recovered_s = time.monotonic() - until
                await asyncio.sleep(AFTER_S)
                load.stopping = True
            await place.quiet()
            what = targets[0] if len(targets) == 1 else "all four, and a gateway killed in it"
            outages.append(_outage(place, what, load.name, load.calls, (since, until), recovered_s))
            calls += load.calls
            print(f"{what}: done", flush=True)
        own = await asyncio.to_thread(place.own_word)
        lines = [*place.compare(calls), *own]
    _tell(outages)
    tell(lines)
    return 0 if all(one.good for one in outages) and not any(line.difference for line in lines) else 1


async def _kill_a_gateway(place: Scene, after_s: float) -> None:
    await asyncio.sleep(after_s)
    await place.troubles.cause([Fault(0.0, "gateway0", "kill")])


def _outage(
    place: Scene, what: str, name: str, calls: list[Call], away: tuple[float, float], recovered_s: float
) -> Outage:
    served = [call for call in calls if call.ending == "complete" and away[0] <= call.began <= away[1]]
    lost = [call for call in calls if call.ending in ("refused", "broken")]
    cut = [call for call in lost if _with_its_gateway(place, call)]
    failed = [call for call in calls if call.ending in ("error", "silent")]
    failed += [call for call in lost if call not in cut]
    seen = [marker for marker in place.provider.calls if marker.startswith(name)]
    rows = [row for row in books.read(place.database_url).rows if row["end_user"] in place.provider.calls]
    ours = [row for row in rows if row["end_user"].startswith(name)]
    return Outage(what, len(served), failed, len(cut), len(seen), len(ours), recovered_s)


def _with_its_gateway(place: Scene, call: Call) -> bool:
    accepted = call.ending == "broken" or place.provider.calls[call.marker] > 0
    return place.troubles.explain(call.gateway, call.began, call.ended, accepted=accepted)


def _tell(outages: list[Outage]) -> None:
    heads = ("served", "failed", "cut", "upstream", "rows", "difference", "back after")
    print(f"\n{'away':38}" + "".join(f"{head:>11}" for head in heads))
    for one in outages:
        figures = (one.served, len(one.failed), one.cut, one.upstream, one.rows, one.upstream - one.rows)
        print(
            f"{one.what:38}" + "".join(f"{figure:>11}" for figure in figures) + f"{one.recovered_s:>9.0f} s"
        )
        for call in one.failed[:10]:
            print(f"      {call.marker} gateway{call.gateway}: {call.ending} {call.status} {call.told}")
    print()


if __name__ == "__main__":
    sys.exit(main())
