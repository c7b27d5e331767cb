"""Measures the gateway beside the least gateway of its own stack, and beside LiteLLM where it is installed.

make bench ROUNDS=3 DURATION=1.5 OUT=bench-results.json
LITELLM_BIN names a `litellm` command that is not on the PATH.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench.speed import pinning, report, targets
from bench.speed.rounds import Plan, measure


def main() -> None:
    """Print the table of ratios and write it down."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--duration", type=float, default=1.5, help="seconds per scenario, target and round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--out", type=Path, default=Path("bench-results.json"))
    options = parser.parse_args()
    plan = Plan(options.rounds, options.duration, options.connections)
    with tempfile.TemporaryDirectory(prefix="tianji-bench-") as folder, ExitStack() as stack:
        upstream = stack.enter_context(targets.upstream(Path(folder)))
        found = [targets.direct(upstream)]
        for start in (targets.relay, targets.tianji, targets.litellm):
            target = stack.enter_context(start(Path(folder), upstream))
            if target is not None:
                found.append(target)
        results = measure(found, plan)
    options.out.write_text(report.as_json(results, plan, pinned=pinning.POSSIBLE))
    print(report.as_table(results))
    print(f"\nwritten to {options.out}")


if __name__ == "__main__":
    main()
