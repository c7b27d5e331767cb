"""Users, as rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from psycopg.errors import UniqueViolation

from tianji.errors import BadRequest
from tianji.store.queries import Queries, Query
from tianji.store.rows import Connection, many, one, parameters, run, value
from tianji_control import paging
from tianji_control.paging import Order

Q = Queries.beside(__file__)

_TAKEN = {"users_by_email": ("user_email", "email"), "users_by_sso_user_id": ("sso_user_id", "sso_user_id")}
"""Fields that nobody shares, and their columns, by the index that sees to it."""


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


class Wanted(Struct, frozen=True, kw_only=True):
    """Which users a list is about; None where it does not matter."""

    role: str | None = None
    user_ids: list[str] | None = None
    sso_user_ids: list[str] | None = None
    user_email: str | None = None
    search: str | None = None
    team_id: str | None = None
    organization_ids: list[str] | None = None
    sees_all: bool = False
    own_user: str | None = None
    organizations: list[str] = []


class Facts(Struct, frozen=True):
    """What belongs to a user: teams, how many keys, and spend in the ledger."""

    user_id: str
    teams: list[str]
    key_count: int
    spend: Decimal


async def by_id(db: Connection, user_id: str) -> UserRow | None:
    """Return a user."""
    return await one(db, Q.user_by_id, UserRow, user_id=user_id)


async def by_ids(db: Connection, user_ids: list[str]) -> list[UserRow]:
    """Return these users, in no order."""
    return await many(db, Q.users_by_id, UserRow, user_ids=user_ids)


async def by_email(db: Connection, email: str) -> UserRow | None:
    """Return a user; letters of either case are the same."""
    return await one(db, Q.user_by_email, UserRow, email=email)


async def ids_by_email(db: Connection, emails: list[str]) -> dict[str, str]:
    """Return the ids of the users who have these addresses; letters of either case are the same."""
    rows = await many(db, Q.users_by_email, dict[str, str], emails=emails) if emails else []
    return {row["asked"]: row["user_id"] for row in rows}


async def by_id_to_join(db: Connection, user_id: str) -> UserRow | None:
    """Return a user and keep others from changing or deleting them until the transaction ends."""
    return await one(db, Q.user_for_share, UserRow, user_id=user_id)


async def by_id_for_update(db: Connection, user_id: str) -> UserRow | None:
    """Return a user and keep others from writing it until the transaction ends."""
    return await one(db, Q.users_for_update, UserRow, user_ids=[user_id])


async def by_ids_for_update(db: Connection, user_ids: list[str]) -> list[UserRow]:
    """Return these users and keep others from writing them until the transaction ends."""
    return await many(db, Q.users_for_update, UserRow, user_ids=user_ids)


async def insert(db: Connection, row: UserRow) -> None:
    """Add a user. Raises BadRequest when the id or the e-mail address is taken."""
    await _write(db, Q.insert_users, [row])


async def insert_all(db: Connection, rows: list[UserRow]) -> None:
    """Add users. Raises BadRequest when an id or an e-mail address is taken: then none is added."""
    await _write(db, Q.insert_users, rows)


async def update(db: Connection, row: UserRow) -> None:
    """Write a changed user. Raises BadRequest when the e-mail address is taken."""
    await _write(db, Q.update_users, [row])


async def update_all(db: Connection, rows: list[UserRow]) -> None:
    """Write changed users. Raises BadRequest when an e-mail address is taken: then none is written."""
    await _write(db, Q.update_users, rows)


async def delete(db: Connection, user_id: str) -> None:
    """Remove a user with all memberships."""
    await run(db, Q.delete_user, user_id=user_id)


async def all_ids(db: Connection) -> list[str]:
    """List the ids of all users."""
    return [row["user_id"] for row in await many(db, Q.all_user_ids, dict[str, str])]


async def page(db: Connection, wanted: Wanted, order: Order) -> list[UserRow]:
    """List the users of one page."""
    return await paging.page(db, Q, "user_page", UserRow, _filters(wanted), order)


async def count(db: Connection, wanted: Wanted) -> int:
    """Count the users of a list."""
    return await value(db, Q.user_count, int, **_filters(wanted)) or 0


async def facts_of(db: Connection, user_ids: list[str]) -> dict[str, Facts]:
    """Return what lists say beside the rows of users."""
    return {row.user_id: row for row in await many(db, Q.facts_of_users, Facts, user_ids=user_ids)}


async def _write(db: Connection, query: Query, rows: list[UserRow]) -> None:
    try:
        async with db.transaction():
            await run(db, query, rows=rows)
    except UniqueViolation as fault:
        field, column = _TAKEN.get(fault.diag.constraint_name or "", ("user_id", "user_id"))
        taken = ", ".join(str(getattr(row, column)) for row in rows)
        message = f"User with {field} {taken} already exists; choose another, or use that one"
        raise BadRequest(message, status=409, type="bad_request_error", param=field) from None


def _filters(wanted: Wanted) -> dict[str, Any]:
    filters = parameters(wanted)
    for name in ("user_email", "search"):
        given = filters[name]
        filters[name] = f"%{given}%" if given else None
    return filters


async def key_hashes(db: Connection, user_id: str) -> list[str]:
    """List the hashes of a user's keys, newest first."""
    return [row["hash"] for row in await many(db, Q.keys_of_user, dict[str, str], user_id=user_id)]
