"""A price table as a record carries it: compressed to a tenth, so that it travels in one message."""

from __future__ import annotations

import zlib

from tianji.pricing.catalog import BadPriceTable, Catalog

MOST_BYTES = 64 * 1024 * 1024


def pack(table: bytes) -> bytes:
    """Compress a table; equal tables give equal bytes."""
    return zlib.compress(table, 9)


def unpack(packed: bytes) -> Catalog:
    """Open a compressed table. Raises BadPriceTable."""
    opener = zlib.decompressobj()
    try:
        table = opener.decompress(packed, MOST_BYTES)
    except zlib.error as fault:
        raise BadPriceTable(f"The price table cannot be unpacked: {fault}") from None
    if not opener.eof:
        raise BadPriceTable("The price table is cut off, or larger than any that was packed")
    return Catalog(table)
