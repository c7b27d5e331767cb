"""Roles of users, as LiteLLM names them."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a user is in the whole system; roles inside a team are `admin` and `user`."""

    PROXY_ADMIN = "proxy_admin"
    PROXY_ADMIN_VIEWER = "proxy_admin_viewer"
    ORG_ADMIN = "org_admin"
    INTERNAL_USER = "internal_user"
    INTERNAL_USER_VIEWER = "internal_user_viewer"
    TEAM = "team"
    CUSTOMER = "customer"


ADMINS = (Role.PROXY_ADMIN, Role.PROXY_ADMIN_VIEWER)
"""Roles that see everything."""

ASSIGNABLE = (Role.PROXY_ADMIN, Role.PROXY_ADMIN_VIEWER, Role.INTERNAL_USER, Role.INTERNAL_USER_VIEWER)
"""Roles that `/user/new` gives."""


def role_of(name: str | None) -> Role:
    """Read a stored role; a key without a user, or an unknown word, may do the least."""
    try:
        return Role(name or "")
    except ValueError:
        return Role.CUSTOMER
