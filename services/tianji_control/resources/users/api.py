"""`/user/…`: users."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Struct
from starlette.responses import Response
from starlette.routing import Route

from tianji_control.call import Call, endpoint
from tianji_control.resources.keys import shown as keys
from tianji_control.resources.teams import service as teams
from tianji_control.resources.teams.shown import shown as team_shown
from tianji_control.resources.users import service
from tianji_control.resources.users.fields import NewUser, key_fields
from tianji_control.resources.users.shown import shown


class WhichUser(Struct):
    """The query of `/user/info`; without an id the caller's own user."""

    user_id: str | None = None


async def new(call: Call) -> Response:
    """POST /user/new"""
    ask = await call.body(NewUser)
    made = await service.create(call, ask)
    body: dict[str, Any] = {"key": "", "token": None, "expires": None}
    if made.key is not None:
        key, row = made.key
        body = keys.generated(key, row, key_fields(ask, made.row.user_id))
    return call.answer(body | shown(made.row, Decimal(0), made.teams))


async def info(call: Call) -> Response:
    """GET /user/info"""
    user = await service.find(call, call.query(WhichUser).user_id)
    found = [await teams.find(call, team_id, key_limit=0) for team_id in user.teams]
    return call.answer(
        {
            "user_id": user.row.user_id,
            "user_info": shown(user.row, user.spend, user.teams),
            "keys": [keys.full(row, spent) for row, spent in user.keys],
            "teams": [team_shown(team.row, team.members, team.spend) for team in found],
        }
    )


routes = [
    Route("/user/new", endpoint(new), methods=["POST"]),
    Route("/user/info", endpoint(info), methods=["GET"]),
]
