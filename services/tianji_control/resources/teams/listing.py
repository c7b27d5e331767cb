"""`/team/list`, `/v2/team/list`, `/team/available`: teams that the caller may see."""

from __future__ import annotations

import math
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response

from tianji.domain.snapshot import TEAM
from tianji.store.rows import Connection
from tianji_control.call import Call
from tianji_control.paging import Order, PageNumber, Size, one_of
from tianji_control.resources.keys import store as key_store
from tianji_control.resources.keys.service import with_spend
from tianji_control.resources.keys.shown import full
from tianji_control.resources.settings import store as settings
from tianji_control.resources.teams import store
from tianji_control.resources.teams.shown import shown
from tianji_control.resources.teams.standing import memberships
from tianji_control.resources.teams.store import TeamRow, Wanted
from tianji_control.spent import figures, resets

MOST_TEAMS = 1000
"""What `/team/list` answers at most; `/v2/team/list` has pages."""
MOST_KEYS = 100
"""Keys that `/team/list` shows of each team."""
SORTS = {
    "team_alias": "alias",
    **{name: name for name in ("created_at", "updated_at", "max_budget", "organization_id", "spend")},
}
"""What lists are sorted by, and the column."""


class TeamList(Struct, kw_only=True):
    """The query of `/team/list`."""

    user_id: str | None = None
    organization_id: str | None = None


class TeamPage(Struct, kw_only=True):
    """The query of `/v2/team/list`."""

    user_id: str | None = None
    organization_id: str | None = None
    team_id: str | None = None
    team_alias: str | None = None
    search: str | None = None
    search_team_id_match: str = "exact"
    page: PageNumber = 1
    page_size: Size = 10
    sort_by: str | None = None
    sort_order: str = "asc"


async def listed(call: Call) -> Response:
    """GET /team/list: teams with their members and keys"""
    ask = call.query(TeamList)
    wanted = _seen(call, Wanted(user_id=ask.user_id, organization_id=ask.organization_id))
    async with call.runtime.store.connection() as db:
        rows = await store.page(db, wanted, Order(sort_by="alias", limit=MOST_TEAMS))
        teams = await _shown(db, rows)
        held = await key_store.newest_of_teams(db, [row.team_id for row in rows], MOST_KEYS)
        keys = await with_spend(db, held)
    of_team: dict[str | None, list[dict[str, Any]]] = {row.team_id: [] for row in rows}
    for key, spent in keys:
        of_team[key.team_id].append(full(key, spent))
    for team in teams:
        team["keys"] = of_team[team["team_id"]]
    return call.answer(teams)


async def pages(call: Call) -> Response:
    """GET /v2/team/list: teams by pages"""
    ask = call.query(TeamPage)
    sort_by = SORTS[one_of("sort_by", ask.sort_by, SORTS) or "team_alias"]
    wanted = Wanted(
        user_id=ask.user_id,
        organization_id=ask.organization_id,
        team_id=ask.team_id,
        team_alias=ask.team_alias,
        search=ask.search,
        prefix=ask.search_team_id_match == "prefix",
    )
    order = Order(
        sort_by=sort_by,
        descending=ask.sort_order.lower() == "desc",
        limit=ask.page_size,
        offset=(ask.page - 1) * ask.page_size,
    )
    wanted = _seen(call, wanted)
    async with call.runtime.store.connection() as db:
        total = await store.count(db, wanted)
        teams = await _shown(db, await store.page(db, wanted, order))
    return call.answer(
        {
            "teams": teams,
            "total": total,
            "page": ask.page,
            "page_size": ask.page_size,
            "total_pages": math.ceil(total / ask.page_size),
        }
    )


async def available(call: Call) -> Response:
    """GET /team/available: teams of `default_internal_user_params` that the caller is not in"""
    async with call.runtime.store.connection() as db:
        params = (await settings.in_force(db)).calls.get("default_internal_user_params")
        named = params.get("available_teams") if isinstance(params, dict) else None
        ids = [id for id in named if isinstance(id, str)] if isinstance(named, list) else []
        rows = await store.by_ids(db, [id for id in ids if id not in call.actor.teams])
        return call.answer(await _shown(db, rows))


async def _shown(db: Connection, rows: list[TeamRow]) -> list[dict[str, Any]]:
    ids = [row.team_id for row in rows]
    members = await store.members_of(db, ids)
    joined = iter(await memberships(db, [member for id in ids for member in members[id]]))
    spent, now = await figures.of(db, TEAM, ids)
    return [
        {
            **shown(
                figures.as_of(row, now.get(row.team_id)), members[row.team_id], spent.get(row.team_id, 0)
            ),
            "team_memberships": [next(joined) for _ in members[row.team_id]],
            "members_count": len(members[row.team_id]),
        }
        for row in await resets.with_ends(db, rows)
    ]


def _seen(call: Call, wanted: Wanted) -> Wanted:
    sight = call.sight("team:read")
    return replace(wanted, sees_all=sight.all, teams=sight.teams, organizations=sight.organizations)
