"""Make a price table from a price JSON in LiteLLM's format.

    python -m tianji.pricing.seed IN.json OUT.jsonl [--source "litellm 1.2.3"]

Only facts are taken: prices, limits, modes, abilities, end dates. Prices that depend on the hour,
on a region's surcharge or on a commitment are left out.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tianji.pricing.catalog import Catalog, Entry, Header, digest_of
from tianji.pricing.spellings import FROM_THE_THRESHOLD_ON, abilities_from, limit_from, rates_from

_NOT_MODELS = {"sample_spec", "fallback_generalizations"}
_MICRO = Decimal("0.001")


def table_from(models: Mapping[str, Any], day: datetime.date, source: str) -> bytes:
    """Build the whole table; the same input gives the same bytes on every day but for the header."""
    entries = [
        entry_from(name, fields)
        for name, fields in models.items()
        if name not in _NOT_MODELS and isinstance(fields, Mapping) and _fits(name)
    ]
    entries.sort(key=lambda entry: entry.model.encode())
    body = b"".join(_line(entry) for entry in entries)
    header = Header(version=f"{day.isoformat()}-{digest_of(body)}", source=source)
    return msgspec.json.encode(header) + b"\n" + body


def entry_from(name: str, fields: Mapping[str, Any]) -> Entry:
    """Read one model of LiteLLM's JSON."""
    provider = str(fields.get("litellm_provider") or "")
    has, lacks = abilities_from(fields)
    return Entry(
        model=name,
        provider=provider,
        mode=str(fields.get("mode") or "chat"),
        max_input=limit_from(fields, "max_input_tokens", "max_tokens"),
        max_output=limit_from(fields, "max_output_tokens", "max_tokens"),
        vector=limit_from(fields, "output_vector_size"),
        retires=fields.get("deprecation_date") or None,
        rates=rates_from(fields, inclusive=provider in FROM_THE_THRESHOLD_ON),
        has=sorted(has),
        lacks=sorted(lacks),
    )


def main(arguments: list[str] | None = None) -> int:
    """Convert a file; prints the new table's version."""
    parser = argparse.ArgumentParser(prog="python -m tianji.pricing.seed", description="Make a price table.")
    parser.add_argument("source_file", type=Path, metavar="IN")
    parser.add_argument("table_file", type=Path, metavar="OUT")
    parser.add_argument("--source", default="", help="where the prices come from, for the table's header")
    chosen = parser.parse_args(arguments)
    models = json.loads(chosen.source_file.read_bytes(), parse_float=Decimal)
    day = datetime.datetime.now(datetime.UTC).date()
    table = table_from(models, day, chosen.source or chosen.source_file.name)
    chosen.table_file.write_bytes(table)
    catalog = Catalog(table)
    sys.stdout.write(f"{catalog.version}: {sum(1 for _ in catalog.names())} models, {len(table)} bytes\n")
    return 0


def _fits(name: str) -> bool:
    """Tell whether a name may stand in a line that is searched as bytes."""
    return bool(name) and not any(ord(sign) < 32 or sign in '"\\' for sign in name)


def _line(entry: Entry) -> bytes:
    plain = msgspec.to_builtins(entry)
    if entry.rates:
        plain["rates"] = {key: _written(rate) for key, rate in sorted(entry.rates.items())}
    return msgspec.json.encode(plain) + b"\n"


def _written(rate: Decimal) -> str:
    """Write small rates in millionths, as providers' price lists do: `2.5e-6` is $2.50 a million."""
    if not rate:
        return "0"
    if rate >= _MICRO:
        return f"{rate.normalize():f}"
    return f"{rate.scaleb(6).normalize():f}e-6"


if __name__ == "__main__":
    sys.exit(main())
