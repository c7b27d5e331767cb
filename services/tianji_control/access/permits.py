"""The one permission table: role, resource, action, and how far each permission reaches.

`limit` is to block something and to set what it may spend, which is never the business of its owner;
`members` is to say who belongs to it; `unowned` is to have a key of a team that is no user's; `open` is what
everybody with a key may know.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from tianji.errors import PermissionDenied
from tianji_control.access.roles import Role


class Reach(StrEnum):
    """On which objects a role may do something."""

    NONE = "-"
    OWN = "own"
    """The caller's user and key, and what belongs to them."""
    TEAM = "team"
    """What belongs to the team in which the caller has the role."""
    ORGANIZATION = "org"
    """What belongs to the organization in which the caller has the role."""
    ALL = "all"


_COLUMNS = (
    *(Role.PROXY_ADMIN, Role.PROXY_ADMIN_VIEWER, Role.INTERNAL_USER, Role.INTERNAL_USER_VIEWER),
    *(Role.TEAM, Role.CUSTOMER),
    *(Role.ORG_OWNER, Role.ORG_ADMIN, Role.ORG_MEMBER, Role.ORG_VIEWER),
    *(Role.TEAM_ADMIN, Role.TEAM_MEMBER),
)

_TABLE = """
                      proxy_admin                      org_owner                team_admin
                           .viewer                           .admin                   .member
                                internal_user                      .member
                                     .viewer                             .viewer
                                          team
                                               customer
organization:create   all  -    -    -    -    -       -     -     -     -      -     -
organization:read     all  all  -    -    -    -       org   org   org   org    -     -
organization:update   all  -    -    -    -    -       org   org   -     -      -     -
organization:limit    all  -    -    -    -    -       -     -     -     -      -     -
organization:members  all  -    -    -    -    -       org   org   -     -      -     -
organization:delete   all  -    -    -    -    -       -     -     -     -      -     -
team:create           all  -    -    -    -    -       org   org   -     -      -     -
team:read             all  all  -    -    team -       org   org   -     org    team  team
team:update           all  -    -    -    -    -       org   org   -     -      team  -
open:read             all  all  all  all  all  all     -     -     -     -      -     -
team:limit            all  -    -    -    -    -       org   org   -     -      -     -
team:members          all  -    -    -    -    -       org   org   -     -      team  -
team:delete           all  -    -    -    -    -       org   org   -     -      -     -
project:create        all  -    -    -    -    -       org   org   -     -      team  -
project:read          all  all  -    -    team -       org   org   -     org    team  team
project:update        all  -    -    -    -    -       org   org   -     -      team  -
project:delete        all  -    -    -    -    -       -     -     -     -      -     -
user:create           all  -    -    -    -    -       org   org   -     -      -     -
user:read             all  all  own  own  -    -       org   org   -     org    -     -
user:update           all  -    -    -    -    -       org   org   -     -      -     -
user:limit            all  -    -    -    -    -       -     -     -     -      -     -
user:delete           all  -    -    -    -    -       org   org   -     -      -     -
invitation:create     all  -    -    -    -    -       org   org   -     -      -     -
invitation:read       all  all  -    -    -    -       -     -     -     -      -     -
invitation:update     all  -    -    -    -    -       -     -     -     -      -     -
invitation:delete     all  -    -    -    -    -       org   org   -     -      -     -
key:create            all  -    own  -    -    -       org   org   -     -      team  -
key:read              all  all  own  own  own  own     org   org   -     org    team  -
key:update            all  -    own  -    -    -       org   org   -     -      team  -
key:limit             all  -    -    -    -    -       org   org   -     -      team  -
key:delete            all  -    own  -    -    -       org   org   -     -      team  -
key:unowned           all  -    -    -    -    -       org   org   -     -      team  -
jwt_mapping:create    all  -    -    -    -    -       -     -     -     -      -     -
jwt_mapping:read      all  all  -    -    -    -       -     -     -     -      -     -
jwt_mapping:update    all  -    -    -    -    -       -     -     -     -      -     -
jwt_mapping:delete    all  -    -    -    -    -       -     -     -     -      -     -
model:create          all  -    -    -    -    -       -     -     -     -      -     -
model:read            all  all  all  all  all  all     -     -     -     -      -     -
model:update          all  -    -    -    -    -       -     -     -     -      -     -
model:delete          all  -    -    -    -    -       -     -     -     -      -     -
access_group:create   all  -    -    -    -    -       -     -     -     -      -     -
access_group:read     all  all  -    -    -    -       -     -     -     -      -     -
access_group:update   all  -    -    -    -    -       -     -     -     -      -     -
access_group:delete   all  -    -    -    -    -       -     -     -     -      -     -
customer:create       all  -    -    -    -    -       -     -     -     -      -     -
customer:read         all  all  -    -    -    -       -     -     -     -      -     -
customer:update       all  -    -    -    -    -       -     -     -     -      -     -
customer:limit        all  -    -    -    -    -       -     -     -     -      -     -
customer:delete       all  -    -    -    -    -       -     -     -     -      -     -
tag:create            all  -    -    -    -    -       -     -     -     -      -     -
tag:read              all  all  -    -    -    -       -     -     -     -      -     -
tag:update            all  -    -    -    -    -       -     -     -     -      -     -
tag:delete            all  -    -    -    -    -       -     -     -     -      -     -
budget:create         all  -    -    -    -    -       -     -     -     -      -     -
budget:read           all  all  -    -    -    -       -     -     -     -      -     -
budget:update         all  -    -    -    -    -       -     -     -     -      -     -
budget:delete         all  -    -    -    -    -       -     -     -     -      -     -
spend:read            all  all  own  own  own  own     org   org   -     org    team  -
ledger:read           all  all  -    -    -    -       -     -     -     -      -     -
ledger:update         all  -    -    -    -    -       -     -     -     -      -     -
audit:read            all  all  -    -    -    -       org   org   -     -      -     -
prices:read           all  all  -    -    -    -       -     -     -     -      -     -
prices:update         all  -    -    -    -    -       -     -     -     -      -     -
config:read           all  all  -    -    -    -       -     -     -     -      -     -
config:update         all  -    -    -    -    -       -     -     -     -      -     -
fleet:read            all  all  -    -    -    -       -     -     -     -      -     -
"""


def _read(table: str) -> dict[str, dict[Role, Reach]]:
    rows = (line.split() for line in table.splitlines() if ":" in line)
    return {name: dict(zip(_COLUMNS, map(Reach, cells), strict=True)) for name, *cells in rows}


PERMITS = _read(_TABLE)
"""Per permission what each role may."""

MEMBER_GRANTS = {
    "/key/generate": "key:create",
    "/key/service-account/generate": "key:unowned",
    "/key/info": "open:read",
    "/key/health": "open:read",
    "/key/list": "key:read",
    "/key/aliases": "key:read",
    "/key/update": "key:update",
    "/key/bulk_update": "key:update",
    "/key/regenerate": "key:update",
    "/key/{key_id}/regenerate": "key:update",
    "/key/{key:path}/regenerate": "key:update",
    "/key/delete": "key:delete",
    "/key/block": "key:limit",
    "/key/unblock": "key:limit",
    "/key/{key_id}/reset_spend": "key:limit",
    "/team/key/bulk_update": "key:update",
}
"""What a team may give its plain members (`team_member_permissions`), on keys that nobody else owns.

LiteLLM names what members may by default, too: to see the keys that are theirs.
"""


class Target(Struct, frozen=True, kw_only=True):
    """What an action is about; None where the object has no such owner."""

    user_id: str | None = None
    team_id: str | None = None
    key_hash: str | None = None
    organizations: frozenset[str] = frozenset()


class Actor(Struct, frozen=True, kw_only=True):
    """An authenticated caller."""

    role: Role
    user_id: str | None = None
    key_hash: str | None = None
    team_id: str | None = None
    """The team that the caller's key belongs to."""
    allowed_routes: tuple[str, ...] = ()
    """The paths that the caller's key is for; none means all."""
    model_lists: tuple[tuple[str, ...], ...] = ()
    """The lists of models of the caller's key and team: each must allow a model; an empty one does."""
    teams: dict[str, Role] = {}
    """What the caller is in which team."""
    organizations: dict[str, Role] = {}
    """What the caller is in which organization."""
    team_grants: dict[str, frozenset[str]] = {}
    """Permissions that teams give to all their members, by team."""

    @property
    def name(self) -> str:
        """How the caller shows in `created_by` and in the audit log."""
        return self.user_id or (f"key:{self.key_hash[:8]}" if self.key_hash else "unknown")


class Sight(Struct, frozen=True, kw_only=True):
    """How far a permission of one caller reaches, for lists: they are cut down to it."""

    all: bool = False
    user_id: str | None = None
    key_hash: str | None = None
    teams: list[str] = []
    organizations: list[str] = []


ANYTHING = Target()


def may(actor: Actor, permission: str, target: Target = ANYTHING) -> bool:
    """Say whether a caller may do something to an object."""
    row = PERMITS[permission]
    reach = row[actor.role]
    if reach is Reach.ALL:
        return True
    if _in_organizations(actor, permission, target.organizations) or _in_team(actor, permission, target):
        return True
    if reach is not Reach.OWN:
        return False
    if target.team_id is not None and permission.startswith("key:") and permission != "key:read":
        return False  # a team's key is the team's to change, also where it is made for one member
    return _owns(actor, target)


def require(actor: Actor, permission: str, target: Target = ANYTHING) -> None:
    """Raise PermissionDenied unless the caller may."""
    if not may(actor, permission, target):
        raise _denied(actor, permission)


def require_somewhere(actor: Actor, permission: str) -> None:
    """Raise PermissionDenied for a caller who may do this to no object at all."""
    if not any(reach is not Reach.NONE for reach in _reaches(actor, permission)):
        raise _denied(actor, permission)


def everywhere(actor: Actor, permission: str) -> bool:
    """Say whether the caller may do this to every object."""
    return PERMITS[permission][actor.role] is Reach.ALL


def sight(actor: Actor, permission: str) -> Sight:
    """Say how far a permission of this caller reaches."""
    row = PERMITS[permission]
    if everywhere(actor, permission):
        return Sight(all=True)
    own = row[actor.role] is Reach.OWN
    return Sight(
        user_id=actor.user_id if own else None,
        key_hash=actor.key_hash if own else None,
        teams=sorted(id for id, role in actor.teams.items() if row[role] is Reach.TEAM),
        organizations=sorted(
            id for id, role in actor.organizations.items() if row[role] is Reach.ORGANIZATION
        ),
    )


def _reaches(actor: Actor, permission: str) -> Iterator[Reach]:
    row = PERMITS[permission]
    yield row[actor.role]
    yield from (row[role] for role in (*actor.teams.values(), *actor.organizations.values()))
    if any(permission in grants for grants in actor.team_grants.values()):
        yield Reach.TEAM


def _in_organizations(actor: Actor, permission: str, organizations: frozenset[str]) -> bool:
    """Say whether a role in the object's organizations suffices: in one to see it, in all to change it."""
    row = PERMITS[permission]
    enough = any if permission.endswith(":read") else all
    return bool(organizations) and enough(
        id in actor.organizations and row[actor.organizations[id]] is Reach.ORGANIZATION
        for id in organizations
    )


def _in_team(actor: Actor, permission: str, target: Target) -> bool:
    role = actor.teams.get(target.team_id or "")
    if role is None or target.team_id is None:
        return False
    if PERMITS[permission][role] is Reach.TEAM:
        return True
    granted = permission in actor.team_grants.get(target.team_id, frozenset())
    return granted and target.user_id in (None, actor.user_id)


def _owns(actor: Actor, target: Target) -> bool:
    if target.user_id is not None and target.user_id == actor.user_id:
        return True
    return target.key_hash is not None and target.key_hash == actor.key_hash


def _denied(actor: Actor, permission: str) -> PermissionDenied:
    return PermissionDenied(
        f"The role {actor.role} may not do {permission} here; ask a proxy admin",
        type="auth_error",
    )
