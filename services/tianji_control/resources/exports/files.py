"""FOCUS rows as files: CSV, and Parquet where pyarrow is installed."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO, Any

from tianji.errors import NotImplementedYet
from tianji.store.pool import Store
from tianji_control.resources.exports import focus, store
from tianji_control.resources.spend.spans import Days

CHUNK = 1 << 18
DIGITS, DECIMALS = 38, 18
"""What a Parquet amount holds; the ledger's are finer only below an attodollar."""


async def rows(rows_of: Store, span: Days) -> AsyncIterator[list[dict[str, Any]]]:
    """Give a span's rows, a day at a time."""
    day: date = span.since
    while day <= span.until:
        async with rows_of.connection() as db:
            found = await store.charges(db, Days(day, day))
        yield [focus.row(charge) for charge in found]
        day += timedelta(days=1)


async def as_csv(days: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[bytes]:
    """Write CSV with a header; times and amounts in plain text, without rounding."""
    yield lines([focus.COLUMNS])
    async for day in days:
        if day:
            yield lines([[text(value) for value in row.values()] for row in day])


async def as_parquet(days: AsyncIterator[list[dict[str, Any]]]) -> AsyncIterator[bytes]:
    """Write Parquet, a group of rows for each day; on disk first, since its end says where all is."""
    writer_of = _parquet()
    with TemporaryFile(prefix="tianji-focus-") as file:
        write, close = writer_of(file)
        async for day in days:
            await asyncio.to_thread(write, day)
        await asyncio.to_thread(close)
        file.seek(0)
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk


def require_parquet() -> None:
    """Raise NotImplementedYet where no Parquet can be written."""
    _parquet()


def _parquet() -> Any:
    """Return a function that opens a writer into a file: what writes a day, and what ends the file."""
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        words = "Parquet needs pyarrow: install the extra `parquet`, or ask for format=csv"
        raise NotImplementedYet(words, param="format") from None

    def kind(name: str) -> Any:
        if name in focus.MONEY:
            return arrow.decimal128(DIGITS, DECIMALS)
        if name in focus.QUANTITIES or name in focus.TOKENS:
            return arrow.int64()
        return arrow.timestamp("us", tz="UTC") if name in focus.TIMES else arrow.string()

    schema = arrow.schema([(name, kind(name)) for name in focus.COLUMNS])

    def opened(file: IO[bytes]) -> Any:
        writer = parquet.ParquetWriter(file, schema, compression="zstd")

        def write(day: list[dict[str, Any]]) -> None:
            if day:
                found = [{name: _fit(name, value) for name, value in row.items()} for row in day]
                writer.write_table(arrow.Table.from_pylist(found, schema=schema))

        return write, writer.close

    return opened


def _fit(name: str, value: Any) -> Any:
    if name in focus.MONEY:
        return value.quantize(Decimal(1).scaleb(-DECIMALS))
    return int(value) if name in focus.QUANTITIES else value


def lines(found: Any) -> bytes:
    """Write rows as CSV."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(found)
    return out.getvalue().encode()


def text(value: Any) -> Any:
    """Return a value as CSV has it: no exponent, and times in UTC."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else value
