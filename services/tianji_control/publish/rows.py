"""What records are made of, as rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct


class Limited(Struct, frozen=True, kw_only=True):
    """The columns that say what a holder may use."""

    max_budget: Decimal | None
    soft_budget: Decimal | None
    budget_duration: str | None
    tpm_limit: int | None
    rpm_limit: int | None
    tpd_limit: int | None
    max_parallel_requests: int | None
    model_max_budget: dict[str, Any] | None
    budget_limits: list[dict[str, Any]] | None
    limited_in: dict[str, Any]
    """The metadata, where LiteLLM keeps limits by model and raises for a time."""
    generation: int | None
    made: float
    changed: float
    """When the holder, or the budget that it is held to, was last written."""
    carried: bool
    """Whether its spend is not the ledger's alone."""


class KeyRow(Limited, frozen=True, kw_only=True):
    """What a KeyRecord is made of."""

    hash: str
    origin: str | None
    successor: str | None
    name: str
    alias: str | None
    user_id: str | None
    team_id: str | None
    organization_id: str | None
    project_id: str | None
    agent_id: str | None
    models: list[str]
    aliases: dict[str, str]
    allowed_routes: list[str]
    allowed_ips: list[str]
    blocked: bool
    expires: datetime | None
    spend: Decimal
    budget_fallbacks: dict[str, list[str]]
    metadata: dict[str, Any]
    config: dict[str, Any]
    permissions: dict[str, Any]
    member_limits: dict[str, Any] | None
    budget_of_customers: dict[str, Any] | None


class TeamRow(Limited, frozen=True, kw_only=True):
    """What a TeamRecord is made of."""

    id: str
    alias: str | None
    organization_id: str | None
    models: list[str]
    aliases: dict[str, str]
    member_models: dict[str, list[str]]
    blocked: bool
    metadata: dict[str, Any]
    member_limits: dict[str, Any] | None


class UserRow(Limited, frozen=True, kw_only=True):
    """What a UserRecord is made of."""

    id: str
    email: str | None
    role: str
    models: list[str]
    blocked: bool
    metadata: dict[str, Any]
    in_organizations: dict[str, dict[str, Any]] | None


class OrganizationRow(Limited, frozen=True, kw_only=True):
    """What an OrganizationRecord is made of."""

    id: str
    alias: str | None
    models: list[str]
    blocked: bool
    metadata: dict[str, Any]


class CustomerRow(Limited, frozen=True, kw_only=True):
    """What a CustomerRecord is made of."""

    id: str
    models: list[str]
    blocked: bool


class ProjectRow(Limited, frozen=True, kw_only=True):
    """What a ProjectRecord is made of."""

    id: str
    alias: str | None
    team_id: str | None
    models: list[str]
    blocked: bool
    metadata: dict[str, Any]


class TagRow(Limited, frozen=True, kw_only=True):
    """What a TagRecord is made of."""

    name: str


class DeploymentRow(Struct, frozen=True):
    """What a Deployment is made of."""

    id: str
    model_name: str
    provider: str
    model: str
    params: dict[str, Any]
    secrets: dict[str, str]
    info: dict[str, Any]
    team_id: str | None
    source: str
    blocked: bool
    created_at: datetime
    updated_at: datetime


class PricesRow(Struct, frozen=True):
    """What Prices are made of."""

    id: str
    version: str
    packed: bytes


class SettingsRow(Struct, frozen=True):
    """What Settings are made of."""

    id: str
    router: dict[str, Any]
    calls: dict[str, Any]
    general: dict[str, Any]
    master_key_hash: str | None
    environment: dict[str, str]
    budget_of_customers: dict[str, Any] | None
    budgets_set: dict[str, float]
