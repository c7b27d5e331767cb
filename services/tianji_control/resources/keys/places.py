"""Where a key belongs, and what it must keep to there: its team's limits, and its project's."""

from __future__ import annotations

from decimal import Decimal

from tianji.domain.access import ALL_MODELS, TEAM_MODELS, allows
from tianji.errors import BadRequest, NotFound, PermissionDenied
from tianji.store.rows import Connection
from tianji_control.resources.budgets import store as budgets
from tianji_control.resources.keys.promised import check_promised
from tianji_control.resources.keys.store import KeyRow
from tianji_control.resources.projects import store as projects
from tianji_control.resources.projects.store import ProjectRow
from tianji_control.resources.teams import store as teams

LIMITS = ("tpm_limit", "rpm_limit")


async def check_places(db: Connection, before: KeyRow, row: KeyRow) -> None:
    """Refuse what takes a changed key beyond the team that it moves to, or beyond its project."""
    if row.team_id is not None and row.team_id != before.team_id:
        await _check_team(db, row)
    await check_project(db, before, row)
    await check_promised(db, before, row)


async def check_project(db: Connection, before: KeyRow | None, row: KeyRow) -> None:
    """Refuse a key in a project of another team, or beyond what its project may."""
    if row.project_id is None:
        return
    if before is not None and before.project_id not in (None, row.project_id):
        raise _refused("Project reassignment is not supported. Use null to detach the key.", "project_id")
    project = await projects.by_id_to_join(db, row.project_id)
    if project is None:
        raise NotFound(f"Project not found, project_id={row.project_id}", param="project_id")
    if project.team_id != row.team_id:
        raise _refused(
            f"Project {project.project_id} belongs to team {project.team_id}, but the key belongs to "
            f"{row.team_id or 'no team'}. A key can only be attached to a project owned by its own team.",
            "project_id",
        )
    _check_models(row, project)
    most = await _most(db, project)
    if row.max_budget is not None and most is not None and row.max_budget > most:
        raise _refused(
            f"Key max_budget ({row.max_budget}) exceeds project's max_budget ({most}). "
            f"Project: {project.project_id}",
            "max_budget",
        )


async def _check_team(db: Connection, row: KeyRow) -> None:
    team = await teams.by_id(db, row.team_id or "")
    if team is None:
        return  # who it is given to has been looked at already
    for model in row.models:
        if team.models and model not in (*ALL_MODELS, TEAM_MODELS) and not allows(team.models, [model]):
            raise PermissionDenied(
                f"team not allowed to access model. This team can only access models={team.models}. "
                f"Tried to access {model}",
                type="team_model_access_denied",
                param="models",
            )
    for name in LIMITS:
        wanted, most = getattr(row, name), getattr(team, name)
        if wanted is not None and most is not None and wanted > most:
            raise PermissionDenied(
                f"The key has a {name}={wanted} which is greater than the team's {name}={most}.",
                type="auth_error",
                param=name,
            )
    if row.user_id is not None and team.team_id not in await teams.of_user(db, row.user_id):
        raise PermissionDenied(
            f"User={row.user_id} is not a member of the team={team.team_id}. "
            "Check team members via `/team/info`.",
            type="auth_error",
            param="team_id",
        )


def _check_models(row: KeyRow, project: ProjectRow) -> None:
    for model in row.models if project.models else ():
        if model not in (*ALL_MODELS, TEAM_MODELS) and not allows(project.models, [model]):
            raise _refused(
                f"Model '{model}' not in project's allowed models. "
                f"Project allowed models={project.models}. Project: {project.project_id}",
                "models",
            )


async def _most(db: Connection, project: ProjectRow) -> Decimal | None:
    if project.budget_id is None:
        return None
    budget = (await budgets.by_ids(db, [project.budget_id])).get(project.budget_id)
    return None if budget is None else budget.max_budget


def _refused(message: str, param: str) -> BadRequest:
    return BadRequest(message, type="bad_request_error", param=param)
