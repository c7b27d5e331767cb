"""Customers, as rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from tianji.errors import BadRequest
from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, one, run, run_unique

Q = Queries.beside(__file__)


class CustomerRow(Struct, frozen=True, kw_only=True):
    """One row of the table `customers`."""

    user_id: str
    alias: str | None = None
    blocked: bool = False
    spend_adjustment: Decimal = Decimal(0)
    allowed_model_region: str | None = None
    default_model: str | None = None
    models: list[str] = []
    budget_id: str | None = None
    extra: dict[str, Any] = {}
    created_at: datetime
    created_by: str | None = None
    updated_at: datetime
    updated_by: str | None = None


async def by_ids(db: Connection, ids: list[str]) -> list[CustomerRow]:
    """Return these customers."""
    return await many(db, Q.customers_by_id, CustomerRow, ids=ids)


async def by_id_for_update(db: Connection, id: str) -> CustomerRow | None:
    """Return a customer and keep others from writing it until the transaction ends."""
    return await one(db, Q.customer_for_update, CustomerRow, id=id)


async def page(db: Connection, search: str | None, *, limit: int, offset: int) -> list[CustomerRow]:
    """List the customers of one page, the newest first."""
    part = f"%{search}%" if search else None
    return await many(db, Q.customer_page, CustomerRow, search=part, limit=limit, offset=offset)


async def insert(db: Connection, row: CustomerRow) -> None:
    """Add a customer. Raises BadRequest when the id is taken."""
    message = f"There is a customer {row.user_id!r} already; change it with /customer/update"
    taken = BadRequest(message, type="bad_request_error", param="user_id")
    await run_unique(db, Q.insert_customer, taken, row=row)


async def update(db: Connection, row: CustomerRow) -> None:
    """Write a changed customer."""
    await run(db, Q.update_customer, row=row)


async def delete(db: Connection, id: str) -> None:
    """Remove a customer."""
    await run(db, Q.delete_customer, id=id)
