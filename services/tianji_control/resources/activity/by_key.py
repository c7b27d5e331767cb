"""`/…/daily/activity/aggregated/{keys,search,model_top_keys,users}`: sums over all days, one a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace
from starlette.responses import Response

from tianji.store.rows import Connection
from tianji_control.call import Call, Guarded, Handler
from tianji_control.resources.activity import store
from tianji_control.resources.activity.answers import KeyList, KeyPart, ModelKeys, UserPart
from tianji_control.resources.activity.asked import (
    ENTITIES,
    USER,
    Entity,
    KeyPage,
    KeySearch,
    Query,
    TopKeys,
    query_of,
    wanted,
)
from tianji_control.resources.activity.daily import check
from tianji_control.resources.activity.shown import key_row
from tianji_control.resources.activity.store import KeySum

LONGEST_PAGE = 100
OF_USERS = query_of(USER, KeyPage)


def page(entity: Entity, kind: type[Any]) -> Handler:
    """Make the handler of `/…/keys`."""

    async def serve(call: Call) -> Response:
        """GET /…/daily/activity/aggregated/keys: the dearest keys first."""
        ask = call.query(kind)
        check(ask.limit, "limit", 1, LONGEST_PAGE)
        check(ask.offset, "offset", 0, 2**31)
        async with call.runtime.store.connection() as db:
            want = await wanted(db, call, entity, ask)
            rows = await store.keys(db, want, limit=ask.limit, offset=ask.offset)
            total = rows[0].total if rows else len(await store.keys(db, want, limit=1))
            shown = await _shown(db, rows)
        return call.answer(
            {"api_keys": shown, "total_api_keys": total, "offset": ask.offset, "limit": ask.limit}
        )

    return serve


def search(entity: Entity, kind: type[Any]) -> Handler:
    """Make the handler of `/…/search`."""

    async def serve(call: Call) -> Response:
        """GET /…/daily/activity/aggregated/search: keys by a part of their alias, or their hash."""
        ask = call.query(kind)
        check(ask.limit, "limit", 1, LONGEST_PAGE)
        async with call.runtime.store.connection() as db:
            want = await wanted(db, call, entity, ask)
            found = await store.keys_like(db, ask.search, LONGEST_PAGE)
            keys = found if want.keys is None else [hash for hash in found if hash in want.keys]
            rows = await store.keys(db, replace(want, keys=keys), limit=ask.limit) if keys else []
            return call.answer({"api_keys": await _shown(db, rows)})

    return serve


def top_of_model(entity: Entity, kind: type[Any]) -> Handler:
    """Make the handler of `/…/model_top_keys`."""

    async def serve(call: Call) -> Response:
        """GET /…/daily/activity/aggregated/model_top_keys: who spends most on a model."""
        ask = call.query(kind)
        check(ask.limit, "limit", 1, LONGEST_PAGE)
        which = {"group" if ask.by_model_group else "upstream": ask.model_group}
        async with call.runtime.store.connection() as db:
            want = await wanted(db, call, entity, ask)
            shown = await _shown(db, await store.keys(db, want, limit=ask.limit, **which))
        return call.answer(
            {"model": ask.model_group, "by_model_group": ask.by_model_group, "api_keys": shown}
        )

    return serve


async def users(call: Call) -> Response:
    """GET /user/daily/activity/aggregated/users: who spends most."""
    ask = call.query(OF_USERS)
    check(ask.limit, "limit", 1, LONGEST_PAGE)
    check(ask.offset, "offset", 0, 2**31)
    async with call.runtime.store.connection() as db:
        want = await wanted(db, call, USER, ask)
        rows = await store.users(db, want, limit=ask.limit, offset=ask.offset)
        total = rows[0].total if rows else len(await store.users(db, want, limit=1, offset=0))
        known = await store.names(db, "user", {row.user_id for row in rows})
    shown = []
    for row in rows:
        name = known.get(row.user_id)
        facts = {"user_email": name.email if name else None, "user_alias": name.alias if name else None}
        shown.append({"user_id": row.user_id or None, **facts, **row.shown()})
    return call.answer({"users": shown, "total_users": total, "offset": ask.offset, "limit": ask.limit})


async def _shown(db: Connection, rows: list[KeySum]) -> list[dict[str, Any]]:
    facts = await store.facts_of_keys(db, {row.key_hash for row in rows if row.key_hash})
    return [key_row(row, facts) for row in rows]


def _routes(entity: Entity) -> Iterator[Guarded]:
    path = f"/{entity.name}/daily/activity/aggregated/"
    kinds: tuple[tuple[str, Callable[[Entity, type[Any]], Handler], type[Query], type[Any]], ...] = (
        ("keys", page, KeyPage, KeyPart),
        ("search", search, KeySearch, KeyList),
        ("model_top_keys", top_of_model, TopKeys, ModelKeys),
    )
    for name, make, base, gives in kinds:
        kind = query_of(entity, base)
        yield Guarded("GET", path + name, make(entity, kind), entity.permission, query=kind, gives=gives)


routes = [
    *(route for entity in ENTITIES for route in _routes(entity)),
    Guarded(
        "GET", "/user/daily/activity/aggregated/users", users, USER.permission, query=OF_USERS, gives=UserPart
    ),
]
