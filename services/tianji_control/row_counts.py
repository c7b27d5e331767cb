"""How many rows there are of what nobody could count quickly, as the database keeps it."""

from __future__ import annotations

from typing import Literal

from tianji.store.rows import Connection, value
from tianji_control.change import Q

MOST_COUNTED = 10_000
"""Lists that no index can count are counted up to here: to count more, each row would be read."""


async def rows_of(db: Connection, kind: Literal["key", "key_alias", "audit"]) -> int:
    """Return how many rows there are of a kind."""
    return await value(db, Q.row_count, int, kind=kind) or 0
