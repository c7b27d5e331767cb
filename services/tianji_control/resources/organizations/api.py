"""`/organization/…`, and `/org/…` as other gateways call it: organizations."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji_control.call import Call, Guarded
from tianji_control.envelope import Fault, WrongFields
from tianji_control.paging import LongSize, PageNumber
from tianji_control.resources.organizations import members, service
from tianji_control.resources.organizations.answers import (
    OrganizationMembers,
    OrganizationMembership,
    OrganizationShown,
    OrganizationWhole,
)
from tianji_control.resources.organizations.fields import OrganizationFields
from tianji_control.resources.organizations.members import MemberAdd, MemberUpdate
from tianji_control.resources.organizations.service import Organization
from tianji_control.resources.organizations.shown import member, shown
from tianji_control.resources.organizations.store import Wanted
from tianji_control.resources.teams import shown as teams
from tianji_control.resources.users import shown as users


class WhichOrganization(Struct):
    """The query of `/organization/info`."""

    organization_id: str


class OrganizationList(Struct, kw_only=True):
    """The query of `/organization/list`."""

    org_id: str | None = None
    org_alias: str | None = None
    page: PageNumber = 1
    size: LongSize = 1000


class Ids(Struct):
    """The body of `/organization/delete`."""

    organization_ids: list[str]


class Organizations(Struct):
    """The body of `POST /organization/info`."""

    organizations: list[str]


class LostMember(Struct, kw_only=True):
    """The body of `/organization/member_delete`."""

    organization_id: str
    user_id: str | None = None
    user_email: str | None = None


async def new(call: Call) -> Response:
    """POST /organization/new: make an organization"""
    return call.answer(shown(await service.create(call, await call.body(OrganizationFields)), 0))


async def update(call: Call) -> Response:
    """PATCH /organization/update: change what is named of an organization"""
    _, said = await call.said(OrganizationFields)
    id = call.request.path_params.get("organization_id") or said.pop("organization_id", None)
    if not id:
        raise WrongFields([_required("organization_id")])
    said.pop("organization_id", None)
    return call.answer(_whole(await service.update(call, id, said)))


async def delete(call: Call) -> Response:
    """DELETE /organization/delete: delete organizations with their teams and keys, all or none of them"""
    named = call.request.path_params.get("organization_id")
    ids = [named] if named else (await call.body(Ids)).organization_ids
    if not ids:
        raise WrongFields([_required("organization_ids")])
    return call.answer([_whole(one) for one in await service.delete(call, ids)])


async def info(call: Call) -> Response:
    """GET /organization/info: show an organization with its members and teams"""
    [found] = await service.find(call, [call.query(WhichOrganization).organization_id])
    return call.answer(_whole(found), version=found.row)


async def infos(call: Call) -> Response:
    """POST /organization/info: show several organizations"""
    ids = (await call.body(Organizations)).organizations
    if not ids:
        raise WrongFields([_required("organizations")])
    return call.answer([_whole(one) for one in await service.find(call, ids)])


async def listed(call: Call) -> Response:
    """GET /organization/list: organizations by pages"""
    ask = call.query(OrganizationList)
    wanted = Wanted(
        organization_id=ask.org_id, alias=ask.org_alias, limit=ask.size, offset=(ask.page - 1) * ask.size
    )
    return call.answer([_whole(one) for one in await service.listed(call, wanted)])


async def member_add(call: Call) -> Response:
    """POST /organization/member_add, POST /org/{id}/member/add: add members to an organization"""
    ask = await call.body(MemberAdd)
    id = call.request.path_params.get("organization_id") or ask.organization_id
    if not id:
        raise WrongFields([_required("organization_id")])
    joined = await members.add(call, id, ask)
    return call.answer(
        {
            "organization_id": id,
            "updated_users": [users.shown(user, 0, []) for user, _ in joined],
            "updated_organization_memberships": [member(row) for _, row in joined],
        }
    )


async def member_update(call: Call) -> Response:
    """PATCH /organization/member_update: change the role of a member, or what they may spend"""
    return call.answer(member(await members.update(call, await call.body(MemberUpdate))))


async def member_delete(call: Call) -> Response:
    """DELETE /organization/member_delete: take a member out of an organization"""
    ask = await call.body(LostMember)
    return call.answer(member(await members.remove(call, ask.organization_id, ask.user_id, ask.user_email)))


def _whole(found: Organization) -> dict[str, Any]:
    return shown(found.row, found.spend) | {
        "members": [member(row) for row in found.members],
        "teams": [teams.shown(row, [], spent) for row, spent in found.teams],
        "users": None,
    }


def _required(name: str) -> Fault:
    return Fault(["body", name], f"the field {name} is required", "missing")


routes = [
    Guarded(
        "POST",
        "/organization/new",
        new,
        "organization:create",
        body=OrganizationFields,
        gives=OrganizationShown,
    ),
    Guarded(
        "POST", "/org/create", new, "organization:create", body=OrganizationFields, gives=OrganizationShown
    ),
    Guarded(
        "PATCH",
        "/organization/update",
        update,
        "organization:update",
        body=OrganizationFields,
        gives=OrganizationWhole,
    ),
    Guarded(
        "POST",
        "/organization/update",
        update,
        "organization:update",
        body=OrganizationFields,
        gives=OrganizationWhole,
    ),
    Guarded(
        "PATCH",
        "/v2/organization/{organization_id}",
        update,
        "organization:update",
        body=OrganizationFields,
        gives=OrganizationWhole,
    ),
    Guarded(
        "DELETE",
        "/organization/delete",
        delete,
        "organization:delete",
        body=Ids,
        gives=list[OrganizationWhole],
    ),
    Guarded(
        "DELETE",
        "/organization/delete/{organization_id}",
        delete,
        "organization:delete",
        gives=list[OrganizationWhole],
    ),
    Guarded(
        "GET",
        "/organization/info",
        info,
        "organization:read",
        query=WhichOrganization,
        gives=OrganizationWhole,
    ),
    Guarded(
        "POST",
        "/organization/info",
        infos,
        "organization:read",
        body=Organizations,
        gives=list[OrganizationWhole],
    ),
    Guarded(
        "GET",
        "/organization/list",
        listed,
        "organization:read",
        query=OrganizationList,
        gives=list[OrganizationWhole],
    ),
    Guarded(
        "GET", "/org/list", listed, "organization:read", query=OrganizationList, gives=list[OrganizationWhole]
    ),
    Guarded(
        "POST",
        "/organization/member_add",
        member_add,
        "organization:members",
        body=MemberAdd,
        gives=OrganizationMembers,
    ),
    Guarded(
        "POST",
        "/org/{organization_id}/member/add",
        member_add,
        "organization:members",
        body=MemberAdd,
        gives=OrganizationMembers,
    ),
    Guarded(
        "PATCH",
        "/organization/member_update",
        member_update,
        "organization:members",
        body=MemberUpdate,
        gives=OrganizationMembership,
    ),
    Guarded(
        "DELETE",
        "/organization/member_delete",
        member_delete,
        "organization:members",
        body=LostMember,
        gives=OrganizationMembership,
    ),
]
