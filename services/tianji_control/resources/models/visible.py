"""Which deployments a caller may know of: those they could use."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from tianji_control.access.permits import Actor
from tianji_control.access.roles import ADMINS
from tianji_control.resources.models.store import DeploymentRow

_ALL = frozenset({"all-proxy-models", "all-team-models", "*"})
"""Entries of a list of models that name none; what they leave open, the other lists may close."""


def sees(actor: Actor, row: DeploymentRow) -> bool:
    """Say whether a deployment shows to a caller: to admins all do."""
    if actor.role in ADMINS:
        return True
    if row.team_id is not None and row.team_id != actor.team_id and row.team_id not in actor.teams:
        return False
    return all(not models or _allowed(row, models) for models in actor.model_lists)


def _allowed(row: DeploymentRow, models: Iterable[str]) -> bool:
    groups = row.info.get("access_groups")
    granted = groups if isinstance(groups, list) else []
    public = row.info.get("team_public_model_name")
    names = [row.model_name, *granted, *([public] if isinstance(public, str) else [])]
    return any(entry in _ALL or any(fnmatchcase(name, entry) for name in names) for entry in models)
