"""From a request's headers to its caller."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct

from tianji.domain.keys import hash_of
from tianji.errors import AuthenticationFailed
from tianji.store.queries import Queries
from tianji.store.rows import Connection, one
from tianji_control.access.permits import Actor
from tianji_control.access.roles import Role, role_of

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
    user_id: str | None
    team_id: str | None
    blocked: bool
    expires: datetime | None
    role: str | None
    user_blocked: bool
    team_blocked: bool
    allowed_routes: list[str]
    models: list[str]
    team_models: list[str]
    member_of: list[str]
    admin_of: list[str]


def key_in(headers: Mapping[str, str], extra_header: str | None = None) -> str | None:
    """Find the key in a request's headers; `extra_header` is the one that the config names."""
    names = (extra_header.lower(), *KEY_HEADERS) if extra_header else KEY_HEADERS
    for name in names:
        if given := headers.get(name, "").strip():
            scheme, _, rest = given.partition(" ")
            return rest.strip() if scheme.lower() == "bearer" and rest else given
    return None


async def authenticate(
    db: Connection, key: str | None, master_key_hash: str | None, now: datetime | None = None
) -> Actor:
    """Return who calls with this key. Raises AuthenticationFailed."""
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
    caller = await one(db, Q.caller_by_hash, Caller, hash=hashed)
    if caller is None:
        raise AuthenticationFailed(
            f"Authentication Error, invalid API key: no such key here (key hash {hashed})",
            type="token_not_found_in_db",
            param="key",
        )
    _check_usable(caller, now or datetime.now(UTC))
    return Actor(
        role=role_of(caller.role),
        user_id=caller.user_id,
        key_hash=caller.hash,
        team_id=caller.team_id,
        allowed_routes=tuple(caller.allowed_routes),
        model_lists=(tuple(caller.models), tuple(caller.team_models)),
        member_of=frozenset(caller.member_of),
        admin_of=frozenset(caller.admin_of),
    )


def _check_usable(caller: Caller, now: datetime) -> None:
    if caller.blocked:
        raise AuthenticationFailed("Authentication Error, this key is blocked; an admin can unblock it")
    if caller.user_blocked:
        raise AuthenticationFailed("Authentication Error, the user of this key is blocked")
    if caller.team_blocked:
        raise AuthenticationFailed("Authentication Error, the team of this key is blocked")
    if caller.expires is not None and caller.expires <= now:
        raise AuthenticationFailed(
            f"Authentication Error, this key expired at {caller.expires.isoformat()}",
            type="expired_key",
            param="key",
        )
