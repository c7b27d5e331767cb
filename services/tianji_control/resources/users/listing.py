"""`/user/list` and `/user/filter/ui`: pages of users that the caller may see."""

from __future__ import annotations

import math

from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response

from tianji.domain.snapshot import USER
from tianji_control.call import Call
from tianji_control.paging import Order, PageNumber, Size, one_of
from tianji_control.resources.users import store
from tianji_control.resources.users.shown import shown
from tianji_control.resources.users.store import Wanted
from tianji_control.spent import figures

SORTS = {
    "user_id": "user_id",
    "user_email": "email",
    **{name: name for name in ("created_at", "updated_at", "spend")},
    "user_alias": "alias",
    "user_role": "role",
}
"""What lists are sorted by, and the column."""


class UserList(Struct, kw_only=True):
    """The query of `/user/list`; lists are written with commas."""

    role: str | None = None
    user_ids: str | None = None
    sso_user_ids: str | None = None
    user_email: str | None = None
    search: str | None = None
    team: str | None = None
    organization_ids: str | None = None
    page: PageNumber = 1
    page_size: Size = 25
    sort_by: str | None = None
    sort_order: str = "asc"


class Suggested(Struct, kw_only=True):
    """The query of `/user/filter/ui`."""

    user_id: str | None = None
    user_email: str | None = None
    search: str | None = None
    team_id: str | None = None
    page: PageNumber = 1
    page_size: Size = 50


async def listed(call: Call) -> Response:
    """GET /user/list: users by pages"""
    ask = call.query(UserList)
    sort_by = SORTS[one_of("sort_by", ask.sort_by, SORTS) or "created_at"]
    wanted = _seen(
        call,
        Wanted(
            role=ask.role,
            user_ids=_ids(ask.user_ids),
            sso_user_ids=_ids(ask.sso_user_ids),
            user_email=ask.user_email,
            search=ask.search,
            team_id=ask.team,
            organization_ids=_ids(ask.organization_ids),
        ),
    )
    order = Order(
        sort_by=sort_by,
        descending=ask.sort_order.lower() == "desc" or ask.sort_by is None,
        limit=ask.page_size,
        offset=(ask.page - 1) * ask.page_size,
    )
    async with call.runtime.store.connection() as db:
        total = await store.count(db, wanted)
        rows = await store.page(db, wanted, order)
        ids = [row.user_id for row in rows]
        facts, now = await store.facts_of(db, ids), await figures.current(db, USER, ids)
    spent = figures.with_current({id: facts[id].spend for id in ids}, now)
    users = [
        shown(figures.as_of(row, now.get(row.user_id)), spent[row.user_id], facts[row.user_id].teams)
        | {"key_count": facts[row.user_id].key_count}
        for row in rows
    ]
    return call.answer(
        {
            "users": users,
            "total": total,
            "page": ask.page,
            "page_size": ask.page_size,
            "total_pages": math.ceil(total / ask.page_size),
        }
    )


async def suggested(call: Call) -> Response:
    """GET /user/filter/ui: names to choose from"""
    ask = call.query(Suggested)
    wanted = Wanted(
        user_ids=[ask.user_id] if ask.user_id else None,
        user_email=ask.user_email,
        search=ask.search,
        team_id=ask.team_id,
    )
    order = Order(
        sort_by="email", descending=False, limit=ask.page_size, offset=(ask.page - 1) * ask.page_size
    )
    async with call.runtime.store.connection() as db:
        rows = await store.page(db, _seen(call, wanted), order)
    return call.answer([{"user_id": row.user_id, "user_email": row.email} for row in rows])


def _seen(call: Call, wanted: Wanted) -> Wanted:
    sight = call.sight("user:read")
    return replace(wanted, sees_all=sight.all, own_user=sight.user_id, organizations=sight.organizations)


def _ids(given: str | None) -> list[str] | None:
    return [part.strip() for part in given.split(",") if part.strip()] if given else None
