"""Budgets as answers show them."""

from __future__ import annotations

from typing import Any

from tianji_control.resources.budgets.store import BudgetRow
from tianji_control.resources.keys.shown import number


def shown(row: BudgetRow) -> dict[str, Any]:
    """Return a budget as `/budget/new` shows it."""
    return {
        "budget_id": row.budget_id,
        "max_budget": number(row.max_budget),
        "soft_budget": number(row.soft_budget),
        "max_parallel_requests": row.max_parallel_requests,
        "tpm_limit": row.tpm_limit,
        "rpm_limit": row.rpm_limit,
        "tpd_limit": row.tpd_limit,
        "model_max_budget": row.model_max_budget,
        "budget_duration": row.budget_duration,
        "budget_reset_at": row.budget_reset_at,
        "created_at": row.created_at,
        "created_by": row.created_by,
        "updated_at": row.updated_at,
        "updated_by": row.updated_by,
    }
