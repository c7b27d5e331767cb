"""Budgets as answers show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tianji_control import durations
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
        "budget_reset_at": _reset_at(row),
        "created_at": row.created_at,
        "created_by": row.created_by,
        "updated_at": row.updated_at,
        "updated_by": row.updated_by,
    }


def _reset_at(row: BudgetRow) -> datetime | None:
    """Return when the budget begins anew next: it does so by itself, and nobody writes it down."""
    now = datetime.now(UTC)
    if row.budget_duration is None or (row.budget_reset_at is not None and row.budget_reset_at > now):
        return row.budget_reset_at
    return durations.next_reset(now, row.budget_duration)
