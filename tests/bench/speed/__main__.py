"""Measures the gateway beside the least gateway of its own stack, and beside LiteLLM where it is installed.

make bench ROUNDS=3 DURATION=1.5 OUT=bench-results.json
make bench DIALECTS=1 measures only what translation costs, and that in as many rounds.
LITELLM_BIN names a `litellm` command that is not on the PATH.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench.speed import crossings, pinning, report, scenarios, targets
from bench.speed.rounds import Plan, Results, measure
from bench.speed.translating import us_per_piece

_CROSSING_S = 0.8


def main() -> None:
    """Print the tables of ratios and write them down."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--duration", type=float, default=1.5, help="seconds per scenario, target and round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--dialects", action="store_true", help="only streams through each pair of formats")
    parser.add_argument("--out", type=Path, default=Path("bench-results.json"))
    options = parser.parse_args()
    plan = Plan(options.rounds, options.duration, options.connections)
    results = Results({}, {})
    with tempfile.TemporaryDirectory(prefix="tianji-bench-") as folder, ExitStack() as stack:
        upstream = stack.enter_context(targets.upstream(Path(folder)))
        ours = stack.enter_context(targets.tianji(Path(folder), upstream))
        if not options.dialects:
            found = [targets.direct(upstream), ours]
            for start in (targets.relay, targets.litellm):
                target = stack.enter_context(start(Path(folder), upstream))
                if target is not None:
                    found.append(target)
            results = measure(found, scenarios.ALL, plan)
            print(report.as_table(results))
        rounds = plan.rounds if options.dialects else 1
        pieces = measure([ours], crossings.CROSSINGS, Plan(rounds, _CROSSING_S, plan.connections))
        translating = {one.name: us_per_piece(one) for one in crossings.CROSSINGS}
        print(report.as_table_of_pieces(pieces, translating))
    both = Results(results.figures | pieces.figures, pieces.rss_mib | results.rss_mib)
    options.out.write_text(report.as_json(both, plan, translating, pinned=pinning.POSSIBLE))
    print(f"\nwritten to {options.out}")


if __name__ == "__main__":
    main()
