"""`/team/…`: teams."""

from __future__ import annotations

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import Route

from tianji_control.call import Call, endpoint
from tianji_control.resources.keys.shown import full
from tianji_control.resources.teams import service
from tianji_control.resources.teams.fields import NewTeam
from tianji_control.resources.teams.shown import shown


class WhichTeam(Struct):
    """The query of `/team/info`."""

    team_id: str
    key_limit: int | None = None


async def new(call: Call) -> Response:
    """POST /team/new"""
    team = await service.create(call, await call.body(NewTeam))
    return call.answer(shown(team.row, team.members, team.spend))


async def info(call: Call) -> Response:
    """GET /team/info"""
    ask = call.query(WhichTeam)
    team = await service.find(call, ask.team_id, ask.key_limit)
    return call.answer(
        {
            "team_id": team.row.team_id,
            "team_info": shown(team.row, team.members, team.spend),
            "keys": [full(row, spent) for row, spent in team.keys],
            "team_memberships": [
                {"user_id": member.user_id, "team_id": team.row.team_id, "role": member.role}
                for member in team.members
            ],
        }
    )


routes = [
    Route("/team/new", endpoint(new), methods=["POST"]),
    Route("/team/create", endpoint(new), methods=["POST"]),
    Route("/team/info", endpoint(info), methods=["GET"]),
]
