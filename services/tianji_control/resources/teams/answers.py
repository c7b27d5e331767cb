"""What the paths of teams answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NotRequired, TypedDict

from tianji_control.resources.keys.answers import KeyWithHash
from tianji_control.resources.users.answers import UserShown

Map = dict[str, Any]


class TeamMember(TypedDict):
    """A member with their role."""

    user_id: str
    user_email: str | None
    role: str


class ModelTable(TypedDict):
    """The team's own names for models, where LiteLLM's scripts look for them."""

    model_aliases: dict[str, str]


class TeamShown(TypedDict):
    """A team."""

    team_id: str
    team_alias: str | None
    organization_id: str | None
    admins: list[str]
    members: list[str]
    members_with_roles: list[TeamMember]
    metadata: Map
    tpm_limit: int | None
    rpm_limit: int | None
    tpd_limit: int | None
    max_budget: float | None
    soft_budget: float | None
    budget_duration: str | None
    budget_reset_at: datetime | None
    models: list[str]
    blocked: bool
    spend: float
    max_parallel_requests: int | None
    model_id: int | None
    model_spend: Map
    model_aliases: dict[str, str]
    litellm_model_table: ModelTable | None
    team_member_permissions: list[str] | None
    budget_limits: list[Map] | None
    router_settings: Map | None
    access_group_ids: list[str] | None
    model_max_budget: Map | None
    object_permission: Map | None
    created_at: datetime
    updated_at: datetime


class MemberLimits(TypedDict):
    """What a member may spend and use in a team."""

    max_budget: float | None
    budget_duration: str | None
    budget_reset_at: datetime | None
    tpm_limit: int | None
    rpm_limit: int | None
    allowed_models: list[str]


class TeamMembership(TypedDict):
    """What a user is in a team, and may use of it."""

    user_id: str
    team_id: str
    role: str
    spend: float
    litellm_budget_table: MemberLimits


class TeamInfo(TypedDict):
    """A team with its keys and members."""

    team_id: str
    team_info: TeamShown
    keys: list[KeyWithHash]
    team_memberships: list[TeamMembership]


class TeamListed(TeamShown):
    """A team as lists show it."""

    team_memberships: list[TeamMembership]
    members_count: int


class TeamWithKeys(TeamListed):
    """A team as the list without pages shows it."""

    keys: list[KeyWithHash]


class TeamPages(TypedDict):
    """A page of teams."""

    teams: list[TeamListed]
    total: int
    page: int
    page_size: int
    total_pages: int


class TeamChanged(TypedDict):
    """A team as it is now."""

    team_id: str
    data: TeamShown


class TeamsDeleted(TypedDict):
    """The teams that were deleted."""

    deleted_teams: list[str]


class MembersAdded(TeamShown):
    """A team, and who was added to it."""

    updated_users: list[UserShown]
    updated_team_memberships: list[TeamMembership]


class MemberChanged(TypedDict):
    """A member of a team as they are now."""

    user_id: str
    user_email: str | None
    team_id: str
    role: str
    max_budget_in_team: float | None
    tpm_limit: int | None
    rpm_limit: int | None
    budget_duration: str | None
    allowed_models: list[str]


class OneMemberAdded(TypedDict):
    """One member of many, added or not."""

    user_id: str | None
    user_email: str | None
    success: bool
    error: NotRequired[str]
    updated_user: NotRequired[UserShown]
    updated_team_membership: NotRequired[TeamMembership]


class ManyMembersAdded(TypedDict):
    """Who of many was added."""

    team_id: str
    results: list[OneMemberAdded]
    total_requested: int
    successful_additions: int
    failed_additions: int
    updated_team: TeamShown


class MemberPermissions(TypedDict):
    """What plain members may do with the team's keys."""

    team_id: str
    team_member_permissions: list[str]
    all_available_permissions: list[str]


class PermissionsAdded(TypedDict):
    """How many teams let their members do more now."""

    message: str
    teams_updated: int
    permissions_appended: list[str]
