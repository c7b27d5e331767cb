"""Walks through random changes of organizations, teams, users, keys, customers and models, on two gateways.

make walks WALKS=1000 SEED=7

After each step every gateway is asked what it lets through, and must say what the model in `model.py` says.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from random import SystemRandom

from walks.many import Failure, Tally, running, walked


def main() -> int:
    """Run the walks and return 0 where nothing differs."""
    parser = argparse.ArgumentParser(prog="make walks", description=__doc__)
    parser.add_argument("--walks", type=int, default=100)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(1_000_000))
    parser.add_argument("--only", type=int, help="walk this one of the seed's walks, and no other")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--at-once", type=int, default=16)
    options = parser.parse_args()
    print(f"seed {options.seed}: {options.walks} walks", flush=True)
    with tempfile.TemporaryDirectory(prefix="tianji-walks-") as folder:
        return asyncio.run(_run(options, Path(folder)))


async def _run(options: argparse.Namespace, folder: Path) -> int:
    numbers = range(options.walks) if options.only is None else [options.only]
    async with running(folder) as scene:
        began = time.monotonic()
        tally = await walked(scene, options.seed, numbers, options.steps, options.at_once)
        took_s = time.monotonic() - began
    for failure in tally.failures:
        _tell(options.seed, failure)
    print(f"{_figures(tally)}, {took_s:.0f} s")
    return 1 if tally.failures else 0


def _tell(seed: int, failure: Failure) -> None:
    print(f"\nwalk {failure.number} of seed {seed}: {failure.what}\n  after, in the shortest way found:")
    for verb, drawn in failure.steps:
        print(f"    {verb} {drawn}")


def _figures(tally: Tally) -> str:
    counts = tally.counts
    return (
        f"{tally.walks} walks, {counts['steps']} steps, {counts['comparisons']} comparisons, "
        f"{len(tally.failures)} differences; {counts['lagging']} writes named a gateway that lagged"
    )


if __name__ == "__main__":
    sys.exit(main())
