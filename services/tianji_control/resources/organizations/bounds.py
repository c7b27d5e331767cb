"""What a team may be given at most: no more than its organization has."""

from __future__ import annotations

from tianji.domain.access import ALL_MODELS, allows
from tianji.errors import BadRequest
from tianji.store.rows import Connection
from tianji_control.promises import alone, check_promise, is_guaranteed, to_teams
from tianji_control.resources.organizations import store
from tianji_control.resources.teams.store import TeamRow

LIMITS = ("max_budget", "tpm_limit", "rpm_limit", "tpd_limit", "max_parallel_requests")


async def check_bounds(db: Connection, team: TeamRow) -> None:
    """Raise BadRequest when a team is to have a model or a limit beyond those of its organization."""
    if team.organization_id is None:
        return
    organization = await store.by_id(db, team.organization_id)
    if organization is None:
        message = f"There is no organization {team.organization_id!r}"
        raise BadRequest(message, type="bad_request_error", param="organization_id")
    for model in team.models:
        if organization.models and model not in ALL_MODELS and not allows(organization.models, [model]):
            raise BadRequest(
                f"The model {model!r} is not among those of the organization: {organization.models}",
                type="bad_request_error",
                param="models",
            )
    for name in LIMITS:
        wanted, most = getattr(team, name), getattr(organization, name)
        if wanted is not None and most is not None and wanted > most:
            message = f"{name} is {wanted}; the organization has no more than {most}"
            raise BadRequest(message, type="bad_request_error", param=name)
    if is_guaranteed(team):
        await alone(db, f"organization:{organization.organization_id}")
        promised = await to_teams(db, but=team.team_id, organization_id=organization.organization_id)
        check_promise(team, organization, promised, what="Team", whose="organization")
