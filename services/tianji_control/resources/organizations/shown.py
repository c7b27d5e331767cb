"""Organizations as answers show them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tianji_control.resources.budgets.shown import shown as budget_shown
from tianji_control.resources.keys.shown import number
from tianji_control.resources.organizations.fields import IN_EXTRA
from tianji_control.resources.organizations.memberships import Membership
from tianji_control.resources.organizations.store import OrganizationRow


def shown(row: OrganizationRow, spend: Decimal | int) -> dict[str, Any]:
    """Return an organization as `/organization/new` shows it."""
    budget_id = row.budget_id or row.organization_id
    organization: dict[str, Any] = {
        "organization_id": row.organization_id,
        "organization_alias": row.alias,
        "budget_id": budget_id,
        "spend": float(spend),
        "metadata": row.metadata,
        "models": row.models,
        "model_spend": {},
        "blocked": row.blocked,
        "object_permission_id": None,
        "litellm_budget_table": {
            "budget_id": budget_id,
            "max_budget": number(row.max_budget),
            "soft_budget": number(row.soft_budget),
            "max_parallel_requests": row.max_parallel_requests,
            "tpm_limit": row.tpm_limit,
            "rpm_limit": row.rpm_limit,
            "tpd_limit": row.tpd_limit,
            "model_max_budget": row.model_max_budget,
            "budget_duration": row.budget_duration,
            "budget_reset_at": row.budget_reset_at,
        },
        "created_at": row.created_at,
        "created_by": row.created_by or "",
        "updated_at": row.updated_at,
        "updated_by": row.updated_by or "",
    }
    return dict.fromkeys(IN_EXTRA) | row.extra | organization


def member(found: Membership) -> dict[str, Any]:
    """Return a membership."""
    row = found.row
    return {
        "user_id": row.user_id,
        "user_email": row.user_email,
        "organization_id": row.organization_id,
        "user_role": row.role,
        "spend": float(found.spend),
        "budget_id": row.budget_id,
        "litellm_budget_table": None if found.budget is None else budget_shown(found.budget),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
