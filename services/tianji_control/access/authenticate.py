"""From a request's headers to its caller."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from tianji.domain.access import Chain, barred, barred_address
from tianji.domain.keys import KeyRecord, hash_of
from tianji.domain.tenants import OrganizationRecord, ProjectRecord, TeamRecord, UserRecord
from tianji.errors import AuthenticationFailed, NotFound, PermissionDenied
from tianji.store.queries import Queries
from tianji.store.rows import Connection, one
from tianji_control.access.permits import MEMBER_GRANTS, Actor
from tianji_control.access.roles import IN_ORGANIZATION, IN_TEAM, Role, role_of

Q = Queries.beside(__file__)

KEY_HEADERS = (
    "x-litellm-api-key",
    "x-tianji-api-key",
    "authorization",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "ocp-apim-subscription-key",
)
"""Where a key may arrive; the first one that is there counts."""

MASTER_USER = "default_user_id"
"""Whom the master key acts for, under the name that LiteLLM's scripts know."""


class Caller(Struct, frozen=True):
    """A stored key with what its user may do."""

    hash: str
    successor: str | None
    """The key that took its place, within a grace: whom it acts for then."""
    user_id: str | None
    team_id: str | None
    blocked: bool
    expires: datetime | None
    role: str | None
    user_blocked: bool
    team_blocked: bool
    project_blocked: bool
    organization_blocked: bool
    allowed_routes: list[str]
    allowed_ips: list[str]
    models: list[str]
    team_models: list[str]
    teams: dict[str, str]
    """The user's role in each of their teams."""
    team_permissions: dict[str, list[Any]]
    """What those teams let their plain members do."""
    organizations: dict[str, str]


def key_in(headers: Mapping[str, str], extra_header: str | None = None) -> str | None:
    """Find the key in a request's headers; `extra_header` is the one that the config names."""
    names = (extra_header.lower(), *KEY_HEADERS) if extra_header else KEY_HEADERS
    for name in names:
        if given := headers.get(name, "").strip():
            scheme, _, rest = given.partition(" ")
            return rest.strip() if scheme.lower() == "bearer" and rest else given
    return None


async def authenticate(
    db: Connection, key: str | None, master_key_hash: str | None, address: str | None
) -> Actor:
    """Return who calls with this key from there. Raises AuthenticationFailed, and PermissionDenied."""
    if not key:
        raise AuthenticationFailed(
            "Authentication Error, no API key was passed in; send it as 'Authorization: Bearer sk-...'"
        )
    hashed = hash_of(key)
    if master_key_hash and hmac.compare_digest(hashed, master_key_hash):
        return Actor(role=Role.PROXY_ADMIN, user_id=MASTER_USER)
    if not key.startswith("sk-"):
        raise AuthenticationFailed(
            "Authentication Error, invalid API key: a key of this gateway begins with 'sk-'", param="key"
        )
    caller, replaced = await _found(db, hashed)
    if caller is None:
        raise AuthenticationFailed(
            f"Authentication Error, invalid API key: no such key here (key hash {hashed})",
            type="token_not_found_in_db",
            param="key",
        )
    _check_usable(caller, replaced, address)
    return _actor(caller)


async def actor_of(db: Connection, hash: str) -> Actor:
    """Return whom a stored key acts for, whether it is let in or not. Raises NotFound."""
    caller, _ = await _found(db, hash)
    if caller is None:
        raise NotFound("There is no such key", param="key")
    return _actor(caller)


async def actor_of_user(db: Connection, user_id: str) -> Actor:
    """Return a user as the caller that a key of theirs would be. Raises NotFound."""
    caller = await one(db, Q.caller_of_user, Caller, user_id=user_id)
    if caller is None:
        raise NotFound(f"There is no user {user_id}", param="user_id")
    return _actor(caller)


async def _found(db: Connection, hash: str) -> tuple[Caller | None, list[KeyRecord]]:
    """Return whom a key acts for, and the values on the way to it that were replaced."""
    caller, replaced = await one(db, Q.caller_by_hash, Caller, hash=hash), []
    while caller is not None and caller.successor is not None:
        replaced.append(_key(caller))
        caller = await one(db, Q.caller_by_hash, Caller, hash=caller.successor)
    return caller, replaced


def _key(caller: Caller) -> KeyRecord:
    return KeyRecord(
        hash=caller.hash,
        blocked=caller.blocked,
        expires=caller.expires.timestamp() if caller.expires else None,
        allowed_ips=caller.allowed_ips,
    )


def _actor(caller: Caller) -> Actor:
    role = role_of(caller.role)
    if caller.role is None and caller.team_id is not None:
        role = Role.TEAM
    teams = {id: IN_TEAM.get(name, Role.TEAM_MEMBER) for id, name in caller.teams.items()}
    if caller.team_id is not None:
        teams.setdefault(caller.team_id, Role.TEAM)
    return Actor(
        role=role,
        user_id=caller.user_id,
        key_hash=caller.hash,
        team_id=caller.team_id,
        allowed_routes=tuple(caller.allowed_routes),
        model_lists=(tuple(caller.models), tuple(caller.team_models)),
        teams=teams,
        organizations={
            id: IN_ORGANIZATION.get(name, Role.ORG_VIEWER) for id, name in caller.organizations.items()
        },
        team_grants={
            id: frozenset(MEMBER_GRANTS[route] for route in routes if route in MEMBER_GRANTS)
            for id, routes in caller.team_permissions.items()
        },
    )


def _check_usable(caller: Caller, replaced: list[KeyRecord], address: str | None) -> None:
    chain = Chain(
        key=_key(caller),
        replaced=replaced,
        project=ProjectRecord(id="", blocked=caller.project_blocked),
        team=TeamRecord(id=caller.team_id or "", blocked=caller.team_blocked),
        user=UserRecord(id=caller.user_id or "", blocked=caller.user_blocked),
        organization=OrganizationRecord(id="", blocked=caller.organization_blocked),
    )
    if barred_address(chain.key, address) is not None:
        raise PermissionDenied(
            f"Access forbidden: this key may not be used from {address}; an admin can change its allowed_ips"
        )
    refusal = barred(chain, time.time())
    if refusal is None:
        return
    if refusal.rule == "expired":
        raise AuthenticationFailed(
            f"Authentication Error, this key expired at {_ended(caller, replaced)}",
            type="expired_key",
            param="key",
        )
    whose = "this key" if refusal.who == "key" else f"the {refusal.who} of this key"
    raise AuthenticationFailed(f"Authentication Error, {whose} is blocked; an admin can unblock it")


def _ended(caller: Caller, replaced: list[KeyRecord]) -> datetime:
    """Return when the first of the values of a key ended."""
    ends = [value.expires for value in (*replaced, _key(caller)) if value.expires is not None]
    return datetime.fromtimestamp(min(ends), UTC)
