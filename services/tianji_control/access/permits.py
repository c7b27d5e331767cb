"""The one permission table: role, action, scope.

An action is `<resource>:<read|write>`; `key:limit` is to block a key and to set what it may spend,
which is never the business of its owner. A scope says on which objects: `ALL`, those of the
caller's `TEAM` (as its admin), those that are the caller's `OWN`. Membership in a team gives
`MEMBER` scope on it.
"""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct

from tianji.errors import PermissionDenied
from tianji_control.access.roles import Role


class Scope(IntEnum):
    """How far a permission reaches."""

    NONE = 0
    OWN = 1
    MEMBER = 2
    ALL = 3


class Target(Struct, frozen=True, kw_only=True):
    """What an action is about; None where the object has no such owner."""

    user_id: str | None = None
    team_id: str | None = None
    key_hash: str | None = None


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
    member_of: frozenset[str] = frozenset()
    admin_of: frozenset[str] = frozenset()
    """Teams that the caller administers."""

    @property
    def name(self) -> str:
        """How the caller shows in `created_by` and in the audit log."""
        return self.user_id or (f"key:{self.key_hash[:8]}" if self.key_hash else "unknown")


ANYTHING = Target()

_READ_ALL = {
    f"{resource}:read": Scope.ALL for resource in ("key", "team", "user", "model", "config", "fleet", "spend")
}
_WRITE_ALL = {
    f"{resource}:write": Scope.ALL for resource in ("key", "team", "user", "model", "config", "spend")
} | {"key:limit": Scope.ALL}
_READ_OWN = {
    "key:read": Scope.OWN,
    "user:read": Scope.OWN,
    "team:read": Scope.MEMBER,
    "model:read": Scope.ALL,
    "spend:read": Scope.OWN,
}

PERMITS: dict[Role, dict[str, Scope]] = {
    Role.PROXY_ADMIN: _READ_ALL | _WRITE_ALL,
    Role.PROXY_ADMIN_VIEWER: _READ_ALL,
    Role.ORG_ADMIN: _READ_OWN | {"key:write": Scope.OWN},
    Role.INTERNAL_USER: _READ_OWN | {"key:write": Scope.OWN},
    Role.INTERNAL_USER_VIEWER: _READ_OWN,
    Role.TEAM: {
        "key:read": Scope.OWN,
        "team:read": Scope.MEMBER,
        "model:read": Scope.ALL,
        "spend:read": Scope.OWN,
    },
    Role.CUSTOMER: {"key:read": Scope.OWN, "model:read": Scope.ALL, "spend:read": Scope.OWN},
}

TEAM_ADMIN: frozenset[str] = frozenset(
    {"key:read", "key:write", "key:limit", "team:read", "team:write", "spend:read"}
)
"""What a team's admin may do to the team and to its keys, whatever their role."""


def may(actor: Actor, action: str, target: Target = ANYTHING) -> bool:
    """Say whether a caller may do something to an object."""
    scope = PERMITS[actor.role].get(action, Scope.NONE)
    if scope is Scope.ALL:
        return True
    if target.team_id is not None:
        if target.team_id in actor.admin_of and action in TEAM_ADMIN:
            return True
        belongs = target.team_id in actor.member_of or target.team_id == actor.team_id
        if scope is Scope.MEMBER and belongs and target.key_hash is None:
            return True
    if action == "key:write" and target.team_id is not None:
        return False  # a team's key is the team's to change, also where it is made for one member
    return scope >= Scope.OWN and _owns(actor, target)


def require(actor: Actor, action: str, target: Target = ANYTHING) -> None:
    """Raise PermissionDenied unless the caller may."""
    if not may(actor, action, target):
        raise PermissionDenied(
            f"The role {actor.role} may not do {action} here; ask a proxy admin",
            type="auth_error",
        )


def reach(actor: Actor, action: str) -> Scope:
    """Say how far an action of this caller reaches; for lists, which are cut down to it."""
    return PERMITS[actor.role].get(action, Scope.NONE)


def _owns(actor: Actor, target: Target) -> bool:
    if target.user_id is not None and target.user_id == actor.user_id:
        return True
    return target.key_hash is not None and target.key_hash == actor.key_hash
