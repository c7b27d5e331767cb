"""Roles, under LiteLLM's names and under those of other gateways.

A user has one role in the whole system, and may have one in each organization and in each team.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a caller is; the last six are what a user is in one organization or team."""

    PROXY_ADMIN = "proxy_admin"
    PROXY_ADMIN_VIEWER = "proxy_admin_viewer"
    INTERNAL_USER = "internal_user"
    INTERNAL_USER_VIEWER = "internal_user_viewer"
    TEAM = "team"
    CUSTOMER = "customer"
    ORG_OWNER = "org_owner"
    ORG_ADMIN = "org_admin"
    ORG_MEMBER = "org_member"
    ORG_VIEWER = "org_viewer"
    TEAM_ADMIN = "team_admin"
    TEAM_MEMBER = "team_member"


ADMINS = (Role.PROXY_ADMIN, Role.PROXY_ADMIN_VIEWER)
"""Roles that see everything."""

SYSTEM = {
    "proxy_admin": Role.PROXY_ADMIN,
    "superuser": Role.PROXY_ADMIN,
    "proxy_admin_viewer": Role.PROXY_ADMIN_VIEWER,
    "internal_user": Role.INTERNAL_USER,
    "internal_user_viewer": Role.INTERNAL_USER_VIEWER,
}
"""Roles in the whole system that a user can be given, by all their names."""

IN_ORGANIZATION = {
    "org_owner": Role.ORG_OWNER,
    "owner": Role.ORG_OWNER,
    "org_admin": Role.ORG_ADMIN,
    "admin": Role.ORG_ADMIN,
    "org_member": Role.ORG_MEMBER,
    "member": Role.ORG_MEMBER,
    "internal_user": Role.ORG_MEMBER,
    "org_viewer": Role.ORG_VIEWER,
    "viewer": Role.ORG_VIEWER,
    "internal_user_viewer": Role.ORG_VIEWER,
}
"""Roles in one organization, by all their names."""

IN_TEAM = {
    "admin": Role.TEAM_ADMIN,
    "team_admin": Role.TEAM_ADMIN,
    "user": Role.TEAM_MEMBER,
    "team_member": Role.TEAM_MEMBER,
}
"""Roles in one team, by all their names."""


def role_of(name: str | None) -> Role:
    """Read a user's stored role; an unknown word may do the least.

    LiteLLM's `org_admin` says nothing of which organization: there the membership decides.
    """
    if name == Role.ORG_ADMIN:
        return Role.INTERNAL_USER
    return SYSTEM.get(name or "", Role.CUSTOMER)
