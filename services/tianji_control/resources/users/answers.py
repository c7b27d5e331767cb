"""What the paths of users answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

from tianji_control.resources.keys.answers import KeyWithHash

Map = dict[str, Any]


class UserShown(TypedDict):
    """A user."""

    user_id: str
    user_alias: str | None
    user_email: str | None
    user_role: str
    sso_user_id: str | None
    teams: list[str]
    max_budget: float | None
    spend: float
    models: list[str]
    metadata: Map
    max_parallel_requests: int | None
    tpm_limit: int | None
    rpm_limit: int | None
    budget_duration: str | None
    budget_reset_at: datetime | None
    blocked: bool
    model_spend: Map
    model_max_budget: Map | None
    allowed_cache_controls: list[str] | None
    policies: list[str] | None
    object_permission: Map | None
    created_at: datetime
    updated_at: datetime


class UserMade(UserShown):
    """A new user, and the key that was made along: told this once, empty when none was."""

    key: str
    token: str | None
    expires: datetime | None


class UserInfo(TypedDict):
    """A user with keys and teams."""

    user_id: str
    user_info: UserShown
    keys: list[KeyWithHash]
    teams: list[Map]


class UserChanged(TypedDict):
    """A user as they are now."""

    user_id: str
    data: UserShown


class UserListed(UserShown):
    """A user as lists show them."""

    key_count: int


class UserPages(TypedDict):
    """A page of users."""

    users: list[UserListed]
    total: int
    page: int
    page_size: int
    total_pages: int


class UserName(TypedDict):
    """A user to choose."""

    user_id: str
    user_email: str | None


class RoleWords(TypedDict):
    """A role as pages show it."""

    description: str
    ui_label: str


class OneUserChanged(TypedDict):
    """One user of many, changed or not."""

    user_id: str | None
    user_email: str | None
    success: bool
    error: str | None
    updated_user: UserShown | None


class UsersChanged(TypedDict):
    """Which of many users were changed."""

    results: list[OneUserChanged]
    total_requested: int
    successful_updates: int
    failed_updates: int
