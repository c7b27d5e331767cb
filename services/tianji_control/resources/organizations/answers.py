"""What the paths of organizations answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

from tianji_control.resources.teams.answers import TeamShown
from tianji_control.resources.users.answers import UserShown

Map = dict[str, Any]


class OrganizationLimits(TypedDict):
    """What an organization may spend and use."""

    budget_id: str
    max_budget: float | None
    soft_budget: float | None
    max_parallel_requests: int | None
    tpm_limit: int | None
    rpm_limit: int | None
    tpd_limit: int | None
    model_max_budget: Map
    budget_duration: str | None
    budget_reset_at: datetime | None


class OrganizationShown(TypedDict):
    """An organization by itself."""

    organization_id: str
    organization_alias: str | None
    budget_id: str
    spend: float
    metadata: Map
    models: list[str]
    model_spend: Map
    blocked: bool
    allowed_models: list[str] | None
    object_permission_id: str | None
    object_permission: Map | None
    litellm_budget_table: OrganizationLimits
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str


class OrganizationMembership(TypedDict):
    """What a user is in an organization."""

    user_id: str
    user_email: str | None
    organization_id: str
    user_role: str
    spend: float
    budget_id: str | None
    litellm_budget_table: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime


class OrganizationWhole(OrganizationShown):
    """An organization with its members and teams."""

    members: list[OrganizationMembership]
    teams: list[TeamShown]
    users: None


class OrganizationMembers(TypedDict):
    """Who was added to an organization."""

    organization_id: str
    updated_users: list[UserShown]
    updated_organization_memberships: list[OrganizationMembership]
