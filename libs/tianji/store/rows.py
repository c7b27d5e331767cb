"""Run named queries; rows come back as Structs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from psycopg import AsyncConnection
from psycopg.cursor_async import AsyncCursor
from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from tianji.store.queries import Query, literal

Connection = AsyncConnection[Any]
T = TypeVar("T")

# What the driver has made into Python already, and msgspec is to leave as it is.
_READY = (datetime, timedelta, Decimal, UUID, bytes)


async def one(db: Connection, query: Query, kind: type[T], /, **values: Any) -> T | None:
    """Run a query and return its first row as `kind`, None when there is no row."""
    cursor = await _execute(db, query, values)
    names = _names(cursor)
    row = await cursor.fetchone()
    return None if row is None else _reader(kind, names)(row)


async def many(db: Connection, query: Query, kind: type[T], /, **values: Any) -> list[T]:
    """Run a query and return all its rows as `kind`."""
    cursor = await _execute(db, query, values)
    read = _reader(kind, _names(cursor))
    return [read(row) for row in await cursor.fetchall()]


async def run(db: Connection, query: Query, /, **values: Any) -> int:
    """Run a query for its effect and return how many rows it touched."""
    return (await _execute(db, query, values)).rowcount


async def run_unique(db: Connection, query: Query, taken: Exception, /, **values: Any) -> None:
    """Run a query for its effect; raise `taken` where it would make something twice, and go on after that."""
    try:
        async with db.transaction():
            await run(db, query, **values)
    except UniqueViolation:
        raise taken from None


async def value(db: Connection, query: Query, kind: type[T], /, **values: Any) -> T | None:
    """Run a query and return the first column of its first row."""
    row = await (await _execute(db, query, values)).fetchone()
    return None if row is None or row[0] is None else msgspec.convert(row[0], kind, builtin_types=_READY)


def parameters(row: msgspec.Struct) -> dict[str, Any]:
    """Return a Struct's fields as query parameters; what holds a mapping goes as jsonb."""
    return {name: bound(getattr(row, name)) for name in row.__struct_fields__}


def bound(given: Any) -> Any:
    """Return a value as the driver wants it: mappings, Structs and lists of them are jsonb."""
    if isinstance(given, dict | msgspec.Struct):
        return Jsonb(given, dumps=msgspec.json.encode)
    if not isinstance(given, list):
        return given
    if all(isinstance(item, str) for item in given):
        return _array(given)
    nested = any(isinstance(item, dict | list | msgspec.Struct) for item in given)
    return Jsonb(given, dumps=msgspec.json.encode) if nested else given


def _array(texts: list[str]) -> str:
    """Write an array of texts as Postgres reads it: the driver takes as long for it as for all the rest."""
    quoted = (text.replace("\\", r"\\").replace('"', r"\"") for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"


async def _execute(db: Connection, query: Query, values: dict[str, Any]) -> AsyncCursor[Any]:
    # Always with parameters, so that %% means % in every query.
    return await db.execute(literal(query), {name: bound(given) for name, given in values.items()})


def _names(cursor: AsyncCursor[Any]) -> list[str]:
    return [column.name for column in cursor.description or ()]


def _reader(kind: type[T], names: Sequence[str]) -> Callable[[Sequence[Any]], T]:
    def read(row: Sequence[Any]) -> T:
        return msgspec.convert(dict(zip(names, row, strict=True)), kind, builtin_types=_READY)

    return read
