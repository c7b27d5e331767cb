"""Notes what must reach the gateways, in the transaction of the change."""

from __future__ import annotations

from tianji.store.queries import Queries
from tianji.store.rows import Connection, value

Q = Queries.beside(__file__)


async def note(db: Connection, kind: str, object_id: str) -> int:
    """Note that an object was made, changed or removed; call it after the write itself.

    In this order, of two transactions on one object the one that commits last notes last.
    The publisher is told when the transaction commits.
    """
    noted = await value(db, Q.note, int, kind=kind, object_id=object_id)
    assert noted is not None
    return noted


async def settled(db: Connection, ids: list[int]) -> bool:
    """Say whether all these notes have been published."""
    return not await value(db, Q.still_pending, int, ids=ids)
