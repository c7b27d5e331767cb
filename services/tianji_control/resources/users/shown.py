"""Users as answers show them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tianji_control.resources.keys.shown import number
from tianji_control.resources.users.fields import IN_EXTRA
from tianji_control.resources.users.store import UserRow


def shown(row: UserRow, spend: Decimal | int, teams: list[str]) -> dict[str, Any]:
    """Return a user as `/user/info` shows it."""
    user: dict[str, Any] = {
        "user_id": row.user_id,
        "user_alias": row.alias,
        "user_email": row.email,
        "user_role": row.role,
        "sso_user_id": row.sso_user_id,
        "teams": teams,
        "max_budget": number(row.max_budget),
        "spend": float(spend),
        "models": row.models,
        "metadata": row.metadata,
        "max_parallel_requests": row.max_parallel_requests,
        "tpm_limit": row.tpm_limit,
        "rpm_limit": row.rpm_limit,
        "budget_duration": row.budget_duration,
        "budget_reset_at": row.budget_reset_at,
        "blocked": row.blocked,
        "model_spend": {},
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
    return dict.fromkeys(IN_EXTRA) | row.extra | user
