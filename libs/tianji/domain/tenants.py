"""Teams, users, organizations, customers and tags as the data plane sees them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from tianji.domain.limits import Limits


class OrganizationRecord(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An organization. An empty `models` allows all."""

    id: str
    alias: str | None = None
    models: list[str] = field(default_factory=list)
    blocked: bool = False
    limits: Limits | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


class CustomerRecord(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An end user that requests name. An empty `models` allows all."""

    id: str
    models: list[str] = field(default_factory=list)
    blocked: bool = False
    limits: Limits | None = None


class ProjectRecord(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A project of a team. An empty `models` allows all."""

    id: str
    alias: str | None = None
    team_id: str | None = None
    models: list[str] = field(default_factory=list)
    blocked: bool = False
    limits: Limits | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


class TeamRecord(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A team. An empty `models` allows all."""

    id: str
    alias: str | None = None
    organization_id: str | None = None
    models: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    member_models: dict[str, list[str]] = field(default_factory=dict)
    """The lists of those members who may use less than the team, by user."""
    blocked: bool = False
    limits: Limits | None = None
    member: Limits | None = None
    """What each member may use of the team, who has no limits of their own."""
    metadata: dict[str, Any] = field(default_factory=dict)


class UserRecord(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A person or service that keys belong to. An empty `models` allows all."""

    id: str
    email: str | None = None
    role: str = "internal_user"
    models: list[str] = field(default_factory=list)
    blocked: bool = False
    limits: Limits | None = None
    in_organizations: dict[str, Limits] = field(default_factory=dict)
    """What they may use of organizations that say so, by organization."""
    metadata: dict[str, Any] = field(default_factory=dict)


class TagRecord(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A tag that requests carry; only those with limits are published."""

    name: str
    limits: Limits
