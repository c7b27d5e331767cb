"""Measures a million keys, a fleet under load, and servers that stand still.

make scale KEYS=1000000 GATEWAYS=10 BLOCKS=1000 FROZEN=10
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from bench.scale import blocks, frozen, million


def main() -> None:
    """Print the tables; exit 1 where what must hold does not."""
    parser = argparse.ArgumentParser(prog="make scale", description=__doc__)
    parser.add_argument("--keys", type=int, default=1_000_000, help="0 leaves this part out")
    parser.add_argument("--cached", type=int, default=50_000)
    parser.add_argument("--calls", type=int, default=8_000)
    parser.add_argument("--gateways", type=int, default=10)
    parser.add_argument("--blocks", type=int, default=1_000, help="0 leaves this part out")
    parser.add_argument("--frozen", type=float, default=10, help="seconds per server; 0 leaves this part out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tianji-scale-") as folder:
        if options.keys:
            cached = min(options.cached, options.keys - 1)
            asyncio.run(million.run(_within(folder, "million"), options.keys, cached, options.calls))
        if options.blocks:
            asyncio.run(blocks.run(_within(folder, "blocks"), options.gateways, options.blocks))
        if options.frozen:
            asyncio.run(frozen.run(_within(folder, "frozen"), options.frozen))


def _within(folder: str, name: str) -> Path:
    inner = Path(folder, name)
    inner.mkdir()
    return inner


if __name__ == "__main__":
    main()
