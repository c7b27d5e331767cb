"""Lists of keys: which ones, in which order, and how many there are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tianji.store.rows import Connection, many, parameters, value
from tianji_control.paging import Order, page
from tianji_control.resources.keys.store import Found, Q
from tianji_control.row_counts import MOST_COUNTED, rows_of

BY_TIME = ("created_at", "updated_at")
"""Orders in which every key has a value, and which can be walked from either end."""


class Wanted(Struct, frozen=True, kw_only=True):
    """Which keys a list is about; None where it does not matter."""

    user_id: str | None = None
    team_id: str | None = None
    organization_id: str | None = None
    project_id: str | None = None
    key_hash: str | None = None
    key_alias: str | None = None
    search: str | None = None
    agent_id: str | None = None
    access_group_id: str | None = None
    substring: bool = False
    """Whether `key_alias` and `user_id` are parts of what is looked for."""
    status: str | None = None
    """`active`, `blocked` or `expired`."""
    expires_by: datetime | None = None
    sees_all: bool = False
    own_user: str | None = None
    own_key: str | None = None
    teams: list[str] = []
    organizations: list[str] = []
    created_by: str | None = None
    """Keys that this user has made are seen as well."""


class Deleted(Struct, frozen=True):
    """A key that is no more: its row as it last was."""

    object: dict[str, Any]
    deleted_at: datetime
    deleted_by: str


async def hashes(db: Connection, wanted: Wanted, order: Order, total: int) -> list[str]:
    """List the hashes of one page; `total` is what `count` has said."""
    backwards = order.sort_by in BY_TIME and total // 2 < order.offset < total
    if backwards:
        order = _from_the_end(order, total)
    found = [row.hash for row in await page(db, Q, "key_page", Found, _filters(wanted), order)]
    return found[::-1] if backwards else found


async def count(db: Connection, wanted: Wanted) -> int:
    """Count the keys of a list."""
    if wanted.search or wanted.substring:
        return await value(db, Q.key_count_capped, int, **_filters(wanted), most=MOST_COUNTED) or 0
    if _is_everything(wanted):
        return await rows_of(db, "key")
    if wanted.status == "active" and _is_everything(replace(wanted, status=None)):
        others = await value(db, Q.key_count_not_in_use, int) or 0
        return await rows_of(db, "key") - others
    return await value(db, Q.key_count, int, **_filters(wanted)) or 0


async def aliases(db: Connection, wanted: Wanted, *, limit: int, offset: int) -> list[str]:
    """List the aliases of one page, by the alphabet."""
    filters = _filters(wanted)
    rows = await many(db, Q.alias_page, dict[str, str], **filters, limit=limit, offset=offset)
    return [row["alias"] for row in rows]


async def count_aliases(db: Connection, wanted: Wanted) -> int:
    """Count the aliases of a list."""
    if _is_everything(wanted):
        return await rows_of(db, "key_alias")
    most = MOST_COUNTED if wanted.search else None
    return await value(db, Q.alias_count, int, **_filters(wanted), most=most) or 0


async def deleted(db: Connection, wanted: Wanted, *, limit: int, offset: int) -> list[Deleted]:
    """List the keys that were deleted last."""
    return await many(db, Q.deleted_keys, Deleted, **_filters(wanted), limit=limit, offset=offset)


def _is_everything(wanted: Wanted) -> bool:
    """Say whether a list leaves no key out."""
    narrow = replace(wanted, own_user=None, own_key=None, teams=[], organizations=[], created_by=None)
    return narrow == Wanted(sees_all=True)


def _from_the_end(order: Order, total: int) -> Order:
    """Return the same part of a list, walked from its other end."""
    limit = min(order.limit or total, total - order.offset)
    return replace(order, descending=not order.descending, limit=limit, offset=total - order.offset - limit)


def _filters(wanted: Wanted) -> dict[str, Any]:
    filters = parameters(wanted)
    filters["search"] = f"%{wanted.search}%" if wanted.search else None
    if wanted.substring:
        for name in ("key_alias", "user_id"):
            given = filters[name]
            filters[name], filters[f"{name}_part"] = None, f"%{given}%" if given else None
    else:
        filters |= {"key_alias_part": None, "user_id_part": None}
    return filters
