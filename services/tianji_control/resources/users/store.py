"""Users, as rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from psycopg.errors import UniqueViolation

from tianji.errors import BadRequest
from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, one, parameters, run, value

Q = Queries.beside(__file__)

_TAKEN = {"users_by_email": "user_email", "users_by_sso_user_id": "sso_user_id"}


class UserRow(Struct, frozen=True, kw_only=True):
    """One row of the table `users`."""

    user_id: str
    alias: str | None = None
    email: str | None = None
    sso_user_id: str | None = None
    role: str = "internal_user"
    models: list[str] = []
    blocked: bool = False
    max_budget: Decimal | None = None
    budget_duration: str | None = None
    budget_reset_at: datetime | None = None
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    max_parallel_requests: int | None = None
    metadata: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    created_at: datetime
    created_by: str | None = None
    updated_at: datetime
    updated_by: str | None = None


async def by_id(db: Connection, user_id: str) -> UserRow | None:
    """Return a user."""
    return await one(db, Q.user_by_id, UserRow, user_id=user_id)


async def by_email(db: Connection, email: str) -> UserRow | None:
    """Return a user; letters of either case are the same."""
    return await one(db, Q.user_by_email, UserRow, email=email)


async def insert(db: Connection, row: UserRow) -> None:
    """Add a user. Raises BadRequest when the id or the e-mail address is taken."""
    try:
        async with db.transaction():
            await run(db, Q.insert_user, **parameters(row))
    except UniqueViolation as fault:
        field = _TAKEN.get(fault.diag.constraint_name or "", "user_id")
        message = f"There is a user with this {field} already; choose another, or use that one"
        raise BadRequest(message, type="bad_request_error", param=field) from None


async def key_hashes(db: Connection, user_id: str) -> list[str]:
    """List the hashes of a user's keys, newest first."""
    return [row["hash"] for row in await many(db, Q.keys_of_user, dict[str, str], user_id=user_id)]


async def spend(db: Connection, user_id: str) -> Decimal:
    """Return what the ledger says a user has spent."""
    return await value(db, Q.spend_of_user, Decimal, user_id=user_id) or Decimal(0)
