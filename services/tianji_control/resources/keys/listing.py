"""`/key/list` and `/key/aliases`: pages of what the caller may see."""

from __future__ import annotations

import math

from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response

from tianji_control.call import Call
from tianji_control.moments import moment
from tianji_control.paging import Order, PageNumber, Size, one_of
from tianji_control.resources.keys import pages, service, shown
from tianji_control.resources.keys.pages import Wanted

SORTS = {
    **{name: name for name in ("created_at", "updated_at")},
    "key_alias": "alias",
    **{name: name for name in ("spend", "expires", "max_budget", "user_id", "team_id", "organization_id")},
}
"""What lists are sorted by, and the column."""
STATES = ("active", "blocked", "expired", "deleted")


class KeyList(Struct, kw_only=True):
    """The query of `/key/list`."""

    page: PageNumber = 1
    size: Size = 10
    user_id: str | None = None
    team_id: str | None = None
    organization_id: str | None = None
    project_id: str | None = None
    agent_id: str | None = None
    access_group_id: str | None = None
    key_hash: str | None = None
    key_alias: str | None = None
    search: str | None = None
    substring_matching: bool = False
    return_full_object: bool = False
    include_team_keys: bool = False
    include_created_by_keys: bool = False
    status: str | None = None
    expires: str | None = None
    """A day or a time: keys that end by then."""
    sort_by: str | None = None
    sort_order: str = "desc"


class AliasList(Struct, kw_only=True):
    """The query of `/key/aliases`."""

    page: PageNumber = 1
    size: Size = 50
    search: str | None = None
    team_id: str | None = None


async def listed(call: Call) -> Response:
    """GET /key/list: keys by pages"""
    ask = call.query(KeyList)
    sort_by = SORTS[one_of("sort_by", ask.sort_by, SORTS) or "created_at"]
    status = one_of("status", ask.status, STATES)
    wanted = Wanted(
        user_id=ask.user_id,
        team_id=ask.team_id,
        organization_id=ask.organization_id,
        project_id=ask.project_id,
        agent_id=ask.agent_id,
        access_group_id=ask.access_group_id,
        key_hash=service.hash_given(ask.key_hash) if ask.key_hash else None,
        key_alias=ask.key_alias,
        substring=ask.substring_matching,
        search=ask.search,
        status=status,
        expires_by=moment(ask.expires, "expires", end=True),
        created_by=call.actor.user_id if ask.include_created_by_keys else None,
    )
    wanted = _seen(call, wanted, team_keys=ask.include_team_keys)
    descending = one_of("sort_order", ask.sort_order.lower(), ("asc", "desc")) == "desc"
    order = Order(sort_by=sort_by, descending=descending, limit=ask.size, offset=(ask.page - 1) * ask.size)
    if status == "deleted":
        return await _deleted(call, wanted, ask)
    async with call.runtime.store.connection() as db:
        total = await pages.count(db, wanted)
        hashes = await pages.hashes(db, wanted, order, total)
        rows = await service.rows_with_spend(db, hashes) if ask.return_full_object else []
    keys = [shown.full(row, spent) for row, spent in rows] if ask.return_full_object else hashes
    return call.answer({"keys": keys, **_numbers(total, ask.page, ask.size)})


async def aliases(call: Call) -> Response:
    """GET /key/aliases: names of keys by pages"""
    ask = call.query(AliasList)
    wanted = _seen(call, Wanted(search=ask.search, team_id=ask.team_id), team_keys=True)
    async with call.runtime.store.connection() as db:
        total = await pages.count_aliases(db, wanted)
        found = await pages.aliases(db, wanted, limit=ask.size, offset=(ask.page - 1) * ask.size)
    return call.answer({"aliases": found, **_numbers(total, ask.page, ask.size), "size": ask.size})


async def _deleted(call: Call, wanted: Wanted, ask: KeyList) -> Response:
    """List keys that are no more; how many there were is not counted, pages go on until one is empty."""
    offset = (ask.page - 1) * ask.size
    async with call.runtime.store.connection() as db:
        found = await pages.deleted(db, wanted, limit=ask.size + 1, offset=offset)
    page = found[: ask.size]
    keys = [
        {
            **one.object,
            "token": one.object["hash"],
            "deleted_at": one.deleted_at,
            "deleted_by": one.deleted_by,
        }
        for one in page
    ]
    keys = keys if ask.return_full_object else [one["token"] for one in keys]
    return call.answer({"keys": keys, **_numbers(offset + len(found), ask.page, ask.size)})


def _seen(call: Call, wanted: Wanted, *, team_keys: bool) -> Wanted:
    """Cut a list down to what the caller may see; keys of their teams where they ask for them."""
    sight = call.sight("key:read")
    return replace(
        wanted,
        sees_all=sight.all,
        own_user=sight.user_id,
        own_key=sight.key_hash,
        teams=sight.teams if team_keys or wanted.team_id else [],
        organizations=sight.organizations,
    )


def _numbers(total: int, page: int, size: int) -> dict[str, int]:
    return {"total_count": total, "current_page": page, "total_pages": math.ceil(total / size)}
