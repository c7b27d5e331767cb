"""Virtual keys, as rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct
from psycopg.errors import ForeignKeyViolation, UniqueViolation

from tianji.errors import BadRequest
from tianji.store.queries import Queries, Query
from tianji.store.rows import Connection, many, one, run, value

Q = Queries.beside(__file__)


class KeyRow(Struct, frozen=True, kw_only=True):
    """One row of the table `keys`, without its spend."""

    hash: str
    name: str
    alias: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    organization_id: str | None = None
    project_id: str | None = None
    agent_id: str | None = None
    budget_id: str | None = None
    key_type: str | None = None
    models: list[str] = []
    aliases: dict[str, str] = {}
    config: dict[str, Any] = {}
    permissions: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    allowed_routes: list[str] = []
    allowed_ips: list[str] = []
    allowed_cache_controls: list[str] = []
    blocked: bool = False
    expires: datetime | None = None
    max_budget: Decimal | None = None
    soft_budget: Decimal | None = None
    budget_duration: str | None = None
    budget_reset_at: datetime | None = None
    model_max_budget: dict[str, Any] = {}
    spend_adjustment: Decimal = Decimal(0)
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    tpd_limit: int | None = None
    max_parallel_requests: int | None = None
    auto_rotate: bool = False
    rotation_interval: str | None = None
    key_rotation_at: datetime | None = None
    last_rotation_at: datetime | None = None
    rotation_count: int = 0
    extra: dict[str, Any] = {}
    created_at: datetime
    created_by: str | None = None
    updated_at: datetime
    updated_by: str | None = None


class Found(Struct, frozen=True):
    """A key of a list."""

    hash: str


async def by_hashes(db: Connection, hashes: list[str]) -> list[KeyRow]:
    """Return the keys with these hashes, in no order."""
    return await many(db, Q.keys_by_hash, KeyRow, hashes=hashes)


async def by_hashes_for_update(db: Connection, hashes: list[str]) -> list[KeyRow]:
    """Return the keys with these hashes and keep others from writing them until the transaction ends."""
    return await many(db, Q.keys_for_update, KeyRow, hashes=hashes)


async def by_hash_for_update(db: Connection, hash: str) -> KeyRow | None:
    """Return a key and keep others from writing it until the transaction ends."""
    return await one(db, Q.keys_for_update, KeyRow, hashes=[hash])


async def hashes_of_aliases(db: Connection, aliases: list[str]) -> list[str]:
    """Return the hashes of the keys with these aliases."""
    return [found.hash for found in await many(db, Q.hashes_of_aliases, Found, aliases=aliases)]


async def insert(db: Connection, row: KeyRow) -> None:
    """Add a key. Raises BadRequest when its value or its alias is taken, which ends the transaction."""
    await _write(db, Q.insert_keys, row)


async def update(db: Connection, row: KeyRow) -> None:
    """Write a changed key. Raises BadRequest when its new alias is taken, which ends the transaction."""
    await _write(db, Q.update_keys, row)


async def update_all(db: Connection, rows: Iterable[KeyRow]) -> None:
    """Write changed keys whose alias and organization are those of before."""
    await run(db, Q.update_keys, rows=list(rows))


async def _write(db: Connection, query: Query, row: KeyRow) -> None:
    try:
        await run(db, query, rows=[row])
    except UniqueViolation as fault:
        raise _taken(fault, row) from None
    except ForeignKeyViolation:
        raise _no_organization(row) from None


async def give_value(db: Connection, row: KeyRow, new_hash: str) -> None:
    """Note that a key gets a new value, which its counters do not notice. Raises BadRequest for another's."""
    if not await value(db, Q.give_value, bool, hash=row.hash, new_hash=new_hash):
        raise _had()


async def check_value(db: Connection, hash: str) -> None:
    """Raise BadRequest for a value that a key of now had before: its counters would be shared."""
    if await value(db, Q.is_value_of_another, bool, hash=hash):
        raise _had()


async def delete(db: Connection, hashes: list[str]) -> None:
    """Remove keys."""
    await run(db, Q.delete_keys, hashes=hashes)


async def newest_of_teams(db: Connection, team_ids: list[str], limit: int | None = None) -> list[KeyRow]:
    """List the keys of teams, newest first, so many of each."""
    return await many(db, Q.newest_keys_of_teams, KeyRow, team_ids=team_ids, limit=limit)


async def of_team(db: Connection, team_id: str) -> list[KeyRow]:
    """List a team's keys and keep others from writing them until the transaction ends."""
    return await many(db, Q.keys_of_team_for_update, KeyRow, team_id=team_id)


async def of_user(db: Connection, user_id: str) -> list[KeyRow]:
    """List a user's keys and keep others from writing them until the transaction ends."""
    return await many(db, Q.keys_of_user_for_update, KeyRow, user_id=user_id)


def _no_organization(row: KeyRow) -> BadRequest:
    return BadRequest(
        f"There is no organization {row.organization_id!r}",
        type="bad_request_error",
        param="organization_id",
    )


def _had() -> BadRequest:
    return BadRequest(
        "Another key had this value before it got a new one; choose another value",
        type="bad_request_error",
        param="key",
    )


def _taken(fault: UniqueViolation, row: KeyRow) -> BadRequest:
    if fault.diag.constraint_name == "keys_by_alias":
        return BadRequest(
            f"There is a key with the alias {row.alias!r} already; aliases of keys are unique",
            type="bad_request_error",
            param="key_alias",
        )
    return BadRequest("There is a key with this value already", type="bad_request_error", param="key")
