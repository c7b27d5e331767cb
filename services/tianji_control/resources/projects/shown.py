"""Projects as answers show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from tianji_control.resources.budgets.shown import shown as budget_shown
from tianji_control.resources.projects.service import Project


class ShownProject(Struct, kw_only=True):
    """A project as LiteLLM's answers have it."""

    project_id: str
    project_alias: str | None
    description: str | None
    team_id: str
    budget_id: str | None
    metadata: dict[str, Any]
    models: list[str]
    spend: float
    model_spend: dict[str, float] = {}
    model_rpm_limit: dict[str, int] | None
    model_tpm_limit: dict[str, int] | None
    blocked: bool
    object_permission_id: str | None = None
    object_permission: dict[str, Any] | None
    litellm_budget_table: dict[str, Any] | None
    created_at: datetime
    created_by: str | None
    updated_at: datetime
    updated_by: str | None


def shown(project: Project) -> ShownProject:
    """Return a project as `/project/new` shows it."""
    row = project.row
    return ShownProject(
        project_id=row.project_id,
        project_alias=row.alias,
        description=row.description,
        team_id=row.team_id,
        budget_id=row.budget_id,
        metadata=row.metadata,
        models=row.models,
        spend=float(project.spend),
        model_rpm_limit=row.metadata.get("model_rpm_limit"),
        model_tpm_limit=row.metadata.get("model_tpm_limit"),
        blocked=row.blocked,
        object_permission=row.extra.get("object_permission"),
        litellm_budget_table=None if project.budget is None else budget_shown(project.budget),
        created_at=row.created_at,
        created_by=row.created_by,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
    )
