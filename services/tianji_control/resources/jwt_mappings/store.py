"""What claims of JWTs stand for, as rows."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from psycopg.errors import ForeignKeyViolation, UniqueViolation

from tianji.errors import BadRequest
from tianji.store.queries import Queries, Query
from tianji.store.rows import Connection, many, one, parameters, run, value

Q = Queries.beside(__file__)


class MappingRow(Struct, frozen=True, kw_only=True):
    """One row of the table `jwt_key_mappings`."""

    id: str
    jwt_issuer: str = ""
    """Empty stands for every issuer."""
    jwt_claim_name: str
    jwt_claim_value: str
    key_hash: str
    description: str | None = None
    is_active: bool = True
    created_at: datetime
    created_by: str | None = None
    updated_at: datetime
    updated_by: str | None = None


async def by_id(db: Connection, id: str) -> MappingRow | None:
    """Return a mapping."""
    return await one(db, Q.mapping_by_id, MappingRow, id=id)


async def by_id_for_update(db: Connection, id: str) -> MappingRow | None:
    """Return a mapping and keep others from writing it until the transaction ends."""
    return await one(db, Q.mapping_for_update, MappingRow, id=id)


async def page(db: Connection, *, limit: int, offset: int) -> list[MappingRow]:
    """List the mappings of one page, the newest first."""
    return await many(db, Q.mappings, MappingRow, limit=limit, offset=offset)


async def count(db: Connection) -> int:
    """Count all mappings."""
    return await value(db, Q.mapping_count, int) or 0


async def insert(db: Connection, row: MappingRow) -> None:
    """Add a mapping. Raises BadRequest when its claim is mapped already, or the key is not there."""
    await _write(db, Q.insert_mapping, row)


async def update(db: Connection, row: MappingRow) -> None:
    """Write a changed mapping; raises as `insert`."""
    await _write(db, Q.update_mapping, row)


async def delete(db: Connection, id: str) -> None:
    """Remove a mapping."""
    await run(db, Q.delete_mapping, id=id)


async def follow(db: Connection, before: str, now: str) -> None:
    """Let the claims that stood for a key stand for the one that came in its place."""
    await run(db, Q.follow_key, before=before, now=now)


async def _write(db: Connection, query: Query, row: MappingRow) -> None:
    try:
        async with db.transaction():
            await run(db, query, **parameters(row))
    except UniqueViolation:
        raise BadRequest(
            f"A mapping for claim '{row.jwt_claim_name}' = '{row.jwt_claim_value}' already exists for issuer "
            f"'{row.jwt_issuer}'.",
            status=409,
            type="bad_request_error",
            param="jwt_claim_value",
        ) from None
    except ForeignKeyViolation:
        message = "The provided key does not match an existing virtual key."
        raise BadRequest(message, type="bad_request_error", param="key") from None
