"""Deployments as answers show them: without what is secret."""

from __future__ import annotations

from typing import Any

from tianji_control.change import HIDDEN, without_secrets
from tianji_control.resources.models.store import DeploymentRow

Map = dict[str, Any]


def entry(row: DeploymentRow, known: Map | None = None) -> Map:
    """Return a deployment as the lists show it: without its credentials.

    `known` is what the price table says of its model; what the deployment says itself goes before it.
    """
    info = {**(known or {}), **_info(row)}
    shown = {"model_name": row.model_name, "litellm_params": _params(row), "model_info": info}
    return shown | {"blocked": row.blocked}


def written(row: DeploymentRow) -> Map:
    """Return a deployment as writes show it: credentials are named, not told."""
    return {
        "model_id": row.id,
        "model_name": row.model_name,
        "litellm_params": _params(row) | dict.fromkeys(row.secrets, HIDDEN),
        "model_info": _info(row),
        "blocked": row.blocked,
        "created_at": row.created_at,
        "created_by": row.created_by,
        "updated_at": row.updated_at,
        "updated_by": row.updated_by,
    }


def _params(row: DeploymentRow) -> Map:
    model = row.model if row.provider == row.model else f"{row.provider}/{row.model}"
    return {"model": model, **without_secrets(row.params)}


def _info(row: DeploymentRow) -> Map:
    return {**row.info, "id": row.id, "db_model": row.source == "api"}
