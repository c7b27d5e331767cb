"""Pages of lists: they begin at 1, and a size has a limit; what is outside is refused with 422."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta, Struct

from tianji.store.queries import Queries, Query
from tianji.store.rows import Connection, T, many
from tianji_control.envelope import Fault, WrongFields

PageNumber = Annotated[int, Meta(ge=1, description="Which page; the first is 1.")]
Size = Annotated[int, Meta(ge=1, le=100, description="How many there are on a page.")]
LongSize = Annotated[int, Meta(ge=1, le=1000, description="How many there are on a page.")]


class Order(Struct, frozen=True, kw_only=True):
    """In which order a list is, and which part of it is asked for."""

    sort_by: str
    descending: bool = False
    limit: int | None
    offset: int = 0


async def page(
    db: Connection, queries: Queries, name: str, kind: type[T], filters: dict[str, Any], order: Order
) -> list[T]:
    """List the rows of one page, by the query of this name that has the order."""
    query: Query = getattr(queries, f"{name}_{order.sort_by}_{'desc' if order.descending else 'asc'}")
    return await many(db, query, kind, **filters, limit=order.limit, offset=order.offset)


def one_of(name: str, given: str | None, known: Iterable[str]) -> str | None:
    """Return what a query says, None for nothing. Raises WrongFields for what is not known."""
    if given and given not in known:
        words = f"{name} is {given!r}; it must be one of {', '.join(known)}"
        raise WrongFields([Fault(["query", name], words, "value_error")])
    return given or None


def pages(total: int, size: int) -> int:
    """Return how many pages so many rows fill."""
    return math.ceil(total / size)
