"""Whose a key is, and who may give it to whom."""

from __future__ import annotations

from typing import Any

from tianji.errors import BadRequest, PermissionDenied
from tianji.store.rows import Connection
from tianji_control.access import targets
from tianji_control.access.permits import Actor, Target, everywhere
from tianji_control.access.roles import ADMINS, Role, role_of
from tianji_control.access.targets import Power
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.resources.keys.store import KeyRow
from tianji_control.resources.organizations import store as organizations
from tianji_control.resources.teams import store as teams
from tianji_control.resources.users import store as users

Said = dict[str, Any]


async def target_of(db: Connection, row: KeyRow) -> Target:
    """Return a key as an object of permissions."""
    return await targets.of_key(
        db, user_id=row.user_id, team_id=row.team_id, organization_id=row.organization_id, hash=row.hash
    )


async def claimed(call: Call, change: Change, said: Said) -> Said:
    """Say whose a new key is; require that the caller may make it.

    Who is no admin of everything makes keys for themselves where nobody is named: a key of a team that is
    nobody's would not be held to what its maker may use there.
    """
    if said.get("user_id") is None and not everywhere(call.actor, "key:create"):
        said = said | {"user_id": call.actor.user_id}
    await check_claim(call, change, "key:create", said)
    return said


async def check_claim(call: Call, change: Change, permission: str, said: Said) -> None:
    """Require that the caller may have a key of this user, team and organization."""
    user_id, team_id, organization_id = (said.get(f"{who}_id") for who in ("user", "team", "organization"))
    target = await targets.of_key(
        change.db, user_id=user_id, team_id=team_id, organization_id=organization_id, hash=None
    )
    if not everywhere(call.actor, permission):
        strangers = target.organizations - call.actor.organizations.keys()
        if organization_id in strangers:
            raise _not_yours("the organization", organization_id, "organization_id")
    call.require(permission, target)
    await _check_user(change, user_id, team_id, target.organizations)
    await check_team(change, team_id, organization_id)


async def check_team(change: Change, team_id: str | None, organization_id: str | None = None) -> None:
    """Refuse a team that is not there, or that is in another organization than the key is to be in."""
    if team_id is None:
        return
    team = await teams.by_id_to_join(change.db, team_id)
    if team is None:
        # Gateways would refuse each call with the key.
        message = f"There is no team {team_id}; make it first, with /team/new"
        raise BadRequest(message, type="bad_request_error", param="team_id")
    if organization_id is not None and team.organization_id not in (None, organization_id):
        message = f"The team {team_id} is in another organization: {team.organization_id}"
        raise BadRequest(message, type="bad_request_error", param="organization_id")


async def _check_user(
    change: Change, user_id: str | None, team_id: str | None, places: frozenset[str]
) -> None:
    """Refuse a key for somebody else, unless they belong to the team or organization that it is for.

    A key may do what its user may: whoever made one for somebody mightier would be as mighty.
    """
    actor = change.actor
    user = None if user_id is None else await users.by_id_to_join(change.db, user_id)
    if actor.role is Role.PROXY_ADMIN or user_id is None or user_id == actor.user_id:
        return
    if user is None or role_of(user.role) in ADMINS:
        raise _not_yours("the user", user_id, "user_id")
    belongs = team_id in await teams.of_user(change.db, user_id)
    belongs = belongs or not places.isdisjoint(await organizations.of_user(change.db, user_id))
    if not belongs or not all(_leads(actor, power) for power in await targets.powers_of(change.db, user_id)):
        raise _not_yours("the user", user_id, "user_id")


def _leads(actor: Actor, power: Power) -> bool:
    """Say whether the caller has the powers that somebody else has in a team or an organization."""
    if actor.organizations.get(power.organization_id or "") in (Role.ORG_OWNER, Role.ORG_ADMIN):
        return True
    return power.team_id is not None and actor.teams.get(power.team_id) is Role.TEAM_ADMIN


def _not_yours(what: str, id: Any, param: str) -> PermissionDenied:
    return PermissionDenied(
        f"Only a proxy admin may give a key to {what} {id}; the admin of a team or organization may, "
        "to members of it who run nothing else",
        type="auth_error",
        param=param,
    )
