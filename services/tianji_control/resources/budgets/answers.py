"""What the paths of budgets answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypedDict


class BudgetShown(TypedDict):
    """A budget."""

    budget_id: str
    max_budget: float | None
    soft_budget: float | None
    max_parallel_requests: int | None
    tpm_limit: int | None
    rpm_limit: int | None
    tpd_limit: int | None
    model_max_budget: dict[str, Any]
    budget_duration: str | None
    budget_reset_at: datetime | None
    created_at: datetime
    created_by: str | None
    updated_at: datetime
    updated_by: str | None


class BudgetField(TypedDict):
    """One field of a budget."""

    field_name: str
    field_type: str
    field_description: str
    field_value: Any
    field_default_value: Any
    stored_in_db: bool


class OrganizationBudgetShown(TypedDict):
    """What an organization may spend, has spent and has left."""

    org_id: str
    organization_id: str
    max_budget: float | None
    soft_budget: float | None
    spend: float
    remaining: float | None
    budget_duration: str | None
    budget_reset_at: datetime | None


class BudgetDay(TypedDict):
    """What was spent on a day."""

    date: date
    spend: float
    requests: int
    tokens: int


class BudgetLogs(OrganizationBudgetShown):
    """The same, by day."""

    logs: list[BudgetDay]
