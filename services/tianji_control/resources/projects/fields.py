"""What a request may say about a project, and where each field is kept."""

from __future__ import annotations

from typing import Any

from tianji.errors import BadRequest
from tianji_control.resources.budgets.service import BudgetFields
from tianji_control.resources.laid import laid

Map = dict[str, Any]


class ProjectFields(BudgetFields, kw_only=True):
    """What `/project/new` and `/project/update` may say of a project."""

    project_alias: str | None = None
    description: str | None = None
    metadata: Map | None = None
    tags: list[str] | None = None
    guardrails: list[str] | None = None
    policies: list[str] | None = None
    models: list[str] | None = None
    model_rpm_limit: dict[str, int] | None = None
    model_tpm_limit: dict[str, int] | None = None
    model_itpm_limit: dict[str, int] | None = None
    model_otpm_limit: dict[str, int] | None = None
    blocked: bool | None = None
    object_permission: Map | None = None


class NewProject(ProjectFields, kw_only=True):
    """The body of `/project/new`."""

    team_id: str
    project_id: str | None = None


class ProjectChange(ProjectFields, kw_only=True):
    """The body of `/project/update`."""

    project_id: str
    team_id: str | None = None


IN_METADATA = (
    *("tags", "guardrails", "policies", "model_rpm_limit", "model_tpm_limit"),
    *("model_itpm_limit", "model_otpm_limit"),
)
"""Fields that LiteLLM keeps in the metadata, where its scripts look for them."""

IN_EXTRA = ("object_permission",)

_EMPTY: Map = {"models": [], "blocked": False}


def columns(said: Map, metadata: Map, extra: Map) -> Map:
    """Lay a request's fields out over the columns; `metadata` and `extra` are those of before."""
    _check_budgets(said)
    row: Map = {name: said[name] or empty for name, empty in _EMPTY.items() if name in said}
    row |= {name: said[name] for name in ("description",) if name in said}
    if "project_alias" in said:
        row["alias"] = said["project_alias"]
    kept = (said["metadata"] or {}) if "metadata" in said else metadata
    return row | {"metadata": laid(kept, said, IN_METADATA), "extra": laid(extra, said, IN_EXTRA)}


def _check_budgets(said: Map) -> None:
    soft, most = said.get("soft_budget"), said.get("max_budget")
    if soft is not None and most is not None and soft >= most:
        message = f"soft_budget ({soft}) must be strictly lower than max_budget ({most})"
        raise BadRequest(message, type="bad_request_error", param="soft_budget")
