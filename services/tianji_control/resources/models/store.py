"""Deployments, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, one, parameters, run

Q = Queries.beside(__file__)


class DeploymentRow(Struct, frozen=True, kw_only=True):
    """One row of the table `deployments`."""

    id: str
    model_name: str
    provider: str
    model: str
    params: dict[str, Any]
    secrets: dict[str, str]
    info: dict[str, Any]
    team_id: str | None = None
    source: str = "api"
    blocked: bool = False
    created_by: str | None = None
    updated_by: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


async def by_id(db: Connection, id: str) -> DeploymentRow | None:
    """Return a deployment."""
    return await one(db, Q.deployment_by_id, DeploymentRow, id=id)


async def by_id_for_update(db: Connection, id: str) -> DeploymentRow | None:
    """Return a deployment and keep others from writing it until the transaction ends."""
    return await one(db, Q.deployment_for_update, DeploymentRow, id=id)


async def listed(db: Connection) -> list[DeploymentRow]:
    """List all deployments by model name."""
    return await many(db, Q.deployments, DeploymentRow)


async def from_file(db: Connection) -> list[DeploymentRow]:
    """List the deployments of the config file and keep others from writing them."""
    return await many(db, Q.deployments_from_file, DeploymentRow)


async def ids_from_api(db: Connection, ids: list[str]) -> set[str]:
    """Tell which of these ids belong to deployments made by calls."""
    return {row["id"] for row in await many(db, Q.ids_from_api, dict[str, str], ids=ids)}


async def save(db: Connection, row: DeploymentRow) -> None:
    """Write a deployment, new or changed."""
    await run(db, Q.save_deployment, **parameters(row))


async def delete(db: Connection, id: str) -> None:
    """Remove a deployment."""
    await run(db, Q.delete_deployment, id=id)
