"""`/team/…`: teams."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji.domain.snapshot import TEAM
from tianji_control.call import Call, Guarded
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.keys.shown import full
from tianji_control.resources.teams import listing, members, permissions, service, store
from tianji_control.resources.teams.answers import (
    ManyMembersAdded,
    MemberChanged,
    MemberPermissions,
    MembersAdded,
    PermissionsAdded,
    TeamChanged,
    TeamInfo,
    TeamListed,
    TeamPages,
    TeamsDeleted,
    TeamShown,
    TeamWithKeys,
)
from tianji_control.resources.teams.bulk import Members, bulk_member_add
from tianji_control.resources.teams.fields import NewTeam, TeamChange, TeamFields
from tianji_control.resources.teams.members import MemberAdd, MemberUpdate
from tianji_control.resources.teams.service import Team
from tianji_control.resources.teams.shown import shown, updated
from tianji_control.resources.teams.standing import memberships
from tianji_control.resources.users import shown as users
from tianji_control.spent.totals import total


class WhichTeam(Struct):
    """The query of `/team/info`."""

    team_id: str | None = None
    key_limit: int | None = None


class OneTeam(Struct):
    """The body of `/team/block`."""

    team_id: str


class Teams(Struct):
    """The body of `/team/delete`."""

    team_ids: list[str]


class Models(Struct):
    """The body of `/team/model/add`."""

    team_id: str
    models: list[str]


class LostMember(Struct, kw_only=True):
    """The body of `/team/member_delete`."""

    team_id: str
    user_id: str | None = None
    user_email: str | None = None


async def new(call: Call) -> Response:
    """POST /team/new: make a team with its members"""
    return call.answer(_shown(await service.create(call, await call.body(NewTeam))))


async def info(call: Call) -> Response:
    """GET /team/info: show a team with its keys and members"""
    ask = call.query(WhichTeam)
    team_id = call.request.path_params.get("team_id") or ask.team_id
    if not team_id:
        raise WrongFields([Fault(["query", "team_id"], "the field team_id is required", "missing")])
    team = await service.find(call, team_id, ask.key_limit)
    async with call.runtime.store.connection() as db:
        joined = await memberships(db, team.members)
    return call.answer(
        {
            "team_id": team.row.team_id,
            "team_info": _shown(team),
            "keys": [full(row, spent) for row, spent in team.keys],
            "team_memberships": joined,
        },
        version=team.row,
    )


async def update(call: Call) -> Response:
    """POST /team/update: change what is named of a team"""
    ask, said = await call.said(TeamChange)
    del said["team_id"]
    team = await service.update(call, ask.team_id, said)
    return call.answer({"team_id": ask.team_id, "data": _shown(team)})


async def patch(call: Call) -> Response:
    """PATCH /team/{team_id}: change what is named of a team"""
    _, said = await call.said(TeamFields)
    return call.answer(_shown(await service.update(call, call.request.path_params["team_id"], said)))


async def delete(call: Call) -> Response:
    """POST /team/delete: delete teams with their keys, all or none of them"""
    team_ids = (await call.body(Teams)).team_ids
    if not team_ids:
        raise WrongFields([Fault(["body", "team_ids"], "name the teams to delete", "missing")])
    await service.delete(call, team_ids)
    return call.answer({"deleted_teams": team_ids})


async def block(call: Call) -> Response:
    """POST /team/block: refuse the keys of a team from now on"""
    return call.answer(_shown(await service.set_blocked(call, (await call.body(OneTeam)).team_id, True)))


async def unblock(call: Call) -> Response:
    """POST /team/unblock: let the keys of a team in again"""
    return call.answer(_shown(await service.set_blocked(call, (await call.body(OneTeam)).team_id, False)))


async def model_add(call: Call) -> Response:
    """POST /team/model/add: let a team use more models"""
    ask = await call.body(Models)
    return call.answer(_shown(await service.set_models(call, ask.team_id, ask.models, add=True)))


async def model_delete(call: Call) -> Response:
    """POST /team/model/delete: take models from a team"""
    ask = await call.body(Models)
    return call.answer(_shown(await service.set_models(call, ask.team_id, ask.models, add=False)))


async def member_add(call: Call) -> Response:
    """POST /team/member_add: add members to a team"""
    ask = await call.body(MemberAdd)
    added = await members.add(call, ask)
    async with call.runtime.store.connection() as db:
        team = shown(added.row, await store.members(db, ask.team_id), await total(db, TEAM, ask.team_id))
        joined = await memberships(db, added.members)
    return call.answer(
        {
            **team,
            "updated_users": [users.shown(user, 0, [ask.team_id]) for user in added.users],
            "updated_team_memberships": joined,
        }
    )


async def member_update(call: Call) -> Response:
    """POST /team/member_update: change the role of a member, or what they may use"""
    return call.answer(updated(await members.update(call, await call.body(MemberUpdate))))


async def member_delete(call: Call) -> Response:
    """POST /team/member_delete: take a member out of a team, with their keys in it"""
    ask = await call.body(LostMember)
    row = await members.remove(call, ask.team_id, ask.user_id, ask.user_email)
    async with call.runtime.store.connection() as db:
        team = shown(row, await store.members(db, ask.team_id), await total(db, TEAM, ask.team_id))
    return call.answer(team)


def _shown(team: Team) -> dict[str, Any]:
    return shown(team.row, team.members, team.spend)


routes = [
    Guarded("POST", "/team/new", new, "team:create", body=NewTeam, gives=TeamShown),
    Guarded("POST", "/team/create", new, "team:create", body=NewTeam, gives=TeamShown),
    Guarded("GET", "/team/info", info, "team:read", query=WhichTeam, gives=TeamInfo),
    Guarded("GET", "/team/info/{team_id}", info, "team:read", query=WhichTeam, gives=TeamInfo),
    Guarded(
        "GET", "/team/list", listing.listed, "team:read", query=listing.TeamList, gives=list[TeamWithKeys]
    ),
    Guarded("GET", "/v2/team/list", listing.pages, "team:read", query=listing.TeamPage, gives=TeamPages),
    Guarded("GET", "/team/available", listing.available, "open:read", gives=list[TeamListed]),
    Guarded("POST", "/team/update", update, "team:update", body=TeamChange, gives=TeamChanged),
    Guarded("POST", "/team/delete", delete, "team:delete", body=Teams, gives=TeamsDeleted),
    Guarded("POST", "/team/block", block, "team:limit", body=OneTeam, gives=TeamShown),
    Guarded("POST", "/team/unblock", unblock, "team:limit", body=OneTeam, gives=TeamShown),
    Guarded("POST", "/team/member_add", member_add, "team:members", body=MemberAdd, gives=MembersAdded),
    Guarded("POST", "/team/member/add", member_add, "team:members", body=MemberAdd, gives=MembersAdded),
    Guarded(
        "POST", "/team/bulk_member_add", bulk_member_add, "team:members", body=Members, gives=ManyMembersAdded
    ),
    Guarded(
        "POST", "/team/member_update", member_update, "team:members", body=MemberUpdate, gives=MemberChanged
    ),
    Guarded("POST", "/team/member_delete", member_delete, "team:members", body=LostMember, gives=TeamShown),
    Guarded("POST", "/team/member/delete", member_delete, "team:members", body=LostMember, gives=TeamShown),
    Guarded("POST", "/team/model/add", model_add, "team:update", body=Models, gives=TeamShown),
    Guarded("POST", "/team/model/delete", model_delete, "team:update", body=Models, gives=TeamShown),
    Guarded("POST", "/team/model/remove", model_delete, "team:update", body=Models, gives=TeamShown),
    Guarded(
        "GET",
        "/team/permissions_list",
        permissions.listed,
        "team:read",
        query=permissions.WhichTeam,
        gives=MemberPermissions,
    ),
    Guarded(
        "GET",
        "/team/permissions",
        permissions.listed,
        "team:read",
        query=permissions.WhichTeam,
        gives=MemberPermissions,
    ),
    Guarded(
        "POST",
        "/team/permissions_update",
        permissions.update,
        "team:update",
        body=permissions.Granted,
        gives=TeamShown,
    ),
    Guarded(
        "POST",
        "/team/permissions",
        permissions.update,
        "team:update",
        body=permissions.Granted,
        gives=TeamShown,
    ),
    Guarded(
        "POST",
        "/team/permissions_bulk_update",
        permissions.bulk_update,
        "team:update",
        body=permissions.GrantedToMany,
        gives=PermissionsAdded,
    ),
    Guarded("PATCH", "/team/{team_id}", patch, "team:update", body=TeamFields, gives=TeamShown),
]
