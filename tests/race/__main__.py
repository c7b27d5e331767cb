"""Races many clients on several gateways against budgets, rates and numbers of slots.

make race RUNS=3 GATEWAYS=3 CLIENTS=64 CONTEST=budget TROUBLE=kill
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from race.contests import CONTESTS
from race.outcome import Outcome
from race.place import place
from race.troubles import TROUBLES

_USUAL = {
    "budget": TROUBLES,
    "rpm": ("none", "kill", "flush", "freeze"),
    "tpm": ("none", "flush", "gateway"),
    "tpm-unsaid": ("none",),
    "parallel": TROUBLES,
    "chain": ("none", "flush", "gateway"),
}
"""What is raced where nothing is chosen: a run takes some 20 minutes."""


def main() -> int:
    """Run all races and return 0 where no limit was passed and nearly all of each could be used."""
    parser = argparse.ArgumentParser(prog="make race", description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--gateways", type=int, default=3)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--contest", choices=list(CONTESTS), action="append")
    parser.add_argument("--trouble", choices=TROUBLES, action="append", help="what happens midway")
    parser.add_argument("--least", type=float, default=0.95, help="the share of a limit that must be usable")
    parser.add_argument("--keep", type=Path, help="an empty folder for homes and logs that are to be kept")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        return asyncio.run(_run(options, options.keep))
    with tempfile.TemporaryDirectory(prefix="tianji-race-") as folder:
        return asyncio.run(_run(options, Path(folder)))


async def _run(options: argparse.Namespace, folder: Path) -> int:
    outcomes: list[Outcome] = []
    print(f"{options.clients} clients on {options.gateways} gateways, {options.runs} runs", flush=True)
    print(
        f"\n{'':14}{'trouble':>8}{'allowed':>10}{'peak':>10}{'used':>8}{'served':>8}{'refused':>9}{'503':>7}"
    )
    async with place(folder, options.gateways) as there:
        for run in range(options.runs):
            for contest in options.contest or list(CONTESTS):
                for trouble in options.trouble or _USUAL[contest]:
                    name = f"{contest}-{trouble}-{run}"
                    outcome = await CONTESTS[contest](there, trouble, options.clients, name)
                    _tell(outcome, options.least)
                    outcomes.append(outcome)
                    await there.well()
    return 1 if any(one.passed or one.wasted(options.least) for one in outcomes) else 0


def _tell(one: Outcome, least: float) -> None:
    figures = f"{one.served:>8}{one.refused:>9}{one.unavailable:>7}"
    print(
        f"{one.what:14}{one.trouble:>8}{one.allowed:>10g}{one.peak:>10g}{one.used:>8.1%}{figures}"
        f"  {'PASSED' if one.passed else 'WASTED' if one.wasted(least) else ''} {one.said}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
