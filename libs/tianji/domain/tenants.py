"""Teams, users and organizations as the data plane sees them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class OrganizationRecord(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An organization. An empty `models` allows all."""

    id: str
    alias: str | None = None
    models: list[str] = field(default_factory=list)
    blocked: bool = False
    max_budget: str | None = None
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    max_parallel_requests: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


class CustomerRecord(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An end user that requests name. An empty `models` allows all."""

    id: str
    models: list[str] = field(default_factory=list)
    blocked: bool = False


class TeamRecord(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A team. An empty `models` allows all."""

    id: str
    alias: str | None = None
    organization_id: str | None = None
    models: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    blocked: bool = False
    max_budget: str | None = None
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


class UserRecord(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A person or service that keys belong to. An empty `models` allows all."""

    id: str
    email: str | None = None
    role: str = "internal_user"
    models: list[str] = field(default_factory=list)
    blocked: bool = False
    max_budget: str | None = None
    tpm_limit: int | None = None
    rpm_limit: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
