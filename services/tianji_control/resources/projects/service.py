"""The rules of projects."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from tianji.domain.snapshot import PROJECT
from tianji.errors import BadRequest, NotFound
from tianji.store.rows import Connection
from tianji_control.access import targets
from tianji_control.call import Call
from tianji_control.change import Change
from tianji_control.resources.budgets import service as budgets
from tianji_control.resources.budgets import store as budget_store
from tianji_control.resources.budgets.store import BudgetRow
from tianji_control.resources.projects import store
from tianji_control.resources.projects.bounds import check_bounds
from tianji_control.resources.projects.fields import columns
from tianji_control.resources.projects.store import ProjectRow
from tianji_control.resources.teams import store as teams
from tianji_control.spent import figures

MOST = 1000
"""Projects that a list holds."""


class Project(Struct, frozen=True):
    """A project with what belongs to it."""

    row: ProjectRow
    budget: BudgetRow | None
    spend: Decimal


async def create(call: Call, said: dict[str, Any]) -> Project:
    """Make a project of a team, with a budget of its own where the request says how much it is."""
    now = datetime.now(UTC)
    async with call.change() as change:
        call.require("project:create", await targets.of_team(change.db, said["team_id"]))
        row = ProjectRow(
            project_id=said.get("project_id") or str(uuid.uuid4()),
            team_id=said["team_id"],
            budget_id=await budgets.held_to(change, None, said),
            created_at=now,
            created_by=call.actor.name,
            updated_at=now,
            updated_by=call.actor.name,
            **columns(said, {}, {}),
        )
        await _check_bounds(change, row)
        await store.insert(change.db, row)
        await change.note(PROJECT, row.project_id, "project:new", after=row)
        [made] = await whole(change.db, [row])
    return made


async def update(call: Call, project_id: str, said: dict[str, Any]) -> Project:
    """Change what a request names of a project; its keys stay within the team that it is moved to."""
    async with call.change() as change:
        before = await locked(call, change, project_id, "project:update")
        team_id = said.get("team_id") or before.team_id
        if team_id != before.team_id:
            await _check_move(call, change, project_id, team_id)
        row = msgspec.structs.replace(
            before,
            team_id=team_id,
            budget_id=await budgets.held_to(change, before.budget_id, said),
            updated_at=datetime.now(UTC),
            updated_by=call.actor.name,
            **columns(said, before.metadata, before.extra),
        )
        await _check_bounds(change, row)
        await store.update(change.db, row)
        await change.note(PROJECT, project_id, "project:update", before=before, after=row)
        [changed] = await whole(change.db, [row])
    return changed


async def delete(call: Call, ids: list[str]) -> list[Project]:
    """Delete all these projects or, when one is not there or has keys, none."""
    gone: list[Project] = []
    async with call.change() as change:
        for id in sorted(set(ids)):
            row = await locked(call, change, id, "project:delete")
            if keys := await store.count_keys(change.db, id):
                message = (
                    f"Cannot delete project {id}. {keys} key(s) are associated with it; delete or move them"
                )
                raise BadRequest(message, type="bad_request", param="project_ids")
            gone += await whole(change.db, [row])
            await remove(change, row)
    return gone


async def remove(change: Change, row: ProjectRow) -> None:
    """Delete a project within a change; the caller has checked who may, and that no key is in it."""
    await change.keep(PROJECT, row.project_id, row)
    await store.delete(change.db, row.project_id)
    await change.note(PROJECT, row.project_id, "project:delete", before=row)


async def find(call: Call, id: str) -> Project:
    """Return a project that the caller may see."""
    async with call.runtime.store.connection() as db:
        row = await store.by_id(db, id)
        if row is None:
            raise missing(id)
        call.require("project:read", await targets.of_team(db, row.team_id))
        [found] = await whole(db, [row])
    return found


async def listed(call: Call) -> list[Project]:
    """List the projects that the caller may see."""
    sight = call.sight("project:read")
    async with call.runtime.store.connection() as db:
        return await whole(db, await store.listed(db, sight, MOST))


async def locked(call: Call, change: Change, id: str, permission: str) -> ProjectRow:
    """Return a project that nobody else writes until the change ends; require the permission."""
    row = await store.by_id_for_update(change.db, id)
    if row is None:
        raise missing(id)
    call.require(permission, await targets.of_team(change.db, row.team_id))
    return row


async def whole(db: Connection, rows: list[ProjectRow]) -> list[Project]:
    """Return projects with their budgets and spend."""
    held = await budget_store.by_ids(db, [row.budget_id for row in rows if row.budget_id])
    ids = [row.project_id for row in rows]
    spent, now = await figures.of(db, PROJECT, ids)
    return [
        Project(row, budget and figures.as_of(budget, now.get(id)), spent.get(id, Decimal(0)))
        for id, row in zip(ids, rows, strict=True)
        for budget in [held.get(row.budget_id or "")]
    ]


def missing(id: str) -> NotFound:
    """Say that there is no such project."""
    return NotFound(f"Project not found, project_id={id}", param="project_id")


async def _check_bounds(change: Change, row: ProjectRow) -> None:
    """Raise BadRequest for a project that would go beyond its team."""
    team = await teams.by_id(change.db, row.team_id)
    if team is None:
        message = f"There is no team {row.team_id}; make it first, with /team/new"
        raise NotFound(message, param="team_id")
    held = await budget_store.by_ids(change.db, [row.budget_id] if row.budget_id else [])
    check_bounds(row, held.get(row.budget_id or ""), team)


async def _check_move(call: Call, change: Change, project_id: str, team_id: str) -> None:
    call.require("project:update", await targets.of_team(change.db, team_id))
    if await store.count_keys(change.db, project_id):
        message = (
            "The project has keys, which belong to its team; move or delete them before the project moves"
        )
        raise BadRequest(message, type="bad_request_error", param="team_id")
