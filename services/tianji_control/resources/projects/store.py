"""Projects, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from tianji.errors import BadRequest
from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, one, run, run_unique, value
from tianji_control.access.permits import Sight

Q = Queries.beside(__file__)


class ProjectRow(Struct, frozen=True, kw_only=True):
    """One row of the table `projects`."""

    project_id: str
    alias: str | None = None
    description: str | None = None
    team_id: str
    models: list[str] = []
    blocked: bool = False
    budget_id: str | None = None
    metadata: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    created_at: datetime
    created_by: str | None = None
    updated_at: datetime
    updated_by: str | None = None


async def by_id(db: Connection, id: str) -> ProjectRow | None:
    """Return a project."""
    return await one(db, Q.projects_by_id, ProjectRow, ids=[id])


async def by_id_to_join(db: Connection, id: str) -> ProjectRow | None:
    """Return a project and keep others from changing or deleting it until the transaction ends."""
    return await one(db, Q.project_for_share, ProjectRow, id=id)


async def by_id_for_update(db: Connection, id: str) -> ProjectRow | None:
    """Return a project and keep others from writing it until the transaction ends."""
    return await one(db, Q.project_for_update, ProjectRow, id=id)


async def of_team(db: Connection, team_id: str) -> list[ProjectRow]:
    """List a team's projects and keep others from writing them until the transaction ends."""
    return await many(db, Q.projects_of_team, ProjectRow, team_id=team_id)


async def listed(db: Connection, sight: Sight, limit: int) -> list[ProjectRow]:
    """List the projects that are seen, the newest first."""
    return await many(
        db,
        Q.projects,
        ProjectRow,
        sees_all=sight.all,
        teams=sight.teams,
        organizations=sight.organizations,
        limit=limit,
    )


async def insert(db: Connection, row: ProjectRow) -> None:
    """Add a project. Raises BadRequest when its id is taken."""
    message = f"Project id = {row.project_id} already exists. Please use a different project id."
    taken = BadRequest(message, type="bad_request", param="project_id")
    await run_unique(db, Q.insert_project, taken, row=row)


async def update(db: Connection, row: ProjectRow) -> None:
    """Write a changed project."""
    await run(db, Q.update_project, row=row)


async def delete(db: Connection, id: str) -> None:
    """Remove a project."""
    await run(db, Q.delete_project, id=id)


async def count_keys(db: Connection, id: str) -> int:
    """Count the keys of a project."""
    return await value(db, Q.keys_of_project, int, id=id) or 0
