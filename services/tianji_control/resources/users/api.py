"""`/user/…`: users."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.keys import shown as keys
from tianji_control.resources.teams import service as teams
from tianji_control.resources.teams.shown import shown as team_shown
from tianji_control.resources.users import bulk, listing, service
from tianji_control.resources.users.answers import (
    RoleWords,
    UserChanged,
    UserInfo,
    UserMade,
    UserName,
    UserPages,
    UsersChanged,
    UserShown,
)
from tianji_control.resources.users.bulk import bulk_update
from tianji_control.resources.users.fields import NewUser, UserFields, key_fields
from tianji_control.resources.users.shown import shown

ROLES = {
    "proxy_admin": {"description": "sees and changes everything", "ui_label": "Admin (All Permissions)"},
    "proxy_admin_viewer": {"description": "sees everything", "ui_label": "Admin (View Only)"},
    "internal_user": {
        "description": "makes keys of their own, sees what they spend",
        "ui_label": "Internal User (Create/Delete/View)",
    },
    "internal_user_viewer": {
        "description": "sees their own keys and what they spend",
        "ui_label": "Internal User (View Only)",
    },
}
"""The roles that a user can be given, as LiteLLM's pages show them."""


class Users(Struct):
    """The body of `/user/delete`."""

    user_ids: list[str]


class WhichUser(Struct):
    """The query of `/user/info`; without an id the caller's own user."""

    user_id: str | None = None


async def new(call: Call) -> Response:
    """POST /user/new: make a user, and a key along, which is told this once"""
    ask = await call.body(NewUser)
    made = await service.create(call, ask)
    body: dict[str, Any] = {"key": "", "token": None, "expires": None}
    if made.key is not None:
        key, row = made.key
        body = keys.generated(key, row, key_fields(ask, made.row.user_id))
    return call.answer(body | shown(made.row, Decimal(0), made.teams))


async def info(call: Call) -> Response:
    """GET /user/info: show a user with keys and teams"""
    user = await service.find(call, call.query(WhichUser).user_id)
    found = [await teams.find(call, team_id, key_limit=0) for team_id in user.teams]
    return call.answer(
        {
            "user_id": user.row.user_id,
            "user_info": shown(user.row, user.spend, user.teams),
            "keys": [keys.full(row, spent) for row, spent in user.keys],
            "teams": [team_shown(team.row, team.members, team.spend) for team in found],
        },
        version=user.row,
    )


async def info_v2(call: Call) -> Response:
    """GET /v2/user/info: the user alone, without keys"""
    user = await service.find(call, call.query(WhichUser).user_id)
    return call.answer(shown(user.row, user.spend, user.teams), version=user.row)


async def update(call: Call) -> Response:
    """POST /user/update: change what is named of a user"""
    ask, said = await call.said(UserFields)
    if not ask.user_id and not ask.user_email:
        raise WrongFields([Fault(["body", "user_id"], "name the user by user_id or user_email", "missing")])
    user = await service.update(call, ask.user_id, ask.user_email, said)
    return call.answer({"user_id": user.row.user_id, "data": shown(user.row, user.spend, user.teams)})


async def delete(call: Call) -> Response:
    """POST /user/delete: answers how many"""
    user_ids = (await call.body(Users)).user_ids
    if not user_ids:
        raise WrongFields([Fault(["body", "user_ids"], "name the users to delete", "missing")])
    return call.answer(await service.delete(call, user_ids))


async def available_roles(call: Call) -> Response:
    """GET /user/available_roles: the roles that a user can be given"""
    return call.answer(ROLES)


routes = [
    Guarded("POST", "/user/new", new, "user:create", body=NewUser, gives=UserMade),
    Guarded("GET", "/user/info", info, "user:read", query=WhichUser, gives=UserInfo),
    Guarded("GET", "/v2/user/info", info_v2, "user:read", query=WhichUser, gives=UserShown),
    Guarded("GET", "/user/list", listing.listed, "user:read", query=listing.UserList, gives=UserPages),
    Guarded("GET", "/user/get_users", listing.listed, "user:read", query=listing.UserList, gives=UserPages),
    Guarded(
        "GET",
        "/user/filter/ui",
        listing.suggested,
        "user:read",
        query=listing.Suggested,
        gives=list[UserName],
    ),
    Guarded("GET", "/user/available_roles", available_roles, "open:read", gives=dict[str, RoleWords]),
    Guarded("POST", "/user/update", update, "user:update", body=UserFields, gives=UserChanged),
    Guarded("POST", "/user/bulk_update", bulk_update, "user:update", body=bulk.Users, gives=UsersChanged),
    Guarded("POST", "/user/delete", delete, "user:delete", body=Users, gives=int),
]
