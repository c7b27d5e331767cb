"""Measures a million keys and a fleet under load.

make scale KEYS=1000000 GATEWAYS=10 BLOCKS=1000
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from bench.scale import blocks, million


def main() -> None:
    """Print the tables; exit 1 where what must hold does not."""
    parser = argparse.ArgumentParser(prog="make scale", description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000_000, help="0 leaves this part out")
    parser.add_argument("--cached", type=int, default=50_000)
    parser.add_argument("--calls", type=int, default=8_000)
    parser.add_argument("--gateways", type=int, default=10)
    parser.add_argument("--blocks", type=int, default=1_000, help="0 leaves this part out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tianji-scale-") as folder:
        if options.keys:
            cached = min(options.cached, options.keys - 1)
            asyncio.run(million.run(Path(folder), options.keys, cached, options.calls))
        if options.blocks:
            asyncio.run(blocks.run(Path(folder), options.gateways, options.blocks))


if __name__ == "__main__":
    main()
