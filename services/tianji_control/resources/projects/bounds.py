"""What a project may be given at most: no more than its team has."""

from __future__ import annotations

from tianji.domain.access import ALL_MODELS, TEAM_MODELS, allows
from tianji.errors import BadRequest
from tianji_control.resources.budgets.store import BudgetRow
from tianji_control.resources.projects.store import ProjectRow
from tianji_control.resources.teams.store import TeamRow

LIMITS = ("max_budget", "tpm_limit", "rpm_limit")


def check_bounds(row: ProjectRow, budget: BudgetRow | None, team: TeamRow) -> None:
    """Raise BadRequest when a project is to have a model or a limit beyond those of its team."""
    for model in row.models:
        if team.models and model not in (*ALL_MODELS, TEAM_MODELS) and not allows(team.models, [model]):
            raise BadRequest(
                f"Model '{model}' not in team's allowed models. Team allowed models={team.models}. "
                f"Team: {team.team_id}",
                type="bad_request_error",
                param="models",
            )
    for name in LIMITS if budget is not None else ():
        wanted, most = getattr(budget, name), getattr(team, name)
        if wanted is not None and most is not None and wanted > most:
            message = f"Project {name} ({wanted}) exceeds team's {name} ({most}). Team: {team.team_id}"
            raise BadRequest(message, type="bad_request_error", param=name)
