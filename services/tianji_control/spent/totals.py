"""What was ever spent, as the ledger adds it up."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from tianji.domain.snapshot import CUSTOMER, KEY
from tianji.store.rows import Connection, many
from tianji_control.spent.holders import Q

SCOPES = {CUSTOMER: "end_user"}
"""Kinds that the ledger has under another name."""


class Total(Struct, frozen=True):
    """A row of the ledger's sums over all days."""

    scope_id: str
    spend_usd: Decimal


async def totals(db: Connection, kind: str, ids: Iterable[str]) -> dict[str, Decimal]:
    """Return what each of these has ever spent; who has spent nothing is left out."""
    wanted = list(ids)
    query, scope = Q.totals_of_keys if kind == KEY else Q.totals, SCOPES.get(kind, kind)
    rows = await many(db, query, Total, scope=scope, ids=wanted) if wanted else []
    return {row.scope_id: row.spend_usd for row in rows}


async def total(db: Connection, kind: str, id: str) -> Decimal:
    """Return what one has ever spent."""
    return (await totals(db, kind, [id])).get(id, Decimal(0))
