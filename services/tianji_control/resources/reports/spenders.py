"""`/spend/keys` and `/spend/users`: objects with what they spent, the dearest first."""

from __future__ import annotations

from msgspec import Struct
from starlette.responses import Response

from tianji.errors import PermissionDenied
from tianji_control.call import Call, Guarded
from tianji_control.paging import Order
from tianji_control.resources.keys import service as keys_service
from tianji_control.resources.keys import shown as keys_shown
from tianji_control.resources.keys.answers import KeyWithHash
from tianji_control.resources.reports import store
from tianji_control.resources.users import shown as users_shown
from tianji_control.resources.users import store as users_store
from tianji_control.resources.users.answers import UserShown

MOST = 1000
"""What is listed at most; `/key/list` and `/user/list` have pages."""


class OneUser(Struct, kw_only=True):
    """The query of `/spend/users`."""

    user_id: str | None = None


async def keys(call: Call) -> Response:
    """GET /spend/keys: all keys, or the caller's user's."""
    sight = call.sight("user:read")
    if not sight.all and sight.user_id is None:
        return call.answer([])
    async with call.runtime.store.connection() as db:
        hashes = await store.spenders(db, "key", None if sight.all else sight.user_id, MOST)
        found = {row.hash: (row, spent) for row, spent in await keys_service.rows_with_spend(db, hashes)}
    shown = [{**keys_shown.info(*found[hash]), "token": hash} for hash in hashes if hash in found]
    return call.answer(shown)


async def users(call: Call) -> Response:
    """GET /spend/users: all users, or the caller's own."""
    ask, sight = call.query(OneUser), call.sight("user:read")
    if not sight.all and sight.user_id is None:
        return call.answer([])
    if not sight.all and ask.user_id not in (None, sight.user_id):
        raise PermissionDenied(
            "You may see what you spent yourself; a proxy admin sees all", type="auth_error"
        )
    wanted = ask.user_id if sight.all else sight.user_id
    async with call.runtime.store.connection() as db:
        ids = [wanted] if wanted else await store.spenders(db, "user", None, MOST)
        asked = users_store.Wanted(user_ids=ids, sees_all=True)
        order = Order(sort_by="user_id", limit=MOST)
        rows = {row.user_id: row for row in await users_store.page(db, asked, order)}
        facts = await users_store.facts_of(db, ids)
    return call.answer(
        [users_shown.shown(rows[id], facts[id].spend, facts[id].teams) for id in ids if id in rows]
    )


routes = [
    Guarded("GET", "/spend/keys", keys, "spend:read", gives=list[KeyWithHash]),
    Guarded("GET", "/spend/users", users, "spend:read", query=OneUser, gives=list[UserShown]),
]
