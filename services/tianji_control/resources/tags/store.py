"""Tags, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from tianji.errors import BadRequest
from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, one, run, run_unique

Q = Queries.beside(__file__)


class TagRow(Struct, frozen=True, kw_only=True):
    """One row of the table `tags`."""

    name: str
    description: str | None = None
    models: list[str] = []
    model_info: dict[str, Any] = {}
    budget_id: str | None = None
    created_at: datetime
    created_by: str | None = None
    updated_at: datetime
    updated_by: str | None = None


class Used(Struct, frozen=True):
    """A tag that requests have carried."""

    name: str
    updated_at: datetime


async def listed(db: Connection, names: list[str] | None = None) -> list[TagRow]:
    """List tags by name: these, or all."""
    return await many(db, Q.tags, TagRow, names=names)


async def used(db: Connection, limit: int) -> list[Used]:
    """List tags that requests have carried and that nobody has described."""
    return await many(db, Q.used_tags, Used, limit=limit)


async def by_name_for_update(db: Connection, name: str) -> TagRow | None:
    """Return a tag and keep others from writing it until the transaction ends."""
    return await one(db, Q.tag_for_update, TagRow, name=name)


async def insert(db: Connection, row: TagRow) -> None:
    """Add a tag. Raises BadRequest when the name is taken."""
    message = f"There is a tag {row.name!r} already; change it with /tag/update"
    taken = BadRequest(message, type="bad_request_error", param="name")
    await run_unique(db, Q.insert_tag, taken, row=row)


async def update(db: Connection, row: TagRow) -> None:
    """Write a changed tag."""
    await run(db, Q.update_tag, row=row)


async def delete(db: Connection, name: str) -> None:
    """Remove a tag."""
    await run(db, Q.delete_tag, name=name)
