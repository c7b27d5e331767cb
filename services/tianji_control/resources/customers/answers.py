"""What the paths of customers answer."""

from __future__ import annotations

from typing import Any, TypedDict

from tianji_control.resources.budgets.answers import BudgetShown


class CustomerShown(TypedDict):
    """A customer with their budget."""

    user_id: str
    alias: str | None
    blocked: bool
    spend: float
    allowed_model_region: str | None
    default_model: str | None
    models: list[str]
    budget_id: str | None
    litellm_budget_table: BudgetShown | None
    object_permission_id: str | None
    object_permission: dict[str, Any] | None


class CustomersDeleted(TypedDict):
    """How many customers were deleted."""

    deleted_customers: int
    message: str


class CustomersBlocked(TypedDict):
    """Who is blocked, of those that the request names."""

    blocked_users: list[CustomerShown]
