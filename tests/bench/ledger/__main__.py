"""Measures how many spend events one worker writes, and what that takes.

make ledger-bench EVENTS=200000 KEYS=5000
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from bench.ledger import ingestion


def main() -> None:
    """Print the figures; exit 1 where rows and sums do not agree."""
    parser = argparse.ArgumentParser(prog="make ledger-bench", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--keys", type=int, default=5_000)
    parser.add_argument("--message", type=int, default=256, help="events of one message")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tianji-ledger-") as folder:
        asyncio.run(ingestion.run(Path(folder), options.events, options.keys, options.message))


if __name__ == "__main__":
    main()
