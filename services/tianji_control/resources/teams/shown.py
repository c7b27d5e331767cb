"""Teams as answers show them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tianji_control.resources.keys.shown import number
from tianji_control.resources.teams.fields import IN_EXTRA
from tianji_control.resources.teams.store import MemberRow, TeamRow
from tianji_control.spent.figures import Now


def shown(row: TeamRow, members: list[MemberRow], spend: Decimal | int) -> dict[str, Any]:
    """Return a team as `/team/new` and `/team/info` show it."""
    team: dict[str, Any] = {
        "team_id": row.team_id,
        "team_alias": row.alias,
        "organization_id": row.organization_id,
        "admins": [member.user_id for member in members if member.role == "admin"],
        "members": [member.user_id for member in members],
        "members_with_roles": [
            {"user_id": member.user_id, "user_email": member.user_email, "role": member.role}
            for member in members
        ],
        "metadata": row.metadata,
        "tpm_limit": row.tpm_limit,
        "rpm_limit": row.rpm_limit,
        "tpd_limit": row.tpd_limit,
        "max_budget": number(row.max_budget),
        "soft_budget": number(row.soft_budget),
        "budget_duration": row.budget_duration,
        "budget_reset_at": row.budget_reset_at,
        "team_member_budget": _amount(row.extra.get("team_member_budget")),
        "models": row.models,
        "blocked": row.blocked,
        "spend": float(spend),
        "max_parallel_requests": row.max_parallel_requests,
        "model_id": None,
        "model_spend": {},
        "model_aliases": row.aliases,
        "litellm_model_table": {"model_aliases": row.aliases} if row.aliases else None,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
    return dict.fromkeys(IN_EXTRA) | row.extra | team


def _amount(kept: Any) -> float | None:
    """Return an amount that is kept as text."""
    return None if kept is None else number(Decimal(str(kept)))


def membership(row: MemberRow, now: Now) -> dict[str, Any]:
    """Return a membership with what the member may use, and has spent."""
    return {
        "user_id": row.user_id,
        "team_id": row.team_id,
        "role": row.role,
        "spend": float(now.spend_usd),
        "litellm_budget_table": {
            "max_budget": number(row.max_budget),
            "budget_duration": row.budget_duration,
            "budget_reset_at": now.resets_at,
            "tpm_limit": row.tpm_limit,
            "rpm_limit": row.rpm_limit,
            "allowed_models": row.models,
            **row.extra,
        },
    }


def updated(row: MemberRow) -> dict[str, Any]:
    """Return a member as `/team/member_update` shows it."""
    return {
        "user_id": row.user_id,
        "user_email": row.user_email,
        "team_id": row.team_id,
        "role": row.role,
        "max_budget_in_team": number(row.max_budget),
        "tpm_limit": row.tpm_limit,
        "rpm_limit": row.rpm_limit,
        "budget_duration": row.budget_duration,
        "allowed_models": row.models,
    } | row.extra
